import { useQueryClient } from '@tanstack/react-query'
import { useTenant } from '../../app/session.tsx'
import { BulkBar } from '../../components/BulkBar.tsx'
import { useTexts } from '../../i18n/texts.ts'
import type { TaskRow } from './TasksPage.tsx'
import { tasksTexts } from './text.ts'

/** What can be done with the selected tasks. */
export function BulkTasks({ tasks, onDone }: { tasks: readonly TaskRow[]; onDone: () => void }) {
  const t = useTexts(tasksTexts)
  const { api, code } = useTenant()
  const client = useQueryClient()
  return (
    <BulkBar
      selected={tasks.map(({ id, code: name }) => ({ ref: String(id), name }))}
      actions={[
        { action: 'enable', word: t('enable') },
        { action: 'disable', word: t('disable') },
        { action: 'delete', word: t('remove'), danger: true },
      ]}
      send={(action) => api.tasks.bulk({ body: { tasks: tasks.map(({ id }) => String(id)), action } })}
      onDone={async (all) => {
        await client.invalidateQueries({ queryKey: ['tasks', code] })
        if (all) onDone()
      }}
    />
  )
}
