import type { DagDefinitionView, RunDetail } from '@carillon/contract'
import { Tabs } from '@mantine/core'
import { useSearch } from '@tanstack/react-router'
import { Suspense, lazy } from 'react'
import { useSetSearch } from '../../app/set-search.ts'
import { Loading } from '../../components/DataTable.tsx'
import { JsonView } from '../../components/JsonView.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { firstFailed } from './ErrorCard.tsx'
import { Gantt } from './Gantt.tsx'
import { InstancePanel } from './InstancePanel.tsx'
import { NodeList } from './NodeList.tsx'
import classes from './run.module.css'
import { BAD, type RunNode } from './run-nodes.ts'
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
  const choose = (chosen: RunNode) => {
    const instance = chosen.instances.find(({ state }) => BAD.has(state)) ?? chosen.instances[0]!
    setSearch({ node: String(instance.id), attempt: undefined, line: undefined, q: undefined, level: undefined }, 'push')
  }
  const chosen = { selected: node?.code ?? null, onChoose: choose }
  const graph = definition !== null && run.dag !== null
  const views = [...(graph ? ['graph'] : []), 'gantt', 'data']
  const view = views.includes(search.view ?? '') ? search.view! : views[0]!
  return (
    <>
      <div className={classes['split']}>
        <NodeList nodes={nodes} {...chosen} />
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
                <RunGraph run={run} nodes={nodes} definition={definition} {...chosen} />
              </Suspense>
            </Tabs.Panel>
          )}
          <Tabs.Panel value="gantt">
            <Gantt run={run} nodes={nodes} edges={definition?.edges ?? []} {...chosen} />
          </Tabs.Panel>
          <Tabs.Panel value="data">
            <JsonView value={run.params} label={t('runParams')} />
          </Tabs.Panel>
        </Tabs>
      </div>
      {shown !== undefined && node !== undefined && (
        <InstancePanel key={shown.id} id={shown.id} name={node.name} run={run} siblings={node.instances} />
      )}
    </>
  )
}
