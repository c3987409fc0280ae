import type { Run } from '@carillon/contract'
import type { RunOrigin, RunState } from '@carillon/core'
import { Button, Group, Text } from '@mantine/core'
import { Link, getRouteApi } from '@tanstack/react-router'
import { useLiveList } from '../../app/live-list.ts'
import { listTopic } from '../../app/live-topics.ts'
import { given, listOf } from '../../app/search.ts'
import { useTenant } from '../../app/session.tsx'
import { useBulk } from '../../components/bulk/use-bulk.tsx'
import type { Column } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import type { Filter } from '../../components/FilterBar.tsx'
import { ListPage } from '../../components/ListPage.tsx'
import { stateTexts } from '../../components/states.ts'
import { TenantLink } from '../../components/TenantLink.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { useRunColumns } from './columns.tsx'
import { runsTexts } from './text.ts'
import { useBulkActions } from './use-bulk-actions.ts'

const route = getRouteApi('/t/$tenant/runs')

const STATES = [
  'PENDING',
  'RUNNING',
  'PAUSED',
  'SUCCESS',
  'FAILED',
  'TIMEOUT',
  'CANCELLED',
  'SKIPPED',
] as const satisfies RunState[]
const ORIGINS = ['SCHEDULE', 'API', 'CONSOLE', 'CLI', 'UPSTREAM', 'WEBHOOK', 'BACKFILL', 'RETRY'] as const satisfies RunOrigin[]

export function RunsPage() {
  const t = useTexts(runsTexts)
  const { code, api } = useTenant()
  const search = route.useSearch()
  const page = (cursor: string | undefined, limit: number, signal?: AbortSignal) =>
    api.runs.list({ query: given({ ...queryOf(search), cursor, limit }) }, given({ signal }))
  const list = useLiveList<Run>(listTopic({ kind: 'runs', tenant: code, query: given({ ...queryOf(search), limit: 50 }) }), {
    queryKey: ['runs', code, search],
    page: (cursor, signal) => page(cursor, 50, signal),
    idOf: ({ id }) => id,
  })
  const bulk = useBulk({ list, nameOf, actions: useBulkActions(given(queryOf(search))), page: (cursor) => page(cursor, 200) })
  const toTasks = (
    <Button variant="default" component={Link} to={`/t/${code}/tasks`}>
      {t('toTasks')}
    </Button>
  )
  return (
    <ListPage
      title={t('title')}
      filters={useFilters()}
      values={search}
      list={list}
      idOf={({ id }) => id}
      columns={useColumns()}
      {...bulk}
      none={
        <EmptyState title={t('none')} command="carillon trigger <task>" action={toTasks}>
          {t('noneHint')}
        </EmptyState>
      }
      noMatch={<EmptyState title={t('noMatch')}>{t('noMatchHint')}</EmptyState>}
    />
  )
}

const nameOf = ({ id, dag, task }: Run): string => `${dag?.code ?? task?.code ?? ''} #${id}`

type Search = ReturnType<typeof route.useSearch>

function queryOf({ state, origin, from, to, task, dag, schedule, param }: Search) {
  return {
    state: listOf<RunState>(state),
    origin: origin as RunOrigin | undefined,
    from: from === undefined ? undefined : Number(from),
    to: to === undefined ? undefined : Number(to),
    task,
    dag,
    schedule,
    // While it is being typed it is no filter yet.
    param: param?.includes('=') ? param : undefined,
  }
}

function useFilters(): readonly Filter[] {
  const t = useTexts(runsTexts)
  const states = useTexts(stateTexts)
  return [
    { key: 'state', label: t('state'), kind: 'many', options: STATES.map((value) => ({ value, label: states(value) })) },
    { key: 'origin', label: t('origin'), kind: 'one', options: ORIGINS.map((value) => ({ value, label: t(value) })), width: 150 },
    { key: 'task', label: t('task'), kind: 'text', width: 150 },
    { key: 'dag', label: t('dag'), kind: 'text', width: 150 },
    { key: 'param', label: t('param'), kind: 'text', width: 170 },
    { key: 'from', label: t('from'), kind: 'time' },
    { key: 'to', label: t('to'), kind: 'time' },
  ]
}

function useColumns(): readonly Column<Run>[] {
  const t = useTexts(runsTexts)
  const { state, origin, created, waited, ran } = useRunColumns()
  const name: Column<Run> = {
    id: 'name',
    header: t('name'),
    cell: (run) => (
      <Group gap={6}>
        <TenantLink to={`runs/${run.id}`}>{(run.kind === 'DAG' ? run.dag?.code : run.task?.code) ?? t('deleted')}</TenantLink>
        <Text size="xs" c="dimmed">
          #{run.id} · {t(run.kind)}
          {run.dag ? ` · ${t('version', { version: run.dag.version })}` : ''}
        </Text>
      </Group>
    ),
  }
  return [name, state, origin, created, waited, ran]
}
