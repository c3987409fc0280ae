import type { ExecutorDetail } from '@carillon/contract'
import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTenant } from '../../app/session.tsx'
import { DataTable } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { TenantLink } from '../../components/TenantLink.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { mayTake, serves, workOf } from './served.ts'
import { executorsTexts } from './text.ts'

/** Looked at in one go; beyond them the page says that there are more. */
const TYPES = 20
const TASKS_OF_A_TYPE = 50

/** The tasks that it could be given, by the handlers that it serves and the executors that their routing names. */
export function TasksOf({ executor }: { executor: ExecutorDetail }) {
  const t = useTexts(executorsTexts)
  const { api, code } = useTenant()
  const tasks = useQuery({
    queryKey: ['executors', code, executor.id, 'tasks', executor.handlers],
    queryFn: async ({ signal }) => {
      const found = await api.taskTypes.list({ query: { app: String(executor.app.id), limit: 200 } }, { signal })
      const served = found.items.filter((type) => serves(executor, type))
      const pages = await Promise.all(
        served.slice(0, TYPES).map(async (type) => {
          const page = await api.tasks.list({ query: { type: String(type.id), limit: TASKS_OF_A_TYPE } }, { signal })
          const rows = page.items.filter((task) => mayTake(executor, task)).map((task) => ({ ...task, handler: workOf(type) }))
          return { rows, more: page.nextCursor !== null }
        }),
      )
      const more = found.nextCursor !== null || served.length > TYPES || pages.some((page) => page.more)
      return { rows: pages.flatMap(({ rows }) => rows), more }
    },
  })
  return (
    <>
      <Text c="dimmed" mb="sm">
        {t('tasksHint')}
      </Text>
      <DataTable
        label={t('tasks')}
        list={{
          rows: tasks.data?.rows ?? [],
          pending: tasks.isPending,
          error: tasks.error,
          retry: () => void tasks.refetch(),
        }}
        idOf={({ id }) => id}
        empty={<EmptyState title={t('noTasks')} />}
        columns={[
          {
            id: 'task',
            header: t('task'),
            cell: (task) => <TenantLink to={`tasks/${task.code}`}>{task.code}</TenantLink>,
          },
          {
            id: 'type',
            header: t('taskType'),
            cell: ({ type }) => (
              <TenantLink to={`task-types/${type.code}`} quiet>
                {type.code}
              </TenantLink>
            ),
          },
          { id: 'handler', header: t('handler'), wide: true, cell: ({ handler }) => <span className="foreign">{handler}</span> },
          { id: 'enabled', header: t('enabled'), cell: ({ enabled }) => t(enabled ? 'yes' : 'no') },
        ]}
      />
      {tasks.data?.more && (
        <Text c="dimmed" size="sm" mt="sm">
          {t('moreTasks')}
        </Text>
      )}
    </>
  )
}
