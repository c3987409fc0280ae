import type { ExecutorDetail, ExecutorEvent, Instance } from '@carillon/contract'
import { Anchor, Stack, Table, Text } from '@mantine/core'
import { Link, getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { useLive } from '../../app/live.ts'
import { useLiveList } from '../../app/live-list.ts'
import { listTopic } from '../../app/live-topics.ts'
import { given } from '../../app/search.ts'
import { useTenant } from '../../app/session.tsx'
import { DataTable } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { Facts } from '../../components/Facts.tsx'
import { Found } from '../../components/Found.tsx'
import { ObjectPage } from '../../components/ObjectPage.tsx'
import { RemoveDialog } from '../../components/RemoveDialog.tsx'
import { StateBadge } from '../../components/StateBadge.tsx'
import { TenantLink } from '../../components/TenantLink.tsx'
import { Duration, Relative, Time } from '../../components/Time.tsx'
import { useSaid } from '../../i18n/said.ts'
import { useTexts } from '../../i18n/texts.ts'
import { ExecutorForm } from './ExecutorForm.tsx'
import { ExecutorStatus } from './ExecutorStatus.tsx'
import { Load } from './Load.tsx'
import { StatusDialog, type StatusChange } from './StatusDialog.tsx'
import { TasksOf } from './TasksOf.tsx'
import { executorsTexts } from './text.ts'

const route = getRouteApi('/t/$tenant/executors/$executor')

export function ExecutorPage() {
  const { executor } = route.useParams()
  const { api, code } = useTenant()
  const found = useLive(null, {
    queryKey: ['executors', code, executor],
    queryFn: ({ signal }) => api.executors.get({ params: { executor } }, { signal }),
  })
  return <Found query={found}>{(detail) => <ExecutorDetails executor={detail} />}</Found>
}

function ExecutorDetails({ executor }: { executor: ExecutorDetail }) {
  const t = useTexts(executorsTexts)
  const { api, can } = useTenant()
  const [dialog, open] = useState<StatusChange | 'edit' | 'remove' | null>(null)
  const changes = CHANGES.filter((change) => change !== presentOf(executor))
  return (
    <ObjectPage
      title={executor.instance}
      beside={<ExecutorStatus executor={executor} />}
      {...(executor.statusReason === null ? {} : { hint: executor.statusReason })}
      actions={[
        ...changes.map((change) => can('executor.control') && { name: change, word: t(change), act: () => open(change) }),
        can('executor.control') && executor.registeredBy !== null && { name: 'edit', word: t('edit'), act: () => open('edit') },
        can('executor.control') && { name: 'remove', word: t('remove'), act: () => open('remove') },
      ]}
      tabs={[
        { value: 'overview', label: t('overview'), content: <Overview executor={executor} /> },
        { value: 'tasks', label: t('tasks'), content: <TasksOf executor={executor} /> },
        { value: 'instances', label: t('instances'), content: <InstancesOf executor={executor} /> },
        { value: 'history', label: t('history'), content: <HistoryOf executor={executor} /> },
      ]}
    >
      {dialog === 'edit' && <ExecutorForm executor={executor} onClose={() => open(null)} onDone={() => open(null)} />}
      {isChange(dialog) && <StatusDialog executor={executor} change={dialog} onClose={() => open(null)} />}
      <RemoveDialog
        opened={dialog === 'remove'}
        onClose={() => open(null)}
        title={t('removeTitle', { name: executor.instance })}
        confirm={t('remove')}
        list="executors"
        remove={() => api.executors.remove({ params: { executor: String(executor.id) } })}
      >
        {t('removeHint')}
      </RemoveDialog>
    </ObjectPage>
  )
}

const isChange = (dialog: StatusChange | 'edit' | 'remove' | null): dialog is StatusChange =>
  dialog !== null && dialog !== 'edit' && dialog !== 'remove'

const CHANGES = ['maintenance', 'drain', 'offline', 'online'] as const

const PRESENT = { ONLINE: 'online', MAINTENANCE: 'maintenance', DRAINING: 'drain', OFFLINE: 'offline' } as const

/** What need not be offered, because it is so: one that is only away would be back by itself. */
function presentOf({ status, statusSetBy }: ExecutorDetail): StatusChange | null {
  return status === 'OFFLINE' && statusSetBy === null ? null : PRESENT[status]
}

function Overview({ executor }: { executor: ExecutorDetail }) {
  const t = useTexts(executorsTexts)
  const say = useSaid()
  const { code } = useTenant()
  const { session, lastCheck, app } = executor
  return (
    <Stack>
      <Facts
        facts={[
          [
            t('app'),
            <Anchor key="app" component={Link} to={`/t/${code}/apps/${app.code}`} size="sm">
              {app.code}
            </Anchor>,
          ],
          [t('inService'), t(executor.inService ? 'yes' : 'no')],
          [t('load'), <Load key="load" running={executor.running} capacity={executor.capacity} />],
          [t('seen'), session === null ? t('noSession') : <Relative key="seen" at={session.seenAt} />],
          [t('session'), session && <Time key="session" at={session.startedAt} />],
          [t('lease'), session && <Time key="lease" at={session.leaseUntil} />],
          [t('statusBy'), executor.statusSetBy],
          [t('since'), <Time key="since" at={executor.statusSetAt} />],
          [
            t('health'),
            [t(executor.health), executor.healthReason && say(executor.healthReason)].filter((part) => part !== null).join(' · '),
          ],
          [
            t('lastCheck'),
            lastCheck && (
              <>
                <Relative at={lastCheck.at} /> ·{' '}
                {lastCheck.ok
                  ? t('checkOk', { ms: lastCheck.tookMs })
                  : t('checkFailed', { detail: say(lastCheck.detail ?? '') })}
              </>
            ),
          ],
          [t('mode'), t(executor.mode)],
          [t('protocol'), executor.protocol === 'XXL_JOB' ? t('XXL_JOB') : null],
          [t('address'), executor.address],
          [t('healthUrl'), executor.healthUrl],
          [t('perCall'), executor.perCall],
          [t('handlers'), executor.handlers.join(', ')],
          [t('labels'), pairs(executor.labels)],
          [t('metadata'), pairs(executor.metadata)],
          [t('registered'), <Time key="registered" at={executor.registeredAt} />],
          [t('registeredBy'), executor.registeredBy ?? t('itself')],
        ]}
      />
      <FiguresTable figures={executor.figures} />
    </Stack>
  )
}

const pairs = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ')

const COUNTS = ['succeeded', 'failed', 'timedOut', 'cancelled', 'lost'] as const
const PERIODS = ['day', 'week', 'quarter'] as const

function FiguresTable({ figures }: { figures: ExecutorDetail['figures'] }) {
  const t = useTexts(executorsTexts)
  return (
    <>
      <Text component="h2" fw={600} id="figures">
        {t('figures')}
      </Text>
      <Table.ScrollContainer minWidth={640} maw={900} type="native" tabIndex={0} role="region" aria-labelledby="figures">
        <Table borderColor="var(--hairline)" aria-labelledby="figures">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('period')}</Table.Th>
              {COUNTS.map((count) => (
                <Table.Th key={count} ta="right">
                  {t(count)}
                </Table.Th>
              ))}
              <Table.Th ta="right">{t('successRate')}</Table.Th>
              <Table.Th ta="right">{t('share')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {PERIODS.map((period) => (
              <Table.Tr key={period}>
                <Table.Th scope="row">{t(period)}</Table.Th>
                {COUNTS.map((count) => (
                  <Table.Td key={count} ta="right">
                    {figures[period][count]}
                  </Table.Td>
                ))}
                <Table.Td ta="right">{percent(figures[period].successRate)}</Table.Td>
                <Table.Td ta="right">{percent(figures[period].share)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </>
  )
}

/** Never rounded up to 100 %: one failure in a million is one. */
const percent = (share: number | null): string => (share === null ? '–' : `${Math.floor(share * 1_000) / 10} %`)

function InstancesOf({ executor }: { executor: ExecutorDetail }) {
  const t = useTexts(executorsTexts)
  const { api, code } = useTenant()
  const list = useLiveList<Instance>(listTopic({ kind: 'instances', tenant: code, query: { executor: executor.id } }), {
    queryKey: ['instances', code, { executor: executor.id }],
    page: (cursor, signal) => api.instances.list({ query: { executor: executor.id, ...given({ cursor }) } }, { signal }),
    idOf: ({ id }) => id,
  })
  return (
    <DataTable<Instance>
      label={t('instances')}
      list={list}
      idOf={({ id }) => id}
      empty={<EmptyState title={t('noInstances')} />}
      columns={[
        {
          id: 'run',
          header: t('run'),
          cell: ({ runId }) => <TenantLink to={`runs/${runId}`}>#{runId}</TenantLink>,
        },
        { id: 'state', header: t('state'), cell: ({ state }) => <StateBadge state={state} /> },
        {
          id: 'task',
          header: t('task'),
          cell: ({ task, nodeCode }) => <span className="foreign">{[nodeCode, task?.code].filter(Boolean).join(' · ')}</span>,
        },
        { id: 'started', header: t('started'), cell: ({ startedAt }) => <Time at={startedAt} /> },
        {
          id: 'ran',
          header: t('ran'),
          align: 'right',
          cell: ({ startedAt, endedAt }) => <Duration from={startedAt} to={endedAt} />,
        },
      ]}
    />
  )
}

function HistoryOf({ executor }: { executor: ExecutorDetail }) {
  const t = useTexts(executorsTexts)
  const { api, code } = useTenant()
  const params = { executor: String(executor.id) }
  const list = useLiveList<ExecutorEvent>(null, {
    queryKey: ['executors', code, executor.id, 'history'],
    page: (cursor, signal) => api.executors.history({ params, query: given({ cursor }) }, { signal }),
    idOf: ({ id }) => id,
  })
  const word = (value: string) => (value in WORDS ? t(value as keyof typeof WORDS) : value)
  return (
    <DataTable<ExecutorEvent>
      label={t('history')}
      list={list}
      idOf={({ id }) => id}
      empty={<EmptyState title={t('noHistory')} />}
      columns={[
        { id: 'at', header: t('at'), cell: ({ at }) => <Time at={at} /> },
        {
          id: 'change',
          header: t('change'),
          cell: ({ kind, value }) => `${t(kind === 'HEALTH' ? 'healthChange' : 'status')}: ${word(value)}`,
        },
        { id: 'by', header: t('by'), cell: ({ setBy }) => <span className="foreign">{setBy ?? t('registry')}</span> },
        { id: 'reason', header: t('reason'), cell: ({ reason }) => <span className="foreign">{reason ?? ''}</span> },
      ]}
    />
  )
}

const WORDS = { ONLINE: 1, OFFLINE: 1, MAINTENANCE: 1, DRAINING: 1, UNKNOWN: 1, HEALTHY: 1, UNHEALTHY: 1 } as const
