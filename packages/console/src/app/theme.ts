import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core'

/** One accent; every other colour means a state (`app.css`). */
const accent: MantineColorsTuple = [
  '#eef2ff',
  '#dbe4ff',
  '#bac8ff',
  '#8aa4ff',
  '#748ffc',
  '#5c7cfa',
  '#3b5bdb',
  '#3b5bdb',
  '#364fc7',
  '#2b44b8',
]

export const theme = createTheme({
  primaryColor: 'accent',
  // White is read on it in both themes; Mantine chooses a button's colour of text for the light one alone.
  primaryShade: 6,
  autoContrast: true,
  colors: { accent },
  fontFamily: 'ui-sans-serif, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, "Noto Sans Mono CJK SC", monospace',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.25rem' },
  defaultRadius: 'sm',
  radius: { sm: '6px', xs: '4px' },
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '1.25rem', lineHeight: '1.4' },
      h2: { fontSize: '1rem', lineHeight: '1.45' },
      h3: { fontSize: '0.875rem', lineHeight: '1.45' },
    },
  },
  components: {
    Button: { defaultProps: { size: 'sm' } },
    TextInput: { defaultProps: { size: 'sm' } },
    Checkbox: { defaultProps: { radius: 'xs' } },
    // Its header is none of the page's landmarks.
    Modal: {
      defaultProps: { attributes: { header: { role: 'presentation' } }, centered: true, transitionProps: { duration: 0 } },
    },
    Menu: { defaultProps: { transitionProps: { duration: 0 }, shadow: 'md' } },
  },
})

/** Mantine's own variables, by our neutrals. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#ffffff',
    '--mantine-color-text': '#1b1f24',
    '--mantine-color-dimmed': '#57606a',
    '--mantine-color-placeholder': '#676f7a',
    // The outline of controls, at 3:1.
    '--mantine-color-gray-4': '#868e96',
    '--mantine-color-default-border': '#7d8590',
    '--mantine-color-error': '#c2130a',
    '--mantine-color-anchor': '#3350c4',
  },
  dark: {
    '--mantine-color-body': '#0e1116',
    '--mantine-color-text': '#e6eaf0',
    '--mantine-color-dimmed': '#9aa4b2',
    '--mantine-color-placeholder': '#8f99a8',
    '--mantine-color-dark-4': '#6b7684',
    '--mantine-color-dark-5': '#303743',
    '--mantine-color-dark-6': '#161a21',
    '--mantine-color-dark-8': '#1a1f27',
    '--mantine-color-default': '#161a21',
    '--mantine-color-default-hover': '#1e232a',
    '--mantine-color-default-border': '#6b7684',
    '--mantine-color-error': '#ff7b74',
    '--mantine-color-anchor': '#8aa4ff',
  },
})
