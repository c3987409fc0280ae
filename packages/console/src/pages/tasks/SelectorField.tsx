import { ActionIcon, Button, Fieldset, Group, Select, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { Plus, Trash2 } from 'lucide-react'
import type { FieldProblem } from '@carillon/core'
import { useTexts } from '../../i18n/texts.ts'
import { doubled, RULES, type SelectorRow } from './selector.ts'
import { tasksTexts } from './text.ts'

interface SelectorFieldProps {
  readonly rows: readonly SelectorRow[]
  readonly onChange: (rows: readonly SelectorRow[]) => void
  /** By pointer into the selector. */
  readonly problems: readonly FieldProblem[]
}

/** What labels the executors must have that may take the task. */
export function SelectorField({ rows, onChange, problems }: SelectorFieldProps) {
  const t = useTexts(tasksTexts)
  const twice = doubled(rows.filter(({ label }) => label.trim() !== ''))
  const problemOf = ({ label }: SelectorRow) => problems.find(({ path }) => path.split('/')[1] === label.trim())?.message
  const set = (place: number, change: Partial<SelectorRow>) =>
    onChange(rows.map((row, index) => (index === place ? { ...row, ...change } : row)))
  return (
    <Fieldset legend={t('selector')} style={{ borderColor: 'var(--hairline)' }}>
      <Stack gap="xs">
        <Text size="xs" c="dimmed">
          {t('selectorHint')}
        </Text>
        {rows.map((row, index) => {
          const name = `${t('selectorLabel')} ${index + 1}`
          const values = `${t('selectorValue')} ${index + 1}`
          return (
            // By position: the rows have no other identity.
            // oxlint-disable-next-line react/no-array-index-key
            <Group key={index} align="flex-start" gap="xs">
              <TextInput
                style={{ flex: '1 1 120px' }}
                aria-label={name}
                placeholder={t('selectorLabel')}
                value={row.label}
                error={twice.has(row.label.trim()) ? t('selectorTwice') : problemOf(row)}
                onChange={({ currentTarget }) => set(index, { label: currentTarget.value })}
              />
              <Select
                w={130}
                aria-label={`${t('selectorRule')} ${index + 1}`}
                allowDeselect={false}
                data={RULES.map((rule) => ({ value: rule, label: t(`selector_${rule}`) }))}
                value={row.rule}
                onChange={(rule) => rule !== null && set(index, { rule })}
              />
              <Textarea
                style={{ flex: '1 1 120px' }}
                aria-label={values}
                placeholder={t(row.rule === 'is' ? 'selectorValue' : 'selectorValues')}
                autosize
                minRows={1}
                maxRows={8}
                value={row.values}
                onChange={({ currentTarget }) => set(index, { values: currentTarget.value })}
              />
              <ActionIcon
                variant="subtle"
                color="gray"
                size={32}
                aria-label={t('selectorRemove', { name })}
                onClick={() => onChange(rows.filter((_, place) => place !== index))}
              >
                <Trash2 size={14} aria-hidden />
              </ActionIcon>
            </Group>
          )
        })}
        <Button
          variant="default"
          size="compact-sm"
          leftSection={<Plus size={14} aria-hidden />}
          style={{ alignSelf: 'flex-start' }}
          onClick={() => onChange([...rows, { label: '', rule: 'is', values: '' }])}
        >
          {t('selectorAdd')}
        </Button>
      </Stack>
    </Fieldset>
  )
}
