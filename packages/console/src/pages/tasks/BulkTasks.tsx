import { Button, Group, List, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { say } from '../../app/Notice.tsx'
import { useTenant } from '../../app/session.tsx'
import { ConfirmDialog } from '../../components/ConfirmDialog.tsx'
import { useTexts } from '../../i18n/texts.ts'
import type { TaskRow } from './TasksPage.tsx'
import { tasksTexts } from './text.ts'

const ACTIONS = [
  { action: 'enable', word: 'enable' },
  { action: 'disable', word: 'disable' },
  { action: 'delete', word: 'remove' },
] as const
type Action = (typeof ACTIONS)[number]

/** What can be done with the selected tasks; each is answered by itself. */
export function BulkTasks({ tasks, onDone }: { tasks: readonly TaskRow[]; onDone: () => void }) {
  const t = useTexts(tasksTexts)
  const { api, code } = useTenant()
  const client = useQueryClient()
  const [asked, ask] = useState<Action | null>(null)
  const [refusals, setRefusals] = useState<readonly string[]>([])
  const run = async ({ action }: Action) => {
    const { items } = await api.tasks.bulk({ body: { tasks: tasks.map(({ id }) => String(id)), action } })
    const refused = items.filter(({ ok }) => !ok)
    say(t('bulkDone', { done: items.length - refused.length, refused: refused.length }))
    setRefusals(refused.map((item) => `${nameOf(tasks, item.ref)}: ${item.detail ?? item.code ?? ''}`))
    await client.invalidateQueries({ queryKey: ['tasks', code] })
    if (refused.length === 0) onDone()
  }
  return (
    <>
      <Group mb="sm" role="group" aria-label={t('selected', { count: tasks.length })}>
        <Text fw={600} role="status">
          {t('selected', { count: tasks.length })}
        </Text>
        {ACTIONS.map((each) => (
          <Button key={each.action} size="compact-sm" variant="default" onClick={() => ask(each)}>
            {t(each.word)}
          </Button>
        ))}
      </Group>
      {refusals.length > 0 && (
        <List size="sm" mb="sm" role="alert" c="var(--state-failed)">
          {refusals.map((line) => (
            <List.Item key={line} className="foreign">
              {line}
            </List.Item>
          ))}
        </List>
      )}
      <ConfirmDialog
        opened={asked !== null}
        onClose={() => ask(null)}
        title={asked === null ? '' : t('bulkTitle', { count: tasks.length, action: t(asked.word) })}
        confirm={asked === null ? '' : t(asked.word)}
        danger={asked?.action === 'delete'}
        onConfirm={() => run(asked!)}
      >
        <Text>{t('bulkHint')}</Text>
        <List size="sm" mah={200} style={{ overflowY: 'auto' }}>
          {tasks.map(({ id, code: name }) => (
            <List.Item key={id} className="foreign">
              {name}
            </List.Item>
          ))}
        </List>
      </ConfirmDialog>
    </>
  )
}

function nameOf(tasks: readonly TaskRow[], ref: string | number): string {
  return tasks.find(({ id, code }) => String(id) === String(ref) || code === ref)?.code ?? String(ref)
}
