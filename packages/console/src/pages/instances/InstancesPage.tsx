import type { Instance } from '@carillon/contract'
import { INSTANCE_FILTER_STATES } from './states.ts'
import type { InstanceState } from '@carillon/core'
import { Anchor, Button, Group, Text } from '@mantine/core'
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
import { StateBadge } from '../../components/StateBadge.tsx'
import { stateTexts } from '../../components/states.ts'
import { TenantLink } from '../../components/TenantLink.tsx'
import { Duration, Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { stateOf } from '../runs/run-nodes.ts'
import { instancesTexts } from './text.ts'
import { useBulkActions } from './use-bulk-actions.ts'

const route = getRouteApi('/t/$tenant/instances')

/** Task instances across all runs: everything that failed on one executor today. */
export function InstancesPage() {
  const t = useTexts(instancesTexts)
  const { code, api } = useTenant()
  const search = route.useSearch()
  const page = (cursor: string | undefined, limit: number, signal?: AbortSignal) =>
    api.instances.list({ query: given({ ...queryOf(search), cursor, limit }) }, given({ signal }))
  const list = useLiveList<Instance>(
    listTopic({ kind: 'instances', tenant: code, query: given({ ...queryOf(search), limit: 50 }) }),
    {
      queryKey: ['instances', code, search],
      page: (cursor, signal) => page(cursor, 50, signal),
      idOf: ({ id }) => id,
    },
  )
  const bulk = useBulk({ list, nameOf, actions: useBulkActions(given(queryOf(search))), page: (cursor) => page(cursor, 200) })
  const toRuns = (
    <Button variant="default" component={Link} to={`/t/${code}/runs`}>
      {t('toRuns')}
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
        <EmptyState title={t('none')} action={toRuns}>
          {t('noneHint')}
        </EmptyState>
      }
      noMatch={<EmptyState title={t('noMatch')}>{t('noMatchHint')}</EmptyState>}
    />
  )
}

const nameOf = ({ nodeCode, task, id }: Instance): string => `${nodeCode ?? task?.code ?? ''} #${id}`

type Search = ReturnType<typeof route.useSearch>

function queryOf({ state, task, dag, run, executor, from, to }: Search) {
  const number = (text: string | undefined) => (text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined)
  return {
    state: listOf<InstanceState>(state),
    task,
    dag,
    run: number(run),
    executor: number(executor),
    from: number(from),
    to: number(to),
  }
}

function useFilters(): readonly Filter[] {
  const t = useTexts(instancesTexts)
  const states = useTexts(stateTexts)
  return [
    {
      key: 'state',
      label: t('state'),
      kind: 'many',
      options: INSTANCE_FILTER_STATES.map((value) => ({ value, label: states(value) })),
    },
    { key: 'task', label: t('task'), kind: 'text', width: 150 },
    { key: 'dag', label: t('dag'), kind: 'text', width: 150 },
    { key: 'run', label: t('run'), kind: 'text', width: 130 },
    { key: 'executor', label: t('executor'), kind: 'text', width: 140 },
    { key: 'from', label: t('from'), kind: 'time' },
    { key: 'to', label: t('to'), kind: 'time' },
  ]
}

function useColumns(): readonly Column<Instance>[] {
  const t = useTexts(instancesTexts)
  const { code } = useTenant()
  return [
    {
      id: 'name',
      header: t('name'),
      cell: (row) => (
        <Group gap={6}>
          <Anchor
            component={Link}
            to={`/t/${code}/runs/${row.runId}`}
            search={{ node: String(row.id) } as never}
            size="sm"
            className="foreign"
          >
            {row.nodeCode ?? row.task?.code ?? `#${row.id}`}
          </Anchor>
          <Text size="xs" c="dimmed" className="foreign">
            {row.nodeCode !== null && row.task?.code != null && row.task.code !== row.nodeCode ? `${row.task.code} · ` : ''}#
            {row.runId}
            {row.shardTotal > 1 && ` · ${t('element', { number: row.shardIndex + 1, total: row.shardTotal })}`}
          </Text>
        </Group>
      ),
    },
    { id: 'state', header: t('state'), width: '120px', cell: (row) => <StateBadge state={stateOf(row)} /> },
    { id: 'attempt', header: t('attempt'), wide: true, align: 'right', cell: ({ attempt }) => attempt },
    {
      id: 'executor',
      header: t('onExecutor'),
      wide: true,
      cell: ({ executor }) =>
        executor === null ? (
          '–'
        ) : (
          <TenantLink to={`executors/${executor.id}`}>{executor.instance ?? `#${executor.id}`}</TenantLink>
        ),
    },
    { id: 'created', header: t('created'), cell: (row) => <Time at={row.createdAt} /> },
    {
      id: 'waited',
      header: t('waited'),
      align: 'right',
      wide: true,
      cell: (row) => <Duration from={row.createdAt} to={row.startedAt ?? row.endedAt} />,
    },
    { id: 'ran', header: t('ran'), align: 'right', cell: (row) => <Duration from={row.startedAt} to={row.endedAt} /> },
  ]
}
