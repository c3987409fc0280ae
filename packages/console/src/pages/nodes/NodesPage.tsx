import type { Nodes } from '@carillon/contract'
import { Alert, Button, Stack, Text } from '@mantine/core'
import { CircleCheck, CirclePause, Hourglass, Unplug } from 'lucide-react'
import { useState } from 'react'
import { platformApi } from '../../api/session.ts'
import { useLive } from '../../app/live.ts'
import { DataTable, Loading } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { ErrorPanel } from '../../components/ErrorPanel.tsx'
import { Facts } from '../../components/Facts.tsx'
import { Marker } from '../../components/Marker.tsx'
import { durationText } from '../../components/moments.ts'
import { PageHeader } from '../../components/PageHeader.tsx'
import { RowActions } from '../../components/RowActions.tsx'
import { Relative, Time } from '../../components/Time.tsx'
import { useTexts, type Translate } from '../../i18n/texts.ts'
import { ControlDialog, ORDERED, ORDERS, type Control } from './ControlDialog.tsx'
import { nodesTexts } from './text.ts'

type Node = Nodes['nodes'][number]

export function NodesPage() {
  const t = useTexts(nodesTexts)
  const nodes = useLive(null, {
    queryKey: ['nodes'],
    queryFn: ({ signal }) => platformApi.overview.nodes({}, { signal }),
  })
  if (nodes.error !== null && nodes.data === undefined)
    return <ErrorPanel level={1} error={nodes.error} retry={() => void nodes.refetch()} />
  return (
    <>
      {nodes.data === undefined ? (
        <>
          <PageHeader title={t('title')} hint={t('hint')} />
          <Loading />
        </>
      ) : (
        <Found nodes={nodes.data} retry={() => void nodes.refetch()} />
      )}
    </>
  )
}

function Found({ nodes, retry }: { nodes: Nodes; retry: () => void }) {
  const t = useTexts(nodesTexts)
  const [asked, ask] = useState<Control | null>(null)
  // A node of the version before does not say it, and this is the page to look at during an upgrade.
  const ofAll: Nodes['scheduler'] | undefined = nodes.scheduler
  return (
    <Stack>
      <PageHeader
        title={t('title')}
        hint={t('hint')}
        beside={ofAll && <Marker word={t(`${ofAll.state}_ALL`)} {...LOOKS[ofAll.state]} />}
      >
        {ORDERS.filter((order) => ORDERED[order] !== ofAll?.state).map((order) => (
          <Button key={order} variant="default" onClick={() => ask({ order, node: null })}>
            {t(`${order}All`)}
          </Button>
        ))}
      </PageHeader>
      {ofAll && ofAll.state !== 'RUNNING' && ofAll.changedAt !== null && (
        <Alert title={t(`${ofAll.state}_MEANS`)}>
          <span className="foreign">{ofAll.changedBy}</span> · <Time at={ofAll.changedAt} />
        </Alert>
      )}
      {nodes.versions.length > 1 && <Alert>{t('upgrade', { versions: nodes.versions.join(', ') })}</Alert>}
      <NodeTable nodes={nodes.nodes} ofAll={ofAll?.state ?? 'RUNNING'} retry={retry} ask={ask} />
      <Text component="h2" fw={600}>
        {t('leaders')}
      </Text>
      <DataTable
        label={t('leaders')}
        list={{ rows: nodes.leaders, pending: false, error: null, retry }}
        idOf={({ role }) => role}
        empty={<Text c="dimmed">{t('noLeaders')}</Text>}
        columns={[
          { id: 'role', header: t('role'), cell: ({ role }) => dutyWord(t, role) },
          {
            id: 'node',
            header: t('node'),
            cell: ({ node }) => <span className="foreign">{nodes.nodes.find(({ id }) => id === node)?.name ?? node}</span>,
          },
          { id: 'term', header: t('term'), align: 'right', cell: ({ term }) => term },
          { id: 'lease', header: t('lease'), cell: ({ leaseUntil }) => <Time at={leaseUntil} /> },
        ]}
      />
      <Text component="h2" fw={600}>
        {t('database')}
      </Text>
      <Database database={nodes.database} />
      {asked !== null && <ControlDialog control={asked} onClose={() => ask(null)} />}
    </Stack>
  )
}

type State = Node['state']
const STATES = ['RUNNING', 'STOPPED', 'DRAINING'] as const

/** What a node does: of what is wanted of it and of all, that by which less happens. */
function stricter(own: State, ofAll: State): State {
  return STATES.indexOf(own) > STATES.indexOf(ofAll) ? own : ofAll
}

/** What a node leads. A newer server may name one that this console does not know. */
const dutyWord = (t: Translate<'housekeeping' | 'waits'>, role: string): string =>
  role === 'housekeeping' || role === 'waits' ? t(role) : role

const LOOKS = {
  RUNNING: { tone: 'success', icon: CircleCheck, outline: 'solid' },
  STOPPED: { tone: 'blocked', icon: CirclePause, outline: 'dashed' },
  DRAINING: { tone: 'queued', icon: Hourglass, outline: 'dashed' },
} as const

interface NodeTableProps {
  readonly nodes: readonly Node[]
  readonly ofAll: State
  readonly retry: () => void
  readonly ask: (control: Control) => void
}

function NodeTable({ nodes, ofAll, retry, ask }: NodeTableProps) {
  const t = useTexts(nodesTexts)
  return (
    <DataTable<Node>
      label={t('title')}
      list={{ rows: nodes, pending: false, error: null, retry }}
      idOf={({ id }) => id}
      empty={<EmptyState title={t('none')} />}
      columns={[
        {
          id: 'name',
          header: t('name'),
          cell: ({ name, address, answers }) => (
            <div>
              <span className="foreign">{name}</span>
              <Text size="xs" c="dimmed" className="foreign">
                {[address, answers ? t('answers') : null].filter((part) => part !== null).join(' · ')}
              </Text>
            </div>
          ),
        },
        {
          id: 'state',
          header: t('state'),
          cell: ({ state: own, alive }) => {
            if (!alive) return <Marker word={t('silent')} tone="failed" icon={Unplug} outline="thick" />
            const state = stricter(own, ofAll)
            return <Marker word={t(state)} {...LOOKS[state]} />
          },
        },
        {
          id: 'leads',
          header: t('leads'),
          cell: ({ leads }) => (leads.length === 0 ? t('nothing') : leads.map((role) => dutyWord(t, role)).join(', ')),
        },
        { id: 'version', header: t('version'), cell: ({ version }) => version },
        { id: 'uptime', header: t('uptime'), align: 'right', cell: ({ uptimeMs }) => durationText(uptimeMs) },
        { id: 'seen', header: t('seen'), cell: ({ seenAt }) => <Relative at={seenAt} /> },
        {
          id: 'actions',
          header: t('actions'),
          cell: (node) => (
            <RowActions
              actions={ORDERS.map(
                (order) =>
                  ORDERED[order] !== node.state && {
                    word: t(order),
                    label: t(`${order}Node`, { name: node.name }),
                    act: () => ask({ order, node }),
                  },
              )}
            />
          ),
        },
      ]}
    />
  )
}

function Database({ database }: { database: Nodes['database'] }) {
  const t = useTexts(nodesTexts)
  const { clockAheadMs, standbys } = database
  const text = durationText(Math.abs(clockAheadMs))
  return (
    <Facts
      facts={[
        [t('databaseVersion'), database.version],
        [t('roundTrip'), t('ms', { ms: database.roundTripMs.toFixed(1) })],
        [t('clock'), clockAheadMs === 0 ? t('same') : t(clockAheadMs > 0 ? 'ahead' : 'behind', { text })],
        [
          t('standbys'),
          standbys.length === 0
            ? t('noStandbys')
            : standbys
                .map(({ name, state, lagMs }) =>
                  lagMs === null ? t('standby', { name, state }) : t('standbyLag', { name, state, lag: durationText(lagMs) }),
                )
                .join(', '),
        ],
      ]}
    />
  )
}
