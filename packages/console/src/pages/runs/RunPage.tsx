import type { RunDetail } from '@carillon/contract'
import { Anchor, Text } from '@mantine/core'
import { Link, getRouteApi } from '@tanstack/react-router'
import { memo, useDeferredValue } from 'react'
import { useTenant } from '../../app/session.tsx'
import { Loading } from '../../components/DataTable.tsx'
import { ErrorPanel } from '../../components/ErrorPanel.tsx'
import { useKept } from '../../components/kept.ts'
import { useTexts } from '../../i18n/texts.ts'
import { ErrorCard } from './ErrorCard.tsx'
import { InstancePanel } from './InstancePanel.tsx'
import { RunFacts, RunHeader } from './RunHeader.tsx'
import { RunNodes } from './RunNodes.tsx'
import { runTexts } from './run-text.ts'
import { useDefinition, useNodes, useRun } from './use-run.ts'
import { WhyPanel } from './WhyPanel.tsx'

const route = getRouteApi('/t/$tenant/runs/$run')

/** What happened in a run, why, and what can be done about it. */
export function RunPage() {
  const id = Number(route.useParams().run)
  const run = useRun(id)
  // A thousand nodes are drawn anew in slices, between which the page answers.
  const shown = useDeferredValue(run.data)
  if (shown === undefined || shown.id !== id)
    return run.error === null ? <Loading /> : <ErrorPanel level={1} error={run.error} retry={() => void run.refetch()} />
  return <Loaded key={id} run={shown} />
}

const Loaded = memo(function Loaded({ run }: { run: RunDetail }) {
  const t = useTexts(runTexts)
  const { code } = useTenant()
  const definition = useDefinition(run)
  const nodes = useKept(useNodes(run, definition), ({ code }) => code)
  const only = run.kind === 'TASK' && nodes.length === 1 && nodes[0]!.instances.length === 1 ? nodes[0]!.instances[0]! : null
  return (
    <>
      <RunHeader run={run} nodes={nodes} definition={definition} />
      <ErrorCard run={run} nodes={nodes} />
      <WhyPanel run={run} nodes={nodes} />
      <RunFacts run={run} />
      {only !== null ? (
        <InstancePanel id={only.id} name={nodes[0]!.name} run={run} />
      ) : (
        nodes.length > 0 && <RunNodes run={run} nodes={nodes} definition={definition} />
      )}
      {run.more && (
        <Text size="sm" mt="sm">
          {t('more')}{' '}
          <Anchor component={Link} to={`/t/${code}/instances?run=${run.id}`} size="sm">
            {t('allInstances')}
          </Anchor>
        </Text>
      )}
    </>
  )
})
