import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTenant } from '../../app/session.tsx'
import { useTexts } from '../../i18n/texts.ts'
import type { RunInstance } from './run-nodes.ts'
import { runTexts } from './run-text.ts'

/** Looked at in one go: a warning is worth no more calls. */
const TASKS = 20

/** Below the question whether to stop something: executors of xxl-job know no runs, so that more than it may die. */
export function StopsAll({ instances }: { instances: readonly Pick<RunInstance, 'task' | 'endedAt'>[] }) {
  const t = useTexts(runTexts)
  const { api, code } = useTenant()
  const open = instances.flatMap(({ task, endedAt }) => (task === null || endedAt !== null ? [] : [task.id]))
  const tasks = [...new Set(open)].slice(0, TASKS)
  const kinds = useQuery({
    queryKey: ['tasks', code, 'kinds', tasks],
    enabled: tasks.length > 0,
    // One that was deleted meanwhile has no kind to tell.
    queryFn: async ({ signal }) => {
      const found = await Promise.allSettled(tasks.map((task) => api.tasks.get({ params: { task } }, { signal })))
      return found.map((each) => (each.status === 'fulfilled' ? each.value.type.kind : null))
    },
  })
  if (!kinds.data?.includes('xxl-job')) return null
  return (
    <Text size="sm" mt="xs">
      {t('xxlJobStopHint')}
    </Text>
  )
}
