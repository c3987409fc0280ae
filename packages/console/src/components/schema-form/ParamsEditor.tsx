import { SegmentedControl, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import type { FieldProblem } from '@carillon/core'
import { useTexts } from '../../i18n/texts.ts'
import { JsonField } from './JsonField.tsx'
import { fieldOf, type Schema } from './schema.ts'
import { SchemaForm, type SchemaFormProps } from './SchemaForm.tsx'
import { schemaFormTexts } from './text.ts'

interface ParamsEditorProps extends Pick<SchemaFormProps, 'labelOf' | 'hintOf' | 'wordOf'> {
  readonly label: string
  /** null: any object. */
  readonly schema: Schema | null
  readonly value: unknown
  readonly onChange: (value: unknown) => void
  /** From the server or the check, by pointer into the value. */
  readonly problems: readonly FieldProblem[]
}

/** Parameters as a form and as JSON; both show the same value at any time. */
export function ParamsEditor({ label, schema, value, onChange, problems, ...said }: ParamsEditorProps) {
  const t = useTexts(schemaFormTexts)
  const hasForm = schema !== null && fieldOf(schema).kind === 'object'
  const [view, setView] = useState<string>(hasForm ? 'form' : 'json')
  const problemOf = (pointer: string) => problems.find(({ path }) => path === pointer)?.message
  return (
    <Stack gap="xs">
      {hasForm ? (
        <SegmentedControl
          size="xs"
          aria-label={label}
          style={{ alignSelf: 'flex-start' }}
          data={[
            { value: 'form', label: t('form') },
            { value: 'json', label: t('json') },
          ]}
          value={view}
          onChange={setView}
        />
      ) : (
        <Text size="xs" c="dimmed">
          {t('noSchema')}
        </Text>
      )}
      {problems.length > 0 && (
        <Text size="xs" role="alert" c="var(--state-failed)">
          {t('problems', { count: problems.length })}
        </Text>
      )}
      {hasForm && view === 'form' ? (
        <SchemaForm schema={schema} value={value} onChange={onChange} problemOf={problemOf} {...said} />
      ) : (
        <JsonField
          label={label}
          minRows={8}
          value={value}
          onChange={(next) => onChange(next ?? {})}
          error={problems.map(({ path, message }) => `${path || '/'}: ${message}`).join('\n') || undefined}
        />
      )}
    </Stack>
  )
}
