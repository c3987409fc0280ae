import type { ScheduleLoad } from '@carillon/contract'
import { Anchor, Group, Select, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, getRouteApi } from '@tanstack/react-router'
import { usePreferences } from '../../app/preferences.ts'
import { useTenant } from '../../app/session.tsx'
import { useSetSearch } from '../../app/set-search.ts'
import { Loading } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { ErrorPanel } from '../../components/ErrorPanel.tsx'
import { momentText, zoneName } from '../../components/moments.ts'
import { Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { loadRows, shade } from './load-grid.ts'
import { schedulesTexts } from './text.ts'

const route = getRouteApi('/t/$tenant/schedules')
const HOURS = ['6', '12', '24', '48'] as const

/** How many fires each minute of the next hours has: where one sees that everything begins at midnight. */
export function LoadMap() {
  const t = useTexts(schedulesTexts)
  const { api, code } = useTenant()
  const search = route.useSearch()
  const setSearch = useSetSearch()
  const hours = HOURS.find((each) => each === search.hours) ?? '24'
  const load = useQuery({
    queryKey: ['schedules', code, 'load', hours],
    queryFn: ({ signal }) => api.scheduleLoad.get({ query: { hours: Number(hours) } }, { signal }),
    staleTime: 60_000,
    placeholderData: (previous) => previous,
  })
  if (load.error !== null && load.data === undefined) return <ErrorPanel error={load.error} retry={() => void load.refetch()} />
  if (load.data === undefined) return <Loading />
  return (
    <Stack>
      <Group justify="space-between" align="flex-end">
        <Text c="dimmed" maw={640}>
          {t('loadHint')}
        </Text>
        <Select
          label={t('hours')}
          data={[...HOURS]}
          value={hours}
          allowDeselect={false}
          w={120}
          onChange={(next) => setSearch({ hours: next === '24' ? undefined : (next ?? undefined) })}
        />
      </Group>
      {load.data.peaks.length === 0 ? <EmptyState title={t('noLoad')} /> : <Grid load={load.data} />}
    </Stack>
  )
}

function Grid({ load }: { load: ScheduleLoad }) {
  const t = useTexts(schedulesTexts)
  const { zone } = usePreferences()
  const most = Math.max(...load.minutes)
  const fires = load.minutes.reduce((sum, count) => sum + count, 0)
  const label = t('loadLabel', { fires, schedules: load.schedules, most })
  const timeOf = (at: number) => momentText(at, zoneName(zone)).slice(5, 16)
  return (
    <>
      <Text>
        {label} {load.more ? t('loadMore') : ''}
      </Text>
      {load.quietest !== null && <Text>{t('quietest', { minute: String(load.quietest).padStart(2, '0') })}</Text>}
      <div role="img" aria-label={label}>
        {loadRows(load.from, load.minutes).map(({ at, minutes }) => (
          <div key={at} style={{ display: 'flex', gap: 8, alignItems: 'center' }}>
            <Text size="xs" c="dimmed" w={84} ta="right" style={{ flex: 'none', lineHeight: '16px' }}>
              {timeOf(at)}
            </Text>
            <svg viewBox="0 0 60 1" preserveAspectRatio="none" style={{ width: '100%', height: 15, display: 'block' }}>
              {minutes.map(
                (count, minute) =>
                  count !== null && (
                    <rect
                      key={minute}
                      x={minute + 0.06}
                      y={0.06}
                      width={0.88}
                      height={0.88}
                      fill={count === 0 ? 'var(--hairline)' : 'var(--mantine-primary-color-filled)'}
                      fillOpacity={count === 0 ? 1 : 0.25 + 0.1875 * shade(count, most)}
                    >
                      <title>{t('minuteTitle', { time: timeOf(at + minute * 60_000), count })}</title>
                    </rect>
                  ),
              )}
            </svg>
          </div>
        ))}
        <Group gap={8} wrap="nowrap">
          <div style={{ width: 84, flex: 'none' }} />
          <Group justify="space-between" style={{ flex: 1 }}>
            {['00', '15', '30', '45', '59'].map((minute) => (
              <Text key={minute} size="xs" c="dimmed">
                :{minute}
              </Text>
            ))}
          </Group>
        </Group>
      </div>
      <Text component="h2" fw={600}>
        {t('peaks')}
      </Text>
      <Table aria-label={t('peaks')} maw={900}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('minute')}</Table.Th>
            <Table.Th ta="right">{t('count')}</Table.Th>
            <Table.Th>{t('some')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {load.peaks.map((peak) => (
            <Peak key={peak.at} peak={peak} />
          ))}
        </Table.Tbody>
      </Table>
    </>
  )
}

function Peak({ peak }: { peak: ScheduleLoad['peaks'][number] }) {
  const { code } = useTenant()
  return (
    <Table.Tr>
      <Table.Td>
        <Time at={peak.at} />
      </Table.Td>
      <Table.Td ta="right">{peak.count}</Table.Td>
      <Table.Td>
        <Group gap="xs">
          {peak.schedules.map((schedule) => (
            <Anchor key={schedule.id} component={Link} to={`/t/${code}/schedules/${schedule.code}`} size="sm" className="foreign">
              {schedule.code}
            </Anchor>
          ))}
        </Group>
      </Table.Td>
    </Table.Tr>
  )
}
