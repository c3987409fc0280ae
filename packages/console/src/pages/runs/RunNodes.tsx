import type { DagDefinitionView, RunDetail } from '@carillon/contract'
import { Tabs, Title } from '@mantine/core'
import { useSearch } from '@tanstack/react-router'
import { Suspense, lazy, useCallback, useState } from 'react'
import { useSetSearch } from '../../app/set-search.ts'
import { usePageKeys } from '../../app/shortcuts.ts'
import { Loading } from '../../components/DataTable.tsx'
import { JsonView } from '../../components/JsonView.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { firstFailed } from './ErrorCard.tsx'
import { Gantt } from './Gantt.tsx'
import { InstancePanel } from './InstancePanel.tsx'
import { NodeList } from './NodeList.tsx'
import { Outputs } from './Outputs.tsx'
import classes from './run.module.css'
import { BAD, nextFailure, outputsOf, type RunNode } from './run-nodes.ts'
import { runTexts } from './run-text.ts'

const RunGraph = lazy(() => import('./RunGraph.tsx'))

interface RunNodesProps {
  readonly run: RunDetail
  readonly nodes: readonly RunNode[]
  readonly definition: DagDefinitionView | null
}

interface Search {
  readonly view?: string
  readonly node?: string
}

/** A run of several nodes: their list beside what shows how they hang together, and the one that was chosen below. */
export function RunNodes({ run, nodes, definition }: RunNodesProps) {
  const t = useTexts(runTexts)
  const search = useSearch({ strict: false }) as Search
  const setSearch = useSetSearch()
  const asked = Number(search.node)
  const shown = run.instances.find(({ id }) => id === asked) ?? firstFailed(nodes.filter(({ state }) => BAD.has(state)))?.instance
  const node = nodes.find((each) => each.instances.some(({ id }) => id === shown?.id) || each.code === shown?.nodeCode)
  const choose = useCallback(
    (chosen: RunNode) => {
      const instance = chosen.instances.find(({ state }) => BAD.has(state)) ?? chosen.instances[0]!
      setSearch({ node: String(instance.id), attempt: undefined, line: undefined, q: undefined, level: undefined }, 'push')
    },
    [setSearch],
  )
  const [sought, setSought] = useState<RunNode | null>(null)
  const seek = useCallback(
    (chosen: RunNode) => {
      choose(chosen)
      // Another object each time: the same node may be asked for again.
      setSought({ ...chosen })
    },
    [choose],
  )
  const selected = node?.code ?? null
  const toFailure = (by: 1 | -1) => {
    // What is shown without having been asked for has not been gone to yet.
    const next = nextFailure(nodes, search.node === undefined ? null : selected, by)
    if (next) seek(next)
  }
  usePageKeys({ f: () => toFailure(1), F: () => toFailure(-1) })
  const graph = definition !== null && run.dag !== null
  const views = [...(graph ? ['graph'] : []), 'gantt', 'data']
  const view = views.includes(search.view ?? '') ? search.view! : views[0]!
  return (
    <>
      <div className={classes['split']}>
        <NodeList nodes={nodes} selected={selected} onChoose={seek} />
        <Tabs
          value={view}
          onChange={(next) => setSearch({ view: next === views[0] ? undefined : (next ?? undefined) }, 'push')}
          keepMounted={false}
        >
          <Tabs.List mb="xs" aria-label={t('views')}>
            {graph && <Tabs.Tab value="graph">{t('graph')}</Tabs.Tab>}
            <Tabs.Tab value="gantt">{t('gantt')}</Tabs.Tab>
            <Tabs.Tab value="data">{t('inputOutput')}</Tabs.Tab>
          </Tabs.List>
          {graph && (
            <Tabs.Panel value="graph">
              <Suspense fallback={<Loading />}>
                <RunGraph
                  {...{ run, nodes, definition, selected, sought }}
                  onChoose={choose}
                  onNextFailure={() => toFailure(1)}
                />
              </Suspense>
            </Tabs.Panel>
          )}
          <Tabs.Panel value="gantt">
            <Gantt run={run} nodes={nodes} edges={definition?.edges ?? []} selected={selected} onChoose={choose} />
          </Tabs.Panel>
          <Tabs.Panel value="data">
            <Title order={2} mb={4}>
              {t('runParams')}
            </Title>
            <JsonView value={run.params} label={t('runParams')} />
            <Title order={2} mt="md" mb={4}>
              {t('outputs')}
            </Title>
            <Outputs run={run} outputs={outputsOf(nodes, definition?.edges ?? [])} />
          </Tabs.Panel>
        </Tabs>
      </div>
      {shown !== undefined && node !== undefined && (
        <InstancePanel key={shown.id} id={shown.id} name={node.name} run={run} siblings={node.instances} />
      )}
    </>
  )
}
