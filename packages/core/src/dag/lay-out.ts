import type { DagDefinition, NodeDefinition } from './definition.ts'
import type { NodeControl, PlanEdge } from './plan.ts'
import { topologicalOrder } from './topological-order.ts'

/** A definition's graph as a plan holds it: nodes in topological order, edges by index. */
export interface LaidOutDag {
  readonly nodes: readonly {
    readonly definition: NodeDefinition
    readonly control: Pick<NodeControl, 'triggerRule' | 'mayFail' | 'parents' | 'edges'>
  }[]
  readonly edges: readonly PlanEdge[]
}

/** Lays out a definition in which `validateDagDefinition` finds nothing wrong. */
export function layOutDag({ nodes, edges }: DagDefinition): LaidOutDag {
  const places = new Map(nodes.map(({ code }, index) => [code, index]))
  const pairs = edges.map(({ from, to }) => ({ from: places.get(from)!, to: places.get(to)! }))
  const sorted = topologicalOrder({ size: nodes.length, edges: pairs })
  if (sorted.kind === 'CYCLE') throw new Error('A definition with a cycle has no plan: validate it first.')
  const rankOf = new Map(sorted.order.map((place, rank) => [place, rank]))
  const planEdges = pairs.map(({ from, to }, index) => ({
    from: rankOf.get(from)!,
    to: rankOf.get(to)!,
    condition: edges[index]!.condition ?? null,
  }))
  const leaving: number[][] = nodes.map(() => [])
  const parents = nodes.map(() => 0)
  for (const [place, { from, to }] of planEdges.entries()) {
    leaving[from]!.push(place)
    parents[to]!++
  }
  return {
    edges: planEdges,
    nodes: sorted.order.map((place, rank) => {
      const definition = nodes[place]!
      const { triggerRule = 'ALL_SUCCESS', mayFail = false } = definition
      return { definition, control: { triggerRule, mayFail, parents: parents[rank]!, edges: leaving[rank]! } }
    }),
  }
}
