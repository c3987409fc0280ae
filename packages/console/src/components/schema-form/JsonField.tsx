import { Textarea } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { useTexts } from '../../i18n/texts.ts'
import { schemaFormTexts } from './text.ts'

interface JsonFieldProps {
  readonly label: string
  readonly description?: ReactNode
  readonly error?: ReactNode
  readonly withAsterisk?: boolean
  readonly value: unknown
  /** Told only of what is JSON; an empty field is undefined. */
  readonly onChange: (value: unknown) => void
  readonly minRows?: number
}

/** A value as JSON text. While the text is not JSON it stays as it was typed, and says where it goes wrong. */
export function JsonField({ value, onChange, minRows = 3, error, ...rest }: JsonFieldProps) {
  const t = useTexts(schemaFormTexts)
  const shown = value === undefined ? '' : JSON.stringify(value, null, 2)
  const [typed, setTyped] = useState({ text: shown, means: shown, problem: null as string | null })
  // Changed from outside (the form beside it): that counts.
  const text = typed.means === shown ? typed.text : shown
  const change = (next: string) => {
    try {
      const parsed: unknown = next.trim() === '' ? undefined : JSON.parse(next)
      setTyped({ text: next, means: parsed === undefined ? '' : JSON.stringify(parsed, null, 2), problem: null })
      onChange(parsed)
    } catch (cause) {
      setTyped({ text: next, means: shown, problem: t('notJson', { message: (cause as Error).message }) })
    }
  }
  return (
    <Textarea
      {...rest}
      error={(typed.means === shown ? typed.problem : null) ?? error}
      autosize
      minRows={minRows}
      maxRows={24}
      spellCheck={false}
      styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: '0.75rem' } }}
      value={text}
      onChange={({ currentTarget }) => change(currentTarget.value)}
    />
  )
}
