import type { Overview } from '@carillon/contract'
import { Anchor, Group, SegmentedControl, SimpleGrid, Stack, Text } from '@mantine/core'
import { Link, getRouteApi } from '@tanstack/react-router'
import { overviewTopic } from '../../app/live-topics.ts'
import { useLive } from '../../app/live.ts'
import { useTenant } from '../../app/session.tsx'
import { useSetSearch } from '../../app/set-search.ts'
import { DataTable, Loading, type Column } from '../../components/DataTable.tsx'
import { ErrorPanel } from '../../components/ErrorPanel.tsx'
import { durationText } from '../../components/moments.ts'
import { PageHeader } from '../../components/PageHeader.tsx'
import { Panel } from '../../components/Panel.tsx'
import { StateBadge } from '../../components/StateBadge.tsx'
import { Relative, Time } from '../../components/Time.tsx'
import { Tile, useEstimate } from '../../components/Tile.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { GetStarted } from './GetStarted.tsx'
import { Throughput } from './Throughput.tsx'
import { overviewTexts } from './text.ts'

const route = getRouteApi('/t/$tenant/')

const RANGES = { '1h': 3_600_000, '24h': 86_400_000, '7d': 7 * 86_400_000 } as const
type Range = keyof typeof RANGES

/** In steps, so that everybody who looks at the same range sees the same view. */
function sinceOf(range: Range, now: number): number {
  const step = RANGES[range] / 60
  return Math.floor(now / step) * step - RANGES[range]
}

/** Is anything wrong, what is running, what comes next. */
export function OverviewPage() {
  const t = useTexts(overviewTexts)
  const { api, code } = useTenant()
  const { range: asked } = route.useSearch()
  const setSearch = useSetSearch()
  const range: Range = asked !== undefined && Object.hasOwn(RANGES, asked) ? (asked as Range) : '24h'
  const since = sinceOf(range, Date.now())
  const overview = useLive(overviewTopic(code, since), {
    queryKey: ['overview', code, range],
    queryFn: ({ signal }) => api.overview.get({ query: { since } }, { signal }),
  })
  const { data } = overview
  return (
    <>
      <PageHeader title={t('title')}>
        <Text size="sm" c="dimmed">
          {t('range')}
        </Text>
        <SegmentedControl
          size="xs"
          aria-label={t('range')}
          data={(Object.keys(RANGES) as Range[]).map((value) => ({ value, label: t(value) }))}
          value={range}
          onChange={(next) => setSearch({ range: next === '24h' ? undefined : next })}
        />
      </PageHeader>
      {data !== undefined ? (
        <Panels overview={data} since={data.outcomes.since} />
      ) : overview.error !== null ? (
        <ErrorPanel error={overview.error} retry={() => void overview.refetch()} />
      ) : (
        <Loading />
      )}
    </>
  )
}

function Panels({ overview, since }: { overview: Overview; since: number }) {
  const t = useTexts(overviewTexts)
  return (
    <Stack gap="lg">
      <GetStarted overview={overview} />
      <Tiles overview={overview} />
      <Panel title={t('needsYou')}>
        <Failing overview={overview} since={since} />
      </Panel>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        <Panel title={t('throughput')}>
          <Throughput throughput={overview.throughput} />
        </Panel>
        <Panel title={t('outcomes')}>
          <Outcomes overview={overview} />
        </Panel>
      </SimpleGrid>
      <Panel title={t('next')}>
        <Next overview={overview} />
      </Panel>
    </Stack>
  )
}

function Tiles({ overview }: { overview: Overview }) {
  const t = useTexts(overviewTexts)
  const { code } = useTenant()
  const { executors, running, pending, lateness, at } = overview
  const age = (since: number | null) => (since === null ? undefined : t('oldest', { duration: durationText(at - since) }))
  const late = ({ p50, p95 }: { p50: number | null; p95: number | null }) => ({
    value: p95 === null ? '–' : durationText(p95),
    note: p50 === null ? t('noneLately') : t('lately', { p50: durationText(p50) }),
  })
  const number = useEstimate()
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }} spacing="sm">
      <Tile label={t('running')} value={number(running)} to={`/t/${code}/runs?state=RUNNING`} />
      <Tile
        label={t('waiting')}
        value={number(pending)}
        note={age(pending.oldestAt) ?? t('nothingWaits')}
        to={`/t/${code}/runs?state=PENDING`}
      />
      <Tile
        label={t('overdue')}
        value={number(lateness.overdue)}
        note={age(lateness.overdue.oldestAt) ?? t('onTime')}
        alarming={lateness.overdue.count > 0}
        to={`/t/${code}/schedules`}
      />
      <Tile
        label={t('executors')}
        value={String(executors.inService)}
        note={[
          t('ofExecutors', { total: executors.total, capacity: executors.capacity }),
          executors.unhealthy > 0 ? t('unhealthy', { count: executors.unhealthy }) : '',
        ]
          .filter((part) => part !== '')
          .join(' · ')}
        alarming={executors.unhealthy > 0 || (executors.total > 0 && executors.inService === 0)}
        to={`/t/${code}/executors`}
      />
      <Tile label={t('lateness')} {...late(lateness.fireMs)} />
      <Tile label={t('startWait')} {...late(lateness.startMs)} />
    </SimpleGrid>
  )
}

type Target = Pick<Overview['failing'][number], 'task' | 'dag'>

function useNameOf(): (target: Target) => string {
  const t = useTexts(overviewTexts)
  return ({ task, dag }) => dag?.code ?? task?.code ?? t('deleted')
}

function TargetLink({ target }: { target: Target }) {
  const { code } = useTenant()
  const name = useNameOf()(target)
  const own = target.dag?.code ?? target.task?.code
  if (own === null || own === undefined) return name
  return (
    <Anchor component={Link} to={`/t/${code}/${target.dag === null ? 'tasks' : 'dags'}/${own}`} size="sm" className="foreign">
      {name}
    </Anchor>
  )
}

type Failure = Overview['failing'][number]

function Failing({ overview, since }: { overview: Overview; since: number }) {
  const t = useTexts(overviewTexts)
  const { code } = useTenant()
  const nameOf = useNameOf()
  const columns: readonly Column<Failure>[] = [
    { id: 'target', header: t('target'), cell: (failure) => <TargetLink target={failure} /> },
    {
      id: 'error',
      header: t('error'),
      cell: (failure) => (
        <div>
          <code className="foreign">{failure.code}</code>
          {failure.message !== null && (
            <Text size="xs" c="dimmed" className="foreign" lineClamp={2}>
              {failure.message}
            </Text>
          )}
        </div>
      ),
    },
    {
      id: 'count',
      header: t('count'),
      align: 'right',
      cell: (failure) => (
        <Anchor
          component={Link}
          to={`/t/${code}/runs?${failure.dag === null ? `task=${failure.task?.id}` : `dag=${failure.dag.id}`}&state=FAILED,TIMEOUT&from=${since}`}
          size="sm"
          aria-label={`${t('allOf', { name: nameOf(failure) })}: ${failure.count}`}
        >
          {failure.count}
        </Anchor>
      ),
    },
    { id: 'lastAt', header: t('lastAt'), cell: (failure) => <Relative at={failure.lastAt} /> },
    { id: 'firstAt', header: t('firstAt'), wide: true, cell: (failure) => <Relative at={failure.firstAt} /> },
    {
      id: 'newest',
      header: t('newest'),
      cell: (failure) => (
        <Anchor
          component={Link}
          to={`/t/${code}/runs/${failure.newestRun}`}
          size="sm"
          aria-label={t('openNewest', { id: failure.newestRun })}
        >
          #{failure.newestRun}
        </Anchor>
      ),
    },
  ]
  return (
    <DataTable<Failure>
      label={t('needsYou')}
      list={settled(overview.failing)}
      idOf={({ task, dag, code: error }) => `${dag?.id ?? ''} ${task?.id ?? ''} ${error}`}
      columns={columns}
      empty={<Text c="dimmed">{t('allQuiet')}</Text>}
    />
  )
}

/** Rows that are all there already. */
function settled<T>(rows: readonly T[]) {
  return { rows, pending: false, error: null, retry: () => undefined }
}

function Outcomes({ overview }: { overview: Overview }) {
  const t = useTexts(overviewTexts)
  const { code } = useTenant()
  const number = useEstimate()
  const { states, since } = overview.outcomes
  const some = states.filter(({ count }) => count > 0)
  if (some.length === 0) return <Text c="dimmed">{t('noOutcomes')}</Text>
  return (
    <Stack gap={6}>
      {some.map(({ state, count, more }) => (
        <Group key={state} gap="sm">
          <StateBadge state={state} />
          <Anchor component={Link} to={`/t/${code}/runs?state=${state}&from=${since}`} size="sm">
            {number({ count, more })}
          </Anchor>
        </Group>
      ))}
    </Stack>
  )
}

type Fire = Overview['next'][number]

function Next({ overview }: { overview: Overview }) {
  const t = useTexts(overviewTexts)
  const { code } = useTenant()
  return (
    <DataTable<Fire>
      label={t('next')}
      list={settled(overview.next)}
      idOf={({ schedule }) => schedule.id}
      empty={<Text c="dimmed">{t('noNext')}</Text>}
      columns={[
        {
          id: 'schedule',
          header: t('schedule'),
          cell: ({ schedule }) => (
            <Anchor component={Link} to={`/t/${code}/schedules/${schedule.code}`} size="sm" className="foreign">
              {schedule.code}
            </Anchor>
          ),
        },
        { id: 'target', header: t('target'), cell: (fire) => <TargetLink target={fire} /> },
        {
          id: 'fireAt',
          header: t('fireAt'),
          cell: ({ fireAt }) => (
            <Group gap="xs">
              <Time at={fireAt} />
              <Text size="xs" c="dimmed">
                <Relative at={fireAt} />
              </Text>
            </Group>
          ),
        },
      ]}
    />
  )
}
