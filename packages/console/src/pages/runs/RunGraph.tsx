import type { DagDefinitionView, RunDetail } from '@carillon/contract'
import { useSearch } from '@tanstack/react-router'
import { FoldHorizontal, OctagonX, UnfoldHorizontal } from 'lucide-react'
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import { useSetSearch } from '../../app/set-search.ts'
import { DagGraph, type GraphHandle } from '../../components/dag-graph/DagGraph.tsx'
import { drawnAs, fold, groupsOf, type Groups } from '../../components/dag-graph/fold.ts'
import { GraphTool } from '../../components/dag-graph/GraphTool.tsx'
import { NOTHING_SELECTED, selectNode, type GraphEdge, type GraphNode, type NodeKind } from '../../components/dag-graph/model.ts'
import { useKept } from '../../components/kept.ts'
import { useSaid, type Say } from '../../i18n/said.ts'
import { useTexts } from '../../i18n/texts.ts'
import type { Choosing } from './NodeList.tsx'
import { BAD, edgesOf, type RunNode } from './run-nodes.ts'
import { runTexts } from './run-text.ts'

interface RunGraphProps extends Choosing {
  readonly run: RunDetail
  readonly nodes: readonly RunNode[]
  readonly definition: DagDefinitionView
  /** Was asked for elsewhere on the page: it is brought near. */
  readonly sought: RunNode | null
  readonly onNextFailure: () => void
}

/** The whole plan from the first second, with what each node is in. */
export default function RunGraph({ run, nodes, definition, selected, sought, onChoose, onNextFailure }: RunGraphProps) {
  const t = useTexts(runTexts)
  const graph = useRef<GraphHandle>(null)
  const drawn = useDrawn(definition, nodes)
  const { groups, folded, setFolded } = useFolded(definition)
  const foldedGroups = useMemo(() => [...groups.values()].filter(({ name }) => folded.has(name)), [groups, folded])
  const standsFor = useMemo(() => drawnAs(foldedGroups), [foldedGroups])
  const plan = useMemo(() => fold(drawn, foldedGroups), [drawn, foldedGroups])
  const shown = useKept(plan.nodes, ({ id }) => id)
  const edges = useKept(plan.edges, nameOfEdge)

  /** A group is no node of the run, so only the graph knows that it is selected. */
  const [group, setGroup] = useState<string | null>(null)
  useEffect(() => setGroup(null), [selected])
  const shownAs = (code: string) => standsFor.get(code) ?? code
  const current = group ?? (selected === null ? null : shownAs(selected))

  const codeSought = sought && shownAs(sought.code)
  useEffect(() => {
    if (codeSought !== null) graph.current?.approach(codeSought)
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- when it is asked for, not when it is folded or unfolded.
  }, [sought])

  const groupOf = (id: string) => [...groups.values()].find((each) => each.id === id || each.members.includes(id))
  const toggle = (id: string) => {
    const found = groupOf(id)
    if (found === undefined) return
    const next = new Set(folded)
    const unfolds = next.delete(found.name)
    if (!unfolds) next.add(found.name)
    setFolded(next)
    setGroup(unfolds ? null : found.id)
  }
  const choose = (id: string | undefined) => {
    const isGroup = id !== undefined && groupOf(id)?.id === id
    setGroup(isGroup ? id : null)
    const node = nodes.find(({ code }) => code === id)
    if (node && node.code !== selected) onChoose(node)
  }
  const onKey = (event: KeyboardEvent): boolean => {
    if (event.key !== 'e' || event.ctrlKey || event.metaKey || event.altKey || current === null) return false
    toggle(current)
    return true
  }
  const foldsAll = folded.size === 0
  return (
    <DagGraph
      ref={graph}
      label={[t('graphOf', { name: run.dag?.code, version: run.dag?.version }), ...(groups.size > 0 ? [t('foldKeys')] : [])].join(
        '. ',
      )}
      nodes={shown}
      edges={edges}
      height="min(440px, 55vh)"
      selection={useMemo(() => (current === null ? NOTHING_SELECTED : selectNode(current)), [current])}
      onSelect={(selection) => choose(selection.nodes.at(-1))}
      onOpen={(id) => (groupOf(id)?.id === id ? toggle(id) : choose(id))}
      onKey={onKey}
      tools={
        <>
          {nodes.some(({ state }) => BAD.has(state)) && (
            <GraphTool label={t('nextFailure')} icon={OctagonX} onClick={onNextFailure} />
          )}
          {groups.size > 0 && (
            <GraphTool
              label={foldsAll ? t('foldAll') : t('unfoldAll')}
              icon={foldsAll ? FoldHorizontal : UnfoldHorizontal}
              onClick={() => {
                setGroup(null)
                setFolded(new Set(foldsAll ? groups.keys() : []))
              }}
            />
          )}
        </>
      }
    />
  )
}

const ALL = 'all'

/** Which groups are folded; the address says it: `fold=all`, `fold=load,step`. */
function useFolded({ nodes, edges }: DagDefinitionView): {
  readonly groups: Groups
  readonly folded: ReadonlySet<string>
  readonly setFolded: (names: ReadonlySet<string>) => void
} {
  const { fold: text } = useSearch({ strict: false }) as { readonly fold?: string }
  const setSearch = useSetSearch()
  const groups = useMemo(() => groupsOf({ ids: nodes.map(({ code }) => code), edges }), [nodes, edges])
  const folded = useMemo(
    () => new Set(text === ALL ? groups.keys() : text?.split(',').filter((name) => groups.has(name))),
    [text, groups],
  )
  const setFolded = (names: ReadonlySet<string>) =>
    setSearch({ fold: names.size === 0 ? undefined : names.size === groups.size ? ALL : [...names].join(',') })
  return { groups, folded, setFolded }
}

const nameOfEdge = ({ from, to }: GraphEdge) => `${from} ${to}`

/** What has not changed is the same object as before: the graph does not look at it again. */
function useDrawn(definition: DagDefinitionView, nodes: readonly RunNode[]) {
  const say = useSaid()
  const now = useMemo(() => {
    const states = new Map(nodes.map((node) => [node.code, node]))
    return {
      nodes: definition.nodes.map((defined) => drawnNode(defined, states.get(defined.code), say)),
      edges: edgesOf(definition, nodes).map(({ from, to, condition, taken }): GraphEdge => ({
        from,
        to,
        ...(condition === undefined ? {} : { label: condition }),
        ...(taken === undefined ? {} : { taken }),
      })),
    }
  }, [definition, nodes, say])
  const drawn = useKept(now.nodes, ({ id }) => id)
  const edges = useKept(now.edges, nameOfEdge)
  return useMemo(() => ({ nodes: drawn, edges }), [drawn, edges])
}

function drawnNode(defined: DagDefinitionView['nodes'][number], node: RunNode | undefined, say: Say): GraphNode {
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
          ...(first.why === null || first.why.reason === 'DEPENDENCY' ? {} : { note: say(first.why.detail) }),
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
