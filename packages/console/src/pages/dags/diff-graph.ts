import type { DagDefinition, DefinitionDiff, EdgeDefinition } from '@carillon/core'
import type { GraphEdge, GraphNode } from '../../components/dag-graph/model.ts'
import { graphEdge, graphNode } from './editor/graph-of.ts'

/** One thing that differs: a node, an edge or a field of the definition itself. */
export interface Change {
  readonly kind: 'added' | 'removed' | 'changed'
  readonly node?: string
  readonly edge?: { readonly from: string; readonly to: string }
  readonly fields: readonly { readonly path: string; readonly before?: unknown; readonly after?: unknown }[]
}

const key = ({ from, to }: Pick<EdgeDefinition, 'from' | 'to'>) => `${from} ${to}`

/** Both definitions as one graph: what is gone stands where it was, marked as gone. */
export function mergedGraph(before: DagDefinition, after: DagDefinition, diff: DefinitionDiff) {
  const added = new Set(diff.nodes.added.map(({ code }) => code))
  const changed = new Set(diff.nodes.changed.map(({ code }) => code))
  const addedEdges = new Set(diff.edges.added.map(key))
  const changedEdges = new Set(diff.edges.changed.map(key))
  const nodes: GraphNode[] = [
    ...after.nodes.map((node) =>
      graphNode(node, added.has(node.code) ? 'added' : changed.has(node.code) ? 'changed' : undefined),
    ),
    ...diff.nodes.removed.map((node) => graphNode(node, 'removed')),
  ]
  const edges: GraphEdge[] = [
    ...after.edges.map((edge) =>
      graphEdge(edge, addedEdges.has(key(edge)) ? 'added' : changedEdges.has(key(edge)) ? 'changed' : undefined),
    ),
    ...diff.edges.removed.map((edge) => graphEdge(edge, 'removed')),
  ]
  // Two hand-made drawings need not fit together: unless both are one, the layout draws the graph anew.
  const placed =
    before.nodes.length === 0 || (diff.nodes.removed.length === 0 && nodes.every(({ position }) => position !== undefined))
  return { nodes: placed ? nodes : nodes.map(({ position: _, ...node }) => node), edges }
}

/** In the order of reading: the definition itself, then nodes, then edges. */
export function changesOf({ nodes, edges, fields }: DefinitionDiff): readonly Change[] {
  const whole = (value: object) => Object.entries(value).map(([name, each]) => ({ path: `/${name}`, after: each as unknown }))
  return [
    ...(fields.length > 0 ? [{ kind: 'changed' as const, fields }] : []),
    ...nodes.removed.map(({ code }) => ({ kind: 'removed' as const, node: code, fields: [] })),
    ...nodes.added.map(({ code, position: _, ...rest }) => ({ kind: 'added' as const, node: code, fields: whole(rest) })),
    ...nodes.changed.map(({ code, fields: of }) => ({ kind: 'changed' as const, node: code, fields: of })),
    ...edges.removed.map((edge) => ({ kind: 'removed' as const, edge, fields: [] })),
    ...edges.added.map(({ from, to, condition }) => ({
      kind: 'added' as const,
      edge: { from, to },
      fields: condition === undefined ? [] : [{ path: '/condition', after: condition }],
    })),
    ...edges.changed.map(({ from, to, fields: of }) => ({ kind: 'changed' as const, edge: { from, to }, fields: of })),
  ]
}
