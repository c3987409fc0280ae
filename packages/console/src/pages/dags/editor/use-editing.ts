import type { DagDefinition, EdgeDefinition, NodeDefinition } from '@carillon/core'
import { getRouteApi } from '@tanstack/react-router'
import { useCallback, useRef, useState, type RefObject } from 'react'
import { useSetSearch } from '../../../app/set-search.ts'
import type { GraphHandle } from '../../../components/dag-graph/DagGraph.tsx'
import { NOTHING_SELECTED, selectNode, type GraphSelection, type Point } from '../../../components/dag-graph/model.ts'
import { layOutAside } from '../../../components/dag-graph/use-places.ts'
import { copied, isSameEdge, pasted, type Edit } from './document.ts'
import type { Draft } from './Draft.ts'
import { movesOf, shifted } from './places.ts'

const route = getRouteApi('/t/$tenant/dags/$dag/edit')

export type Paste = Extract<Edit, { kind: 'PASTE' }>

/** What is edited, what of it is chosen, and what can be done with that. */
export interface Editing {
  readonly definition: DagDefinition
  readonly graph: RefObject<GraphHandle | null>
  readonly selection: GraphSelection
  /** Codes of the chosen nodes that are (still) there. */
  readonly chosen: readonly string[]
  /** The one that is chosen alone. */
  readonly node: NodeDefinition | undefined
  readonly edge: EdgeDefinition | undefined
  readonly select: (selection: GraphSelection) => void
  readonly selectAll: () => void
  readonly edit: (edit: Edit) => void
  readonly remove: () => void
  readonly nudge: (by: Point) => void
  readonly duplicate: () => void
  readonly paste: (edit: Paste) => void
  readonly layOut: () => Promise<void>
}

export function useEditing(draft: Draft, definition: DagDefinition): Editing {
  const search = route.useSearch()
  const setSearch = useSetSearch()
  const [selection, setSelection] = useState<GraphSelection>(() => (search.node ? selectNode(search.node) : NOTHING_SELECTED))
  const graph = useRef<GraphHandle>(null)
  const { nodes, edges } = definition
  const chosen = selection.nodes.filter((code) => nodes.some((node) => node.code === code))
  const edge = selection.edge ? edges.find((each) => isSameEdge(each, selection.edge!)) : undefined

  const select = useCallback(
    (next: GraphSelection) => {
      setSelection(next)
      setSearch({ node: next.nodes.at(-1) })
    },
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- it means the same every time.
    [],
  )
  const edit = useCallback((change: Edit) => draft.edit(change), [draft])
  const paste = (change: Paste) => {
    edit(change)
    select({ nodes: change.nodes.map(({ code }) => code), edge: null })
  }
  return {
    ...{ definition, graph, selection, chosen, edge, select, edit, paste },
    node: chosen.length === 1 ? nodes.find(({ code }) => code === chosen[0]) : undefined,
    selectAll: () => setSelection({ nodes: nodes.map(({ code }) => code), edge: null }),
    remove() {
      if (chosen.length === 0 && !edge) return
      const kept = edges.find(({ to }) => chosen.includes(to))?.from
      edit({ kind: 'REMOVE', nodes: chosen, edge: edge ? { from: edge.from, to: edge.to } : null })
      select(kept !== undefined && !chosen.includes(kept) ? selectNode(kept) : NOTHING_SELECTED)
      graph.current?.focus()
    },
    nudge(by) {
      const places = graph.current?.places() ?? null
      const moves = shifted(chosen, places, by)
      if (moves.size > 0) edit(movesOf(nodes, places, moves))
    },
    duplicate() {
      const change = pasted(copied(definition, chosen), definition)
      if (change) paste(change)
    },
    async layOut() {
      const places = await layOutAside({
        ids: nodes.map(({ code }) => code).sort(),
        edges: edges.map(({ from, to }) => ({ from, to })),
        labelled: edges.some(({ condition }) => condition !== undefined),
      })
      edit({ kind: 'LAY_OUT', places: [...places] })
      requestAnimationFrame(() => graph.current?.fit())
    },
  }
}
