import type { PlatformOverview } from '@carillon/contract'
import { Anchor, Group, SimpleGrid, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { platformApi } from '../../api/session.ts'
import { useLive } from '../../app/live.ts'
import { Loading } from '../../components/DataTable.tsx'
import { ErrorPanel } from '../../components/ErrorPanel.tsx'
import { Facts } from '../../components/Facts.tsx'
import { durationText } from '../../components/moments.ts'
import { PageHeader } from '../../components/PageHeader.tsx'
import { Panel } from '../../components/Panel.tsx'
import { Tile, useEstimate } from '../../components/Tile.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { overviewTexts } from '../overview/text.ts'
import { Bars, sum } from '../overview/Throughput.tsx'
import { platformTexts } from './text.ts'

/** Is anything wrong anywhere: for those who run Carillon, and of all tenants together. */
export function PlatformPage() {
  const t = useTexts(platformTexts)
  const overview = useLive(null, {
    queryKey: ['platform-overview'],
    queryFn: ({ signal }) => platformApi.overview.platform({}, { signal }),
  })
  if (overview.error !== null && overview.data === undefined)
    return <ErrorPanel level={1} error={overview.error} retry={() => void overview.refetch()} />
  return (
    <>
      <PageHeader title={t('title')} hint={t('hint')} />
      {overview.data === undefined ? <Loading /> : <Panels overview={overview.data} />}
    </>
  )
}

function Panels({ overview }: { overview: PlatformOverview }) {
  const t = useTexts(platformTexts)
  const { hours, executors, leaders } = overview
  const inAll = { ended: sum(hours.map(({ ended }) => ended)), failed: sum(hours.map(({ failed }) => failed)) }
  return (
    <Stack gap="lg">
      <Tiles overview={overview} />
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        <Panel title={t('hours')}>
          <Bars bars={hours} name={t('hours')} each={t('hour')} label={t('hoursLabel', inAll)} />
        </Panel>
        <Panel title={t('byStatus')}>
          <Facts
            facts={(['ONLINE', 'OFFLINE', 'MAINTENANCE', 'DRAINING'] as const).map((status) => [
              t(status),
              String(executors.byStatus[status]),
            ])}
          />
        </Panel>
      </SimpleGrid>
      <Panel title={t('leaders')}>
        {leaders.length === 0 && <Text c="dimmed">{t('noLeader')}</Text>}
        {leaders.map(({ role, node }) => (
          <Text key={role} size="sm" className="foreign">
            {role === 'housekeeping' || role === 'waits' ? t(role, { node }) : t('otherRole', { role, node })}
          </Text>
        ))}
      </Panel>
      <Group gap="xs">
        <Text size="sm" c="dimmed">
          {t('tenants')}
        </Text>
        <Anchor component={Link} to="/platform/tenants" size="sm">
          {t('toTenants')}
        </Anchor>
      </Group>
    </Stack>
  )
}

function Tiles({ overview: { at, nodes, versions, executors, running, pending, overdue } }: { overview: PlatformOverview }) {
  const t = useTexts(platformTexts)
  const o = useTexts(overviewTexts)
  const number = useEstimate()
  const age = (since: number | null) => (since === null ? undefined : o('oldest', { duration: durationText(at - since) }))
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, lg: 5 }} spacing="sm">
      <Tile
        label={t('nodes')}
        value={String(nodes.alive)}
        note={t('ofNodes', { total: nodes.total, versions: versions.join(', ') })}
        alarming={nodes.alive < nodes.total}
        to="/platform/nodes"
      />
      <Tile label={o('running')} value={number(running)} />
      <Tile label={o('waiting')} value={number(pending)} note={age(pending.oldestAt) ?? o('nothingWaits')} />
      <Tile
        label={o('overdue')}
        value={number(overdue)}
        note={age(overdue.oldestAt) ?? o('onTime')}
        alarming={overdue.count > 0}
      />
      <Tile
        label={o('executors')}
        value={String(executors.inService)}
        note={[
          o('ofExecutors', { total: executors.total, capacity: executors.capacity }),
          executors.unhealthy > 0 ? o('unhealthy', { count: executors.unhealthy }) : '',
        ]
          .filter((part) => part !== '')
          .join(' · ')}
        alarming={executors.unhealthy > 0 || (executors.total > 0 && executors.inService === 0)}
      />
    </SimpleGrid>
  )
}
