import { Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTenant } from '../../../app/session.tsx'

interface RefSelectProps {
  readonly kind: 'task' | 'dag'
  readonly label: string
  readonly description?: string
  readonly value: string | null
  readonly onChange: (code: string) => void
  readonly error?: string | undefined
  readonly autoFocus?: boolean
}

const MOST = 50

/** A task or a DAG of the tenant by its code, found while typing. */
export function RefSelect({ kind, label, description, value, onChange, error, autoFocus }: RefSelectProps) {
  const { api, code: tenant } = useTenant()
  const [typed, setTyped] = useState('')
  const [sought] = useDebouncedValue(typed, 200)
  // What is chosen stands in the field as well, and seeks nothing.
  const q = sought === value ? '' : sought.trim()
  const found = useQuery({
    queryKey: [kind === 'task' ? 'tasks' : 'dags', tenant, 'pick', q],
    queryFn: async (): Promise<readonly string[]> => {
      const query = { limit: MOST, ...(q === '' ? {} : { q }) }
      const { items } = kind === 'task' ? await api.tasks.list({ query }) : await api.dags.list({ query })
      return items.map(({ code }) => code)
    },
    placeholderData: (before) => before,
  })
  const codes = new Set([...(value === null ? [] : [value]), ...(found.data ?? [])])
  return (
    <Select
      label={label}
      description={description}
      error={error}
      searchable
      data={[...codes]}
      value={value}
      onChange={(next) => next !== null && onChange(next)}
      onSearchChange={setTyped}
      selectFirstOptionOnChange
      allowDeselect={false}
      data-autofocus={autoFocus || undefined}
      className="foreign"
    />
  )
}
