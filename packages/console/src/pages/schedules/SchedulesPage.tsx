import type { ScheduleView } from '@carillon/contract'
import { Button, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { getRouteApi } from '@tanstack/react-router'
import { useLiveList } from '../../app/live-list.ts'
import { listTopic } from '../../app/live-topics.ts'
import { flagOf, given, labelFilterOf } from '../../app/search.ts'
import { useTenant } from '../../app/session.tsx'
import { useSetSearch } from '../../app/set-search.ts'
import { useBulk } from '../../components/bulk/use-bulk.tsx'
import { DataTable, type Column } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { FilterBar, type Filter } from '../../components/FilterBar.tsx'
import { PageHeader } from '../../components/PageHeader.tsx'
import { PageTabs } from '../../components/PageTabs.tsx'
import { TenantLink } from '../../components/TenantLink.tsx'
import { Relative, Time } from '../../components/Time.tsx'
import { TwoLines } from '../../components/TwoLines.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { CalendarView } from './CalendarView.tsx'
import { LoadMap } from './LoadMap.tsx'
import { ScheduleForm } from './ScheduleForm.tsx'
import { ScheduleState } from './ScheduleState.tsx'
import { Target } from './Target.tsx'
import { schedulesTexts } from './text.ts'
import { Timing, zoneOf } from './Timing.tsx'
import { useBulkActions } from './use-bulk-actions.ts'

const route = getRouteApi('/t/$tenant/schedules')

export function SchedulesPage() {
  const t = useTexts(schedulesTexts)
  const { code, can } = useTenant()
  const navigate = route.useNavigate()
  const [creating, dialog] = useDisclosure()
  return (
    <>
      <PageHeader title={t('title')}>
        {can('definition.write') && <Button onClick={dialog.open}>{t('create')}</Button>}
      </PageHeader>
      <PageTabs
        label={t('title')}
        tabs={[
          { value: 'list', label: t('list'), content: <Schedules onCreate={dialog.open} /> },
          { value: 'calendar', label: t('calendar'), content: <CalendarView /> },
          { value: 'load', label: t('load'), content: <LoadMap /> },
        ]}
      />
      {creating && (
        <ScheduleForm
          schedule={null}
          onClose={dialog.close}
          onDone={(schedule) =>
            void navigate({ to: '/t/$tenant/schedules/$schedule', params: { tenant: code, schedule: schedule.code } })
          }
        />
      )}
    </>
  )
}

function Schedules({ onCreate }: { onCreate: () => void }) {
  const t = useTexts(schedulesTexts)
  const { code, api, can } = useTenant()
  const { q, task, paused, label } = route.useSearch()
  const values = { q, task, paused, label }
  const setSearch = useSetSearch()
  const page = (cursor: string | undefined, limit: number, signal?: AbortSignal) =>
    api.schedules.list({ query: given({ ...queryOf(values), cursor, limit }) }, given({ signal }))
  const list = useLiveList<ScheduleView>(listTopic({ kind: 'schedules', tenant: code, query: given(queryOf(values)) }), {
    queryKey: ['schedules', code, values],
    page: (cursor, signal) => page(cursor, 50, signal),
    idOf: ({ id }) => id,
  })
  const filtered = Object.values(values).some((value) => value !== undefined)
  const { selection, bulk } = useBulk({
    list,
    nameOf: (schedule) => schedule.code,
    actions: useBulkActions(),
    page: (cursor) => page(cursor, 200),
  })
  return (
    <>
      <FilterBar filters={useFilters()} values={values} onChange={setSearch} />
      {bulk}
      <DataTable<ScheduleView>
        label={t('title')}
        list={list}
        idOf={({ id }) => id}
        columns={useColumns()}
        {...(selection ? { selection } : {})}
        empty={
          filtered ? (
            <EmptyState title={t('noMatch')} />
          ) : (
            <EmptyState title={t('none')} action={can('definition.write') && <Button onClick={onCreate}>{t('create')}</Button>}>
              {t('noneHint')}
            </EmptyState>
          )
        }
      />
    </>
  )
}

function queryOf({ q, task, paused, label }: Pick<ReturnType<typeof route.useSearch>, 'q' | 'task' | 'paused' | 'label'>) {
  return {
    q,
    task,
    paused: flagOf(paused),
    label: labelFilterOf(label),
  }
}

function useFilters(): readonly Filter[] {
  const t = useTexts(schedulesTexts)
  return [
    { key: 'q', label: t('search'), kind: 'text', width: 220 },
    { key: 'task', label: t('taskFilter'), kind: 'text', width: 180 },
    { key: 'label', label: t('labelFilter'), kind: 'text', width: 160 },
    {
      key: 'paused',
      label: t('state'),
      kind: 'one',
      options: [
        { value: 'false', label: t('activeOnly') },
        { value: 'true', label: t('pausedOnly') },
      ],
      width: 150,
    },
  ]
}

function useColumns(): readonly Column<ScheduleView>[] {
  const t = useTexts(schedulesTexts)
  return [
    {
      id: 'code',
      header: t('code'),
      cell: (schedule) => (
        <TwoLines under={schedule.name}>
          <TenantLink to={`schedules/${schedule.code}`}>{schedule.code}</TenantLink>
        </TwoLines>
      ),
    },
    { id: 'target', header: t('target'), cell: (schedule) => <Target schedule={schedule} /> },
    { id: 'timing', header: t('timing'), cell: ({ timing }) => <Timing timing={timing} /> },
    { id: 'state', header: t('state'), cell: (schedule) => <ScheduleState schedule={schedule} /> },
    {
      id: 'next',
      header: t('nextFire'),
      cell: ({ nextFireAt, timing }) => (
        <div>
          <Time at={nextFireAt} zone={zoneOf(timing)} />
          {nextFireAt !== null && (
            <Text size="xs" c="dimmed">
              <Relative at={nextFireAt} />
            </Text>
          )}
        </div>
      ),
    },
    { id: 'last', header: t('lastFire'), wide: true, cell: ({ lastFireAt }) => <Relative at={lastFireAt} /> },
  ]
}
