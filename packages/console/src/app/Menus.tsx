import { ActionIcon, Menu, useMantineColorScheme, type MantineColorScheme } from '@mantine/core'
import { Check, Globe, Languages, Moon, Sun, SunMoon } from 'lucide-react'
import type { ReactNode } from 'react'
import { zoneName } from '../components/moments.ts'
import { LANGUAGES, setLanguage, useLanguage, useTexts, type Language } from '../i18n/texts.ts'
import { shellTexts } from './text.ts'
import { useZoneChoices } from './zone-choices.ts'

interface ChoiceMenuProps<T extends string> {
  readonly label: string
  readonly icon: ReactNode
  readonly choices: readonly { readonly value: T; readonly label: string; readonly lang?: string }[]
  readonly value: T
  readonly onChange: (value: T) => void
}

function ChoiceMenu<T extends string>({ label, icon, choices, value, onChange }: ChoiceMenuProps<T>) {
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={32} aria-label={label} title={label}>
          {icon}
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown aria-label={label}>
        {choices.map((choice) => (
          <Menu.Item
            key={choice.value}

            aria-current={choice.value === value || undefined}
            lang={choice.lang}
            rightSection={choice.value === value ? <Check size={14} aria-hidden /> : undefined}
            onClick={() => onChange(choice.value)}
          >
            {choice.label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

export function LanguageMenu() {
  const t = useTexts(shellTexts)
  const language = useLanguage()
  const choices = Object.entries(LANGUAGES).map(([value, label]) => {
    return { value: value as Language, label, lang: value === 'zh' ? 'zh-CN' : value }
  })
  return (
    <ChoiceMenu
      label={t('language')}
      icon={<Languages size={16} aria-hidden />}
      choices={choices}
      value={language}
      onChange={setLanguage}
    />
  )
}

const THEME_ICONS = { light: Sun, dark: Moon, auto: SunMoon } as const

export function ThemeMenu() {
  const t = useTexts(shellTexts)
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const Icon = THEME_ICONS[colorScheme]
  const choices = (['light', 'dark', 'auto'] as const).map((value) => ({ value, label: t(value) }))
  return (
    <ChoiceMenu<MantineColorScheme>
      label={t('theme')}
      icon={<Icon size={16} aria-hidden />}
      choices={choices}
      value={colorScheme}
      onChange={setColorScheme}
    />
  )
}

export function ZoneMenu() {
  const { label, zone, choices, choose } = useZoneChoices()
  return (
    <ChoiceMenu
      label={`${label}: ${zoneName(zone)}`}
      icon={<Globe size={16} aria-hidden />}
      choices={choices}
      value={zone}
      onChange={choose}
    />
  )
}
