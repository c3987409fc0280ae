import type { ExecutorView } from '@carillon/contract'
import { Anchor, Button, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Link, getRouteApi } from '@tanstack/react-router'
import { useLiveList } from '../../app/live-list.ts'
import { listTopic } from '../../app/live-topics.ts'
import { given } from '../../app/search.ts'
import { useTenant } from '../../app/session.tsx'
import { useSetSearch } from '../../app/set-search.ts'
import { useBulk } from '../../components/bulk/use-bulk.tsx'
import { DataTable, type Column } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { FilterBar, type Filter } from '../../components/FilterBar.tsx'
import { PageHeader } from '../../components/PageHeader.tsx'
import { Relative } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { ExecutorForm } from './ExecutorForm.tsx'
import { ExecutorStatus } from './ExecutorStatus.tsx'
import { Load } from './Load.tsx'
import { executorsTexts } from './text.ts'
import { useBulkActions } from './use-bulk-actions.ts'

const route = getRouteApi('/t/$tenant/executors')

const STATUSES = ['ONLINE', 'OFFLINE', 'MAINTENANCE', 'DRAINING'] as const
const HEALTHS = ['HEALTHY', 'UNHEALTHY', 'UNKNOWN'] as const

/** The filter's value if the API knows it: an address is written by anybody. */
function oneOf<T extends string>(known: readonly T[], text: string | undefined): T | undefined {
  return known.find((each) => each === text)
}

function queryOf({ q, app, status, health }: ReturnType<typeof route.useSearch>) {
  return { q, app, status: oneOf(STATUSES, status), health: oneOf(HEALTHS, health) }
}

export function ExecutorsPage() {
  const t = useTexts(executorsTexts)
  const { code, api, can } = useTenant()
  const search = route.useSearch()
  const setSearch = useSetSearch()
  const navigate = route.useNavigate()
  const [registers, registering] = useDisclosure()
  const page = (cursor: string | undefined, limit: number, signal?: AbortSignal) =>
    api.executors.list({ query: given({ ...queryOf(search), cursor, limit }) }, given({ signal }))
  const list = useLiveList<ExecutorView>(listTopic({ kind: 'executors', tenant: code, query: given(queryOf(search)) }), {
    queryKey: ['executors', code, search],
    page: (cursor, signal) => page(cursor, 50, signal),
    idOf: ({ id }) => id,
  })
  const filtered = Object.values(search).some((value) => value !== undefined)
  const { selection, bulk } = useBulk({
    list,
    nameOf: (executor) => executor.instance,
    actions: useBulkActions(),
    page: (cursor) => page(cursor, 200),
  })
  return (
    <>
      <PageHeader title={t('title')} hint={t('hint')}>
        {can('executor.control') && (
          <Button variant="default" onClick={registering.open}>
            {t('register')}
          </Button>
        )}
      </PageHeader>
      <FilterBar filters={useFilters()} values={search} onChange={setSearch} />
      {bulk}
      <DataTable<ExecutorView>
        label={t('title')}
        list={list}
        idOf={({ id }) => id}
        columns={useColumns()}
        {...(selection ? { selection } : {})}
        empty={filtered ? <EmptyState title={t('noMatch')} /> : <EmptyState title={t('none')}>{t('noneHint')}</EmptyState>}
      />
      {registers && (
        <ExecutorForm
          executor={null}
          onClose={registering.close}
          onDone={({ id }) =>
            void navigate({ to: '/t/$tenant/executors/$executor', params: { tenant: code, executor: String(id) } })
          }
        />
      )}
    </>
  )
}

function useFilters(): readonly Filter[] {
  const t = useTexts(executorsTexts)
  const choices = (values: readonly ((typeof STATUSES)[number] | (typeof HEALTHS)[number])[]) =>
    values.map((value) => ({ value, label: t(value) }))
  return [
    { key: 'q', label: t('search'), kind: 'text', width: 220 },
    { key: 'app', label: t('appFilter'), kind: 'text', width: 160 },
    { key: 'status', label: t('status'), kind: 'one', options: choices(STATUSES), width: 150 },
    { key: 'health', label: t('health'), kind: 'one', options: choices(HEALTHS), width: 150 },
  ]
}

function useColumns(): readonly Column<ExecutorView>[] {
  const t = useTexts(executorsTexts)
  const { code } = useTenant()
  return [
    {
      id: 'name',
      header: t('name'),
      cell: (executor) => (
        <Anchor component={Link} to={`/t/${code}/executors/${executor.id}`} size="sm" className="foreign">
          {executor.instance}
        </Anchor>
      ),
    },
    {
      id: 'status',
      header: t('status'),
      cell: (executor) => (
        <div>
          <ExecutorStatus executor={executor} />
          {executor.statusReason !== null && (
            <Text size="xs" c="dimmed" className="foreign" lineClamp={1} maw={240}>
              {executor.statusReason}
            </Text>
          )}
        </div>
      ),
    },
    {
      id: 'app',
      header: t('app'),
      cell: ({ app }) => (
        <Anchor component={Link} to={`/t/${code}/apps/${app.code}`} size="sm" c="inherit" className="foreign">
          {app.code}
        </Anchor>
      ),
    },
    { id: 'load', header: t('load'), cell: ({ running, capacity }) => <Load running={running} capacity={capacity} /> },
    {
      id: 'handlers',
      header: t('handlers'),
      wide: true,
      cell: ({ handlers }) => (
        <span className="foreign" title={handlers.join('\n')}>
          {handlers.length <= 2 ? handlers.join(', ') : t('handlerCount', { count: handlers.length })}
        </span>
      ),
    },
    { id: 'seen', header: t('seen'), cell: ({ session }) => <Relative at={session?.seenAt} /> },
  ]
}
