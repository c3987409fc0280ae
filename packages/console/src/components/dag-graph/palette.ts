/** The theme's colours, as the canvas needs them: by value. */
export interface Palette {
  readonly page: string
  readonly raised: string
  readonly text: string
  readonly muted: string
  readonly line: string
  readonly accent: string
  readonly failed: string
  readonly font: string
  /** Colour of a tone (`states.ts`) and the background that goes with it. */
  readonly tone: (tone: string) => { readonly ink: string; readonly tint: string }
}

/** Read anew when the theme changes. */
export function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element)
  const value = (name: string) => style.getPropertyValue(name).trim()
  const tones = new Map<string, { ink: string; tint: string }>()
  return {
    page: value('--mantine-color-body'),
    raised: value('--raised'),
    text: value('--mantine-color-text'),
    muted: value('--mantine-color-dimmed'),
    line: value('--mantine-color-default-border'),
    accent: value('--mantine-color-anchor'),
    failed: value('--state-failed'),
    font: style.fontFamily,
    tone(tone) {
      const found = tones.get(tone) ?? { ink: value(`--state-${tone}`), tint: value(`--state-${tone}-tint`) }
      tones.set(tone, found)
      return found
    },
  }
}
