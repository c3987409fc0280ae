import type { DagDefinitionView, RunDetail } from '@carillon/contract'
import { useMemo, useRef } from 'react'
import { DagGraph } from '../../components/dag-graph/DagGraph.tsx'
import { NOTHING_SELECTED, selectNode, type GraphNode, type NodeKind } from '../../components/dag-graph/model.ts'
import { useTexts } from '../../i18n/texts.ts'
import type { Choosing } from './NodeList.tsx'
import { edgesOf, type RunNode } from './run-nodes.ts'
import { runTexts } from './run-text.ts'

interface RunGraphProps extends Choosing {
  readonly run: RunDetail
  readonly nodes: readonly RunNode[]
  readonly definition: DagDefinitionView
}

/** The whole plan from the first second, with what each node is in. */
export default function RunGraph({ run, nodes, definition, selected, onChoose }: RunGraphProps) {
  const t = useTexts(runTexts)
  const drawn = useDrawn(definition, nodes)
  const edges = useMemo(
    () =>
      edgesOf(definition, nodes).map(({ from, to, condition, taken }) => ({
        from,
        to,
        ...(condition === undefined ? {} : { label: condition }),
        ...(taken === undefined ? {} : { taken }),
      })),
    [definition, nodes],
  )
  const choose = (code: string | undefined) => {
    const node = nodes.find((each) => each.code === code)
    if (node && node.code !== selected) onChoose(node)
  }
  return (
    <DagGraph
      label={t('graphOf', { name: run.dag?.code, version: run.dag?.version })}
      nodes={drawn}
      edges={edges}
      height="min(440px, 55vh)"
      selection={selected === null ? NOTHING_SELECTED : selectNode(selected)}
      onSelect={(selection) => choose(selection.nodes.at(-1))}
      onOpen={choose}
    />
  )
}

/** A node that has not changed is the same object as before: the graph does not look at it again. */
function useDrawn(definition: DagDefinitionView, nodes: readonly RunNode[]): readonly GraphNode[] {
  const before = useRef(new Map<string, { text: string; node: GraphNode }>())
  return useMemo(() => {
    const states = new Map(nodes.map((node) => [node.code, node]))
    return definition.nodes.map((defined) => {
      const node = drawnNode(defined, states.get(defined.code))
      const text = JSON.stringify(node)
      const known = before.current.get(defined.code)
      if (known?.text === text) return known.node
      before.current.set(defined.code, { text, node })
      return node
    })
  }, [definition, nodes])
}

function drawnNode(defined: DagDefinitionView['nodes'][number], node: RunNode | undefined): GraphNode {
  const { code, name = code, task, dag, position } = defined
  const detail = task ?? dag
  const first = node?.instances[0]
  return {
    id: code,
    name,
    kind: kindOf(defined),
    ...(detail === undefined || detail === name ? {} : { detail }),
    ...(position === undefined ? {} : { position }),
    ...(node === undefined || first === undefined
      ? {}
      : {
          state: node.state,
          // What a node waits for in the graph is to be seen there.
          ...(first.why === null || first.why.reason === 'DEPENDENCY' ? {} : { note: first.why.detail }),
          startedAt: node.startedAt,
          endedAt: node.endedAt,
          attempt: Math.max(...node.instances.map(({ attempt }) => attempt)),
          progress: first.progress === null || node.instances.length > 1 ? null : first.progress / 100,
          ...(node.instances.length > 1 ? { elements: node.instances.length } : {}),
        }),
  }
}

function kindOf({ dag, approval, wait }: DagDefinitionView['nodes'][number]): NodeKind {
  if (dag !== undefined) return 'dag'
  if (approval !== undefined) return 'approval'
  return wait === undefined ? 'task' : 'wait'
}
