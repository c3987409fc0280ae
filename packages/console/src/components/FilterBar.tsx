import { Button, Group, MultiSelect, Select, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { X } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTexts } from '../i18n/texts.ts'
import { componentTexts } from './text.ts'

/** One filter: `key` is its name in the address. `flag`: yes or no, `true` or `false` there. */
export type Filter =
  | { readonly key: string; readonly label: string; readonly kind: 'text'; readonly width?: number }
  | {
      readonly key: string
      readonly label: string
      readonly kind: 'one' | 'many'
      readonly options: readonly Option[]
      readonly width?: number
    }
  | { readonly key: string; readonly label: string; readonly kind: 'flag' | 'time'; readonly width?: number }

export interface Option {
  readonly value: string
  readonly label: string
}

export type Filters = Readonly<Record<string, string | undefined>>

interface FilterBarProps {
  readonly filters: readonly Filter[]
  /** The address's search: several values of one filter are separated by commas, instants are milliseconds. */
  readonly values: Filters
  readonly onChange: (changes: Filters) => void
}

/** The filters of a list. What they hold stands in the address alone, so a link shows the same list. */
export function FilterBar({ filters, values, onChange }: FilterBarProps) {
  const change = useRef(onChange)
  change.current = onChange
  // It stands over lists that change all the time, of which it shows nothing.
  const content = JSON.stringify([filters, values])
  return useMemo(
    () => <Fields {...{ filters, values }} onChange={(changes) => change.current(changes)} />,
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- `content` says all of them.
    [content],
  )
}

function Fields({ filters, values, onChange }: FilterBarProps) {
  const t = useTexts(componentTexts)
  const active = filters.filter(({ key }) => values[key] !== undefined)
  return (
    <Group gap="xs" mb="sm" role="search" aria-label={t('filters')} align="flex-end">
      {filters.map((filter) => (
        <Field
          key={filter.key}
          filter={filter}
          value={values[filter.key]}
          onChange={(value) => onChange({ [filter.key]: value })}
        />
      ))}
      {active.length > 0 && (
        <Button
          variant="subtle"
          leftSection={<X size={14} aria-hidden />}
          onClick={() => onChange(Object.fromEntries(active.map(({ key }) => [key, undefined])))}
        >
          {t('clearFilters')}
        </Button>
      )}
    </Group>
  )
}

const FLAGS = [
  ['true', 'yes'],
  ['false', 'no'],
] as const

interface FieldProps {
  readonly filter: Filter
  readonly value: string | undefined
  readonly onChange: (value: string | undefined) => void
}

function Field({ filter, value, onChange }: FieldProps) {
  const t = useTexts(componentTexts)
  const { label, width = 180 } = filter
  if (filter.kind === 'one' || filter.kind === 'flag')
    return (
      <Select
        label={label}
        placeholder={t('any')}
        data={filter.kind === 'one' ? [...filter.options] : FLAGS.map(([value, word]) => ({ value, label: t(word) }))}
        value={value ?? null}
        onChange={(next) => onChange(next ?? undefined)}
        clearable
        clearButtonProps={{ 'aria-label': `${t('clearFilters')}: ${label}` }}
        w={width}
      />
    )
  if (filter.kind === 'many')
    return (
      <MultiSelect
        label={label}
        placeholder={value === undefined ? t('any') : ''}
        data={[...filter.options]}
        value={value?.split(',') ?? []}
        onChange={(next) => onChange(next.length > 0 ? next.join(',') : undefined)}
        clearable
        clearButtonProps={{ 'aria-label': `${t('clearFilters')}: ${label}` }}
        miw={width}
        maw={360}
      />
    )
  if (filter.kind === 'time')
    return (
      <TextInput
        label={label}
        type="datetime-local"
        value={value === undefined ? '' : localText(Number(value))}
        onChange={({ currentTarget }) => {
          const at = new Date(currentTarget.value).getTime()
          onChange(Number.isNaN(at) ? undefined : String(at))
        }}
        w={200}
      />
    )
  return (
    <TextField label={label} value={value ?? ''} onChange={(text) => onChange(text === '' ? undefined : text)} width={width} />
  )
}

/** Looks when typing rests. */
function TextField(props: { label: string; value: string; onChange: (text: string) => void; width: number }) {
  const [text, setText] = useState(props.value)
  useEffect(() => setText(props.value), [props.value])
  const tell = useDebouncedCallback(props.onChange, 300)
  return (
    <TextInput
      label={props.label}
      value={text}
      w={props.width}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value)
        tell(currentTarget.value.trim())
      }}
    />
  )
}

/** What `datetime-local` takes, in the browser's own zone. */
function localText(at: number): string {
  if (!Number.isFinite(at)) return ''
  const date = new Date(at - new Date(at).getTimezoneOffset() * 60_000)
  return date.toISOString().slice(0, 16)
}
