import type { DagDefinitionView, RunDetail } from '@carillon/contract'
import { Anchor, Progress, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useTenant } from '../../app/session.tsx'
import { Facts } from '../../components/Facts.tsx'
import { PageHeader } from '../../components/PageHeader.tsx'
import { StateBadge } from '../../components/StateBadge.tsx'
import { Duration, Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { RunActions } from './RunActions.tsx'
import { nameOf, progressOf, type RunNode } from './run-nodes.ts'
import { runTexts } from './run-text.ts'
import { runsTexts } from './text.ts'

interface RunHeaderProps {
  readonly run: RunDetail
  readonly nodes: readonly RunNode[]
  readonly definition: DagDefinitionView | null
}

export function RunHeader({ run, nodes, definition }: RunHeaderProps) {
  const t = useTexts(runTexts)
  const name = nameOf(run, t('deleted'))
  return (
    <>
      <PageHeader
        title={`${name} #${run.id}`}
        beside={<StateBadge state={run.state} note={run.reason ?? undefined} />}
        hint={run.kind === 'DAG' ? t('dagRun') : t('taskRun')}
      >
        <RunActions run={run} nodes={nodes} definition={definition} />
      </PageHeader>
      {run.kind === 'DAG' && nodes.length > 0 && <NodeProgress nodes={nodes} />}
    </>
  )
}

/** What the run is of, what began it, when. */
export function RunFacts({ run }: { run: RunDetail }) {
  const t = useTexts(runTexts)
  const words = useTexts(runsTexts)
  const { code } = useTenant()
  const name = nameOf(run, t('deleted'))
  const target = run.kind === 'DAG' ? `/t/${code}/dags/${name}` : `/t/${code}/tasks/${name}`
  return (
    <Facts
      facts={[
        [
          run.kind === 'DAG' ? words('DAG') : words('TASK'),
          <Anchor key="target" component={Link} to={target} size="sm" className="foreign">
            {name}
          </Anchor>,
        ],
        [t('version'), run.dag?.version ?? run.plan.version],
        [t('trigger'), `${words(run.origin)} · ${run.schedule?.code ?? run.startedBy}`],
        [t('fireAt'), run.fireAt !== null && <Time key="fire" at={run.fireAt} />],
        [
          run.origin === 'RETRY' ? t('parent') : t('parentOfPart'),
          run.parentRunId !== null && (
            <Anchor key="parent" component={Link} to={`/t/${code}/runs/${run.parentRunId}`} size="sm">
              #{run.parentRunId}
            </Anchor>
          ),
        ],
        [t('created'), <Time key="created" at={run.createdAt} />],
        [t('waited'), <Duration key="waited" from={run.createdAt} to={run.startedAt ?? run.endedAt} />],
        [
          t('late'),
          run.origin === 'SCHEDULE' && run.fireAt !== null && run.startedAt !== null && (
            <Duration key="late" from={run.fireAt} to={run.startedAt} />
          ),
        ],
        [t('ran'), run.startedAt !== null && <Duration key="ran" from={run.startedAt} to={run.endedAt} />],
        [t('ended'), run.endedAt !== null && <Time key="ended" at={run.endedAt} />],
        [t('priority'), run.priority],
        [t('key'), run.concurrencyKey],
      ].map(([label, value]) => [label as string, value === false ? null : value] as const)}
    />
  )
}

function NodeProgress({ nodes }: { nodes: readonly RunNode[] }) {
  const t = useTexts(runTexts)
  const { done, total, running, failed } = progressOf(nodes)
  const part = (count: number) => (count / total) * 100
  return (
    <div style={{ marginBottom: 16 }}>
      <Text size="sm" mb={4}>
        {t('progressText', { done, total })}
        {running > 0 && ` · ${t('runningCount', { count: running })}`}
        {failed > 0 && ` · ${t('failedCount', { count: failed })}`}
      </Text>
      {/* The line above says the same in words. */}
      <Progress.Root size="sm" aria-hidden>
        <Progress.Section value={part(done - failed)} color="var(--state-success)" />
        <Progress.Section value={part(failed)} color="var(--state-failed)" />
        <Progress.Section value={part(running)} color="var(--state-running)" />
      </Progress.Root>
    </div>
  )
}
