import type { InstanceDetail, RunDetail } from '@carillon/contract'
import { Group, Progress, Select, Tabs, Text, Title } from '@mantine/core'
import { useSearch } from '@tanstack/react-router'
import { useSetSearch } from '../../app/set-search.ts'
import { Loading } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { ErrorPanel } from '../../components/ErrorPanel.tsx'
import { JsonView } from '../../components/JsonView.tsx'
import { LogViewer, type LogView } from '../../components/log-viewer/LogViewer.tsx'
import { StateBadge } from '../../components/StateBadge.tsx'
import { stateTexts } from '../../components/states.ts'
import { useTexts } from '../../i18n/texts.ts'
import { Attempts } from './Attempts.tsx'
import { NodeActions } from './NodeActions.tsx'
import classes from './run.module.css'
import { BAD, failureOf, stateOf, type RunInstance } from './run-nodes.ts'
import { runTexts } from './run-text.ts'
import { useInstance } from './use-run.ts'
import { Waits } from './Waits.tsx'
import { WhyLine } from './WhyPanel.tsx'

interface InstancePanelProps {
  readonly id: number
  readonly name: string
  readonly run: RunDetail
  /** All elements of its node. */
  readonly siblings?: readonly RunInstance[]
}

interface Search extends LogView {
  readonly panel?: string
  readonly attempt?: string
}

/** One instance: its log, its attempts, what it was given and what it made. */
export function InstancePanel({ id, name, run, siblings = [] }: InstancePanelProps) {
  const t = useTexts(runTexts)
  const instance = useInstance(id, run)
  const search = useSearch({ strict: false }) as Search
  const setSearch = useSetSearch()
  if (instance.data === undefined || instance.data.id !== id)
    return instance.error === null ? <Loading /> : <ErrorPanel error={instance.error} retry={() => void instance.refetch()} />
  const { data } = instance
  const panel = ['log', 'attempts', 'waits', 'data'].includes(search.panel ?? '') ? search.panel! : 'log'
  return (
    <section className={classes['panel']} aria-label={t('panel', { node: name })}>
      {run.kind === 'DAG' && (
        <Group mb="xs" gap="sm">
          <Title order={2} className="foreign">
            {name}
          </Title>
          <StateBadge state={stateOf(data)} />
          {siblings.length > 1 && <Elements {...{ id, siblings }} />}
          <span style={{ flex: 1 }} />
          <NodeActions instance={data} name={name} />
        </Group>
      )}
      {run.kind === 'DAG' && data.why !== null && (
        <div style={{ marginBottom: 12 }}>
          <WhyLine why={data.why} nodes={[]} />
        </div>
      )}
      {run.kind === 'DAG' && <Said instance={data} />}
      {data.state === 'RUNNING' && data.progress !== null && (
        <Group gap="xs" mb="xs" wrap="nowrap">
          <Progress value={data.progress} w={200} aria-label={t('progressOf', { node: name })} />
          <Text size="sm" className="foreign">
            {data.progress}% {data.progressMessage}
          </Text>
        </Group>
      )}
      <Tabs
        value={panel}
        onChange={(next) => setSearch({ panel: next === 'log' ? undefined : (next ?? undefined) }, 'push')}
        keepMounted={false}
      >
        <Tabs.List mb="xs" aria-label={t('panel', { node: name })}>
          <Tabs.Tab value="log">{t('log')}</Tabs.Tab>
          <Tabs.Tab value="attempts">
            {t('attempts')} {data.attempts.length > 1 && `(${data.attempts.length})`}
          </Tabs.Tab>
          <Tabs.Tab value="waits">{t('waits')}</Tabs.Tab>
          <Tabs.Tab value="data">{t('data')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="log">
          <InstanceLog instance={data} search={search} name={name} />
        </Tabs.Panel>
        <Tabs.Panel value="attempts">
          <Attempts instance={data} />
        </Tabs.Panel>
        <Tabs.Panel value="waits">
          <Waits waits={data.waits} />
        </Tabs.Panel>
        <Tabs.Panel value="data">
          <Title order={3} mb={4}>
            {t('input')}
          </Title>
          {data.params === null ? <Text c="dimmed">{t('noInput')}</Text> : <JsonView value={data.params} label={t('input')} />}
          <Title order={3} mt="md" mb={4}>
            {t('output')}
          </Title>
          {data.output === null ? <Text c="dimmed">{t('noOutput')}</Text> : <JsonView value={data.output} label={t('output')} />}
        </Tabs.Panel>
      </Tabs>
    </section>
  )
}

/** Why it failed, or was skipped. */
function Said({ instance: { error, state } }: { instance: InstanceDetail }) {
  const failure = state === 'SUCCESS' ? null : failureOf(error)
  if (failure === null) return null
  return (
    <Text size="sm" mb="xs" className="foreign">
      {failure.code !== null && <strong>{failure.code} </strong>}
      {failure.message}
    </Text>
  )
}

/** The log of the attempt that the address names, or of the present one. */
function InstanceLog({ instance, search, name }: { instance: InstanceDetail; search: Search; name: string }) {
  const t = useTexts(runTexts)
  const setSearch = useSetSearch()
  if (instance.task === null) return <EmptyState title={t('noLogHere')} />
  const last = instance.attempts.at(-1)
  if (last === undefined) return <EmptyState title={t('noAttempts')}>{t('notStartedHint')}</EmptyState>
  const attempt = instance.attempts.find(({ number }) => number === Number(search.attempt)) ?? last
  const ended = attempt.outcome !== null
  return (
    <>
      {instance.attempts.length > 1 && <AttemptChoice instance={instance} number={attempt.number} />}
      <LogViewer
        key={`${instance.id} ${attempt.number}`}
        source={{ instance: instance.id, attempt: attempt.number, ended }}
        openAt={attempt.outcome === null ? 'end' : BAD.has(attempt.outcome) ? 'error' : 'start'}
        view={search}
        onView={(changes) => setSearch({ ...changes })}
        name={`${name}-${instance.id}-${attempt.number}.log`}
      />
    </>
  )
}

function AttemptChoice({ instance, number }: { instance: InstanceDetail; number: number }) {
  const t = useTexts(runTexts)
  const s = useTexts(stateTexts)
  const setSearch = useSetSearch()
  return (
    <Select
      mb="xs"
      size="xs"
      w={220}
      aria-label={t('attempts')}
      data={instance.attempts.map((each) => ({
        value: String(each.number),
        label: `${t('attempt', { number: each.number })} · ${each.outcome === null ? t('underWay') : s(each.outcome)}`,
      }))}
      value={String(number)}
      allowDeselect={false}
      onChange={(next) => setSearch({ attempt: next ?? undefined, line: undefined }, 'push')}
    />
  )
}

function Elements({ id, siblings }: { id: number; siblings: readonly RunInstance[] }) {
  const t = useTexts(runTexts)
  const s = useTexts(stateTexts)
  const setSearch = useSetSearch()
  return (
    <Select
      size="xs"
      w={200}
      searchable
      aria-label={t('elements')}
      data={siblings.map((each) => ({
        value: String(each.id),
        label: `${t('element', { number: each.shardIndex + 1 })} · ${s(stateOf(each))}`,
      }))}
      value={String(id)}
      allowDeselect={false}
      onChange={(next) => setSearch({ node: next ?? undefined, attempt: undefined, line: undefined }, 'push')}
    />
  )
}
