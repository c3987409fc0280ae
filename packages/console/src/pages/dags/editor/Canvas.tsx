import type { DagDefinition } from '@carillon/core'
import { useMemo, useRef, type KeyboardEvent } from 'react'
import { DagGraph } from '../../../components/dag-graph/DagGraph.tsx'
import { selectEdge, type GraphEdge, type GraphNode, type Point } from '../../../components/dag-graph/model.ts'
import { useTexts } from '../../../i18n/texts.ts'
import { refusalText } from './dialogs.tsx'
import { refusalOf } from './document.ts'
import { graphEdge, graphNode } from './graph-of.ts'
import { movesOf } from './places.ts'
import type { EditorProblem } from './problems.ts'
import { editorTexts } from './text.ts'
import type { Editing } from './use-editing.ts'

interface CanvasProps {
  readonly editing: Editing
  readonly label: string
  readonly problems: readonly EditorProblem[]
  readonly onOpen: () => void
  readonly onKey: (event: KeyboardEvent) => boolean
  readonly onAdd: (after: string | null, at: Point) => void
}

/** The definition as a graph that is edited by mouse and keyboard. */
export function Canvas({ editing, label, problems, onOpen, onKey, onAdd }: CanvasProps) {
  const t = useTexts(editorTexts)
  const { definition, graph, selection, select, edit } = editing
  return (
    <DagGraph
      ref={graph}
      label={label}
      height="100%"
      {...useDrawing(definition, problems)}
      selection={selection}
      onSelect={select}
      onOpen={onOpen}
      onKey={onKey}
      editing={{
        onMove: (moves) => edit(movesOf(definition.nodes, graph.current?.places() ?? null, moves)),
        refusal: (from, to) => {
          const refused = refusalOf(definition, from, to)
          return refused === null ? null : refusalText(t, refused)
        },
        onConnect: (from, to) => {
          edit({ kind: 'ADD_EDGE', edge: { from, to } })
          select(selectEdge({ from, to }))
        },
        onConnectNew: onAdd,
      }}
    />
  )
}

/** Nodes and edges as they are drawn. What did not change is the same object again: only what changed is looked at by the graph. */
function useDrawing(definition: DagDefinition, problems: readonly EditorProblem[]) {
  const known = useRef({ nodes: new Map<object, GraphNode>(), edges: new Map<object, GraphEdge>() })
  return useMemo(() => {
    const wrongNodes = new Set(problems.map(({ node }) => node))
    const wrongEdges = new Set(problems.flatMap(({ edge }) => (edge ? [`${edge.from} ${edge.to}`] : [])))
    const nodes = redrawn(definition.nodes, known.current.nodes, graphNode, ({ code }) => wrongNodes.has(code))
    const edges = redrawn(definition.edges, known.current.edges, graphEdge, ({ from, to }) => wrongEdges.has(`${from} ${to}`))
    known.current = { nodes, edges }
    return { nodes: [...nodes.values()], edges: [...edges.values()] }
  }, [definition, problems])
}

function redrawn<T extends object, Drawn extends { readonly mark?: unknown }>(
  parts: readonly T[],
  known: ReadonlyMap<object, Drawn>,
  draw: (part: T, mark: 'problem' | undefined) => Drawn,
  isWrong: (part: T) => boolean,
): Map<object, Drawn> {
  return new Map(
    parts.map((part) => {
      const wrong = isWrong(part)
      const before = known.get(part)
      return [part, before && (before.mark === 'problem') === wrong ? before : draw(part, wrong ? 'problem' : undefined)]
    }),
  )
}
