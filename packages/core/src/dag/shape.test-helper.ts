import type { TriggerRule } from './definition.ts'
import type { DagShape } from './plan.ts'

export interface ShapeSketch {
  readonly nodes: readonly { readonly rule?: TriggerRule; readonly mayFail?: boolean }[]
  readonly edges: readonly (readonly [from: number, to: number, condition?: string | null])[]
}

/** The shape of a plan from its nodes' rules and the pairs that its edges join. */
export function shapeOf({ nodes, edges }: ShapeSketch) {
  return {
    edges: edges.map(([from, to, condition]) => ({ from, to, condition: condition ?? null })),
    nodes: nodes.map(({ rule, mayFail }, index) => ({
      control: {
        triggerRule: rule ?? 'ALL_SUCCESS',
        mayFail: mayFail ?? false,
        parents: edges.filter(([, to]) => to === index).length,
        edges: edges.flatMap(([from], place) => (from === index ? [place] : [])),
      },
    })),
  } satisfies DagShape
}
