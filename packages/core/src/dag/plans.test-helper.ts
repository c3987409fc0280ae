import { DEFAULT_RETRY } from '../run/retry.ts'
import type { Plan } from '../run/plan.ts'
import type { TriggerRule } from './definition.ts'

export interface PlanSketch {
  /** Each node with its trigger rule. */
  readonly nodes: readonly { readonly rule?: TriggerRule; readonly mayFail?: boolean }[]
  readonly edges: readonly (readonly [from: number, to: number, condition?: string | null])[]
}

/** A plan of which only what the engine looks at matters. */
export function planOf({ nodes, edges }: PlanSketch): Plan {
  return {
    targetKind: 'DAG',
    targetId: 1,
    code: 'dag',
    version: 1,
    concurrency: { kind: 'PARALLEL', limit: 0 } as unknown as Plan['concurrency'],
    priority: 0,
    downstream: [],
    searchable: [],
    edges: edges.map(([from, to, condition]) => ({ from, to, condition: condition ?? null })),
    nodes: nodes.map(({ rule, mayFail }, index) => ({
      code: `n${index}`,
      kind: 'handler',
      handler: 'x',
      queueId: 1,
      settings: {},
      params: {},
      paramsSchema: null,
      variables: {},
      timeoutMs: 0,
      retry: DEFAULT_RETRY,
      delivery: 'AT_LEAST_ONCE',
      route: 'RANDOM',
      control: {
        does: { kind: 'TASK', taskId: index + 1 },
        triggerRule: rule ?? 'ALL_SUCCESS',
        mayFail: mayFail ?? false,
        forEach: null,
        priority: null,
        parents: edges.filter(([, to]) => to === index).length,
        edges: edges.flatMap(([from], place) => (from === index ? [place] : [])),
      },
    })),
  }
}
