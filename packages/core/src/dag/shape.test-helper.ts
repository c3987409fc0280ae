import type { TriggerRule } from './definition.ts'
import type { DagShape } from './plan.ts'

export interface ShapeSketch {
  readonly nodes: readonly { readonly rule?: TriggerRule; readonly mayFail?: boolean }[]
  readonly edges: readonly (readonly [from: number, to: number, condition?: string | null])[]
}

/** The shape of a plan from its nodes' rules and the pairs that its edges join. */
export function shapeOf({ nodes, edges }: ShapeSketch) {
  const parents = nodes.map(() => 0)
  const leaving: number[][] = nodes.map(() => [])
  for (const [place, [from, to]] of edges.entries()) {
    leaving[from]!.push(place)
    parents[to]!++
  }
  return {
    edges: edges.map(([from, to, condition]) => ({ from, to, condition: condition ?? null })),
    nodes: nodes.map(({ rule, mayFail }, index) => ({
      control: {
        triggerRule: rule ?? 'ALL_SUCCESS',
        mayFail: mayFail ?? false,
        parents: parents[index]!,
        edges: leaving[index]!,
      },
    })),
  } satisfies DagShape
}
