import { Autocomplete, Code, Text } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { useSaid } from '../../../i18n/said.ts'
import { completionsOf } from './completion.ts'
import { useCore } from './core.ts'

interface ExpressionFieldProps {
  readonly label: string
  readonly description?: ReactNode
  readonly value: string
  /** Told when typing is done: on Enter, or when the field is left. */
  readonly onChange: (text: string) => void
  readonly words: readonly string[]
  readonly error?: string | undefined
}

/** An expression (CEL): names are completed while it is typed, and what does not parse is said at once with its place. */
export function ExpressionField({ label, description, value, onChange, words, error }: ExpressionFieldProps) {
  const core = useCore()
  const say = useSaid()
  const [typed, setTyped] = useState<string | null>(null)
  const text = typed ?? value
  const compiled = core === null || text.trim() === '' ? null : core.compileExpression(text)
  const wrong =
    compiled?.kind === 'INVALID'
      ? `${say(compiled.problem.message)} (${compiled.problem.line}:${compiled.problem.column})`
      : undefined
  const completions = completionsOf(text, words)
  const shown = new Map(completions.map((completion) => [completion.text, completion.word]))
  const commit = (next: string) => {
    setTyped(null)
    if (next.trim() !== value) onChange(next.trim())
  }
  return (
    <Autocomplete
      label={label}
      description={description}
      error={wrong ?? error}
      value={text}
      spellCheck={false}
      data={[...shown.keys()]}
      // They fit already; what is typed is the end of an option, not a part of it.
      filter={({ options }) => options}
      renderOption={({ option }) => <Code>{shown.get(option.value) ?? option.value}</Code>}
      onChange={setTyped}
      onBlur={() => typed !== null && commit(typed)}
      onKeyDown={(event) => {
        if (event.key !== 'Enter') return
        // With an option under the cursor Enter takes that.
        const choosing = completions.length > 0 && event.currentTarget.getAttribute('aria-activedescendant')
        if (choosing || typed === null) return
        // In a form it would be sent before it holds what was typed.
        event.preventDefault()
        commit(typed)
      }}
      styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
    />
  )
}

/** What an expression gives for a value: true, false, a text, or why it gives nothing. */
export function Outcome({ children, wrong }: { children: ReactNode; wrong?: boolean }) {
  return (
    <Text size="sm" role="status" c={wrong ? 'var(--state-failed)' : 'inherit'}>
      {children}
    </Text>
  )
}
