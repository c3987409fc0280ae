import type { Client } from '@carillon/contract'
import { Button, Group, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Link, getRouteApi } from '@tanstack/react-router'
import { Play } from 'lucide-react'
import { useLiveList } from '../../app/live-list.ts'
import { flagOf, given, labelFilterOf } from '../../app/search.ts'
import { useTenant } from '../../app/session.tsx'
import { useSetSearch } from '../../app/set-search.ts'
import { useBulk } from '../../components/bulk/use-bulk.tsx'
import type { Column } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import type { Filter } from '../../components/FilterBar.tsx'
import { ListPage } from '../../components/ListPage.tsx'
import { StateBadge } from '../../components/StateBadge.tsx'
import { TenantLink } from '../../components/TenantLink.tsx'
import { Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { TaskForm } from './TaskForm.tsx'
import { tasksTexts } from './text.ts'
import { TriggerDialog } from './TriggerDialog.tsx'
import { useBulkActions } from './use-bulk-actions.ts'

const route = getRouteApi('/t/$tenant/tasks')

export type TaskRow = Awaited<ReturnType<Client['tasks']['list']>>['items'][number]

export function TasksPage() {
  const t = useTexts(tasksTexts)
  const { code, api, can } = useTenant()
  const { run: running, ...search } = route.useSearch()
  const setSearch = useSetSearch()
  const navigate = route.useNavigate()
  const [creating, dialog] = useDisclosure()
  const { q, type, owner, enabled, label } = search
  const page = (cursor: string | undefined, limit: number, signal?: AbortSignal) => {
    const filters = { q, type, owner, enabled: flagOf(enabled), label: labelFilterOf(label) }
    return api.tasks.list({ query: given({ ...filters, cursor, limit }) }, given({ signal }))
  }
  const list = useLiveList<TaskRow>(null, {
    queryKey: ['tasks', code, search],
    page: (cursor, signal) => page(cursor, 50, signal),
    idOf: ({ id }) => id,
  })
  const bulk = useBulk({ list, nameOf: (task) => task.code, actions: useBulkActions(), page: (cursor) => page(cursor, 200) })
  const create = can('definition.write') && <Button onClick={dialog.open}>{t('create')}</Button>
  return (
    <ListPage
      title={t('title')}
      action={create}
      filters={useFilters()}
      values={search}
      list={list}
      idOf={({ id }) => id}
      columns={useColumns((run) => setSearch({ run }, 'push'))}
      {...bulk}
      none={
        <EmptyState title={t('none')} action={create}>
          {t('noneHint')}
        </EmptyState>
      }
      noMatch={<EmptyState title={t('noMatch')} />}
    >
      {creating && (
        <TaskForm
          task={null}
          onClose={dialog.close}
          onDone={(task) => void navigate({ to: '/t/$tenant/tasks/$task', params: { tenant: code, task: task.code } })}
        />
      )}
      {running !== undefined && <TriggerDialog task={running} onClose={() => setSearch({ run: undefined })} />}
    </ListPage>
  )
}

function useFilters(): readonly Filter[] {
  const t = useTexts(tasksTexts)
  return [
    { key: 'q', label: t('search'), kind: 'text', width: 220 },
    { key: 'type', label: t('type'), kind: 'text', width: 160 },
    { key: 'owner', label: t('owner'), kind: 'text', width: 140 },
    { key: 'label', label: t('labelFilter'), kind: 'text', width: 160 },
    { key: 'enabled', label: t('enabled'), kind: 'flag', width: 120 },
  ]
}

function useColumns(onRun: (task: string) => void): readonly Column<TaskRow>[] {
  const t = useTexts(tasksTexts)
  const { code, can } = useTenant()
  const name: Column<TaskRow> = {
    id: 'code',
    header: t('code'),
    cell: (task) => (
      <div>
        <Group gap={6}>
          <TenantLink to={`tasks/${task.code}`}>{task.code}</TenantLink>
          {!task.enabled && (
            <Text size="xs" c="var(--state-blocked)">
              {t('disabled')}
            </Text>
          )}
        </Group>
        <Text size="xs" c="dimmed" className="foreign">
          {task.name}
        </Text>
      </div>
    ),
  }
  const rest: readonly Column<TaskRow>[] = [
    {
      id: 'type',
      header: t('type'),
      wide: true,
      cell: ({ type }) => (
        <TenantLink to={`task-types/${type.code}`} quiet>
          {type.code}
        </TenantLink>
      ),
    },
    { id: 'owner', header: t('owner'), wide: true, cell: ({ owner }) => <span className="foreign">{owner}</span> },
    {
      id: 'lastRun',
      header: t('lastRun'),
      cell: ({ lastRun }) =>
        lastRun === null ? (
          <Text size="sm" c="dimmed">
            {t('never')}
          </Text>
        ) : (
          <Link to="/t/$tenant/runs/$run" params={{ tenant: code, run: String(lastRun.id) }} title={`#${lastRun.id}`}>
            <StateBadge state={lastRun.state} />
          </Link>
        ),
    },
    { id: 'nextFire', header: t('nextFire'), cell: ({ nextFireAt }) => <Time at={nextFireAt} /> },
  ]
  const run: Column<TaskRow> = {
    id: 'run',
    header: t('run'),
    width: '90px',
    cell: (task) => (
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<Play size={12} aria-hidden />}
        aria-label={t('runTitle', { code: task.code })}
        onClick={() => onRun(task.code)}
      >
        {t('run')}
      </Button>
    ),
  }
  return [name, ...rest, ...(can('run.trigger') ? [run] : [])]
}
