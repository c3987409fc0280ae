import { OUTCOME_OF_STOP, type FinalRunState, type RunStop } from '../run/run.ts'
import type { InstanceState } from '../run/task-instance.ts'
import type { DagShape } from './plan.ts'
import { applyTriggerRule, type ParentCounters } from './trigger-rule.ts'

// How a run of a DAG goes on, as functions of its plan and of what just changed: never of the whole run, so a step costs what it touches.
// The caller keeps one set of counters for each waiting node. A node ends → `passOn` gives one outcome for each edge that leaves it →
// the caller adds them to the counters of their targets (`countIn`, or the same sum in SQL) → `advance` says which targets go on.

/** Why a node is skipped. `DONE`: a person marked it as done. */
export type SkipReason = 'UPSTREAM_FAILED' | 'CONDITION' | 'DONE'

export interface TouchedNode {
  /** Index in `Plan.nodes`. */
  readonly node: number
  readonly parents: ParentCounters
}

export type Decision =
  | { readonly kind: 'READY'; readonly node: number }
  | { readonly kind: 'SKIP'; readonly node: number; readonly because: Exclude<SkipReason, 'DONE'> }

/**
 * Decides about waiting nodes whose counters changed. Those that go on waiting are left out. Each decision depends on its node's rule and
 * counters alone, so asking again, or about more or fewer nodes at a time, gives the same decisions.
 */
export function advance(plan: DagShape, touched: readonly TouchedNode[]): readonly Decision[] {
  return touched.flatMap(({ node, parents }) => {
    const decision = decide(plan, node, parents)
    return decision ? [decision] : []
  })
}

function decide(plan: DagShape, node: number, parents: ParentCounters): Decision | null {
  switch (applyTriggerRule(plan.nodes[node]?.control?.triggerRule ?? 'ALL_SUCCESS', parents)) {
    case 'WAIT':
      return null
    case 'RUN':
      return { kind: 'READY', node }
    case 'SKIP':
      // A failure is not forgotten behind a row of skipped nodes, although their own conditions may be what skipped them.
      return { kind: 'SKIP', node, because: parents.failed > 0 ? 'UPSTREAM_FAILED' : 'CONDITION' }
  }
}

/** The nodes without upstream: what a new run begins with. */
export function roots(plan: DagShape): readonly number[] {
  return plan.nodes.flatMap((node, index) => (parentsOf(node) === 0 ? [index] : []))
}

/** The counters of each node, in the order of the plan, before anything has ended. */
export function initialCounters(plan: DagShape): readonly ParentCounters[] {
  return plan.nodes.map((node) => ({ total: parentsOf(node), ok: 0, failed: 0, skipped: 0 }))
}

const parentsOf = (node: DagShape['nodes'][number]) => node.control?.parents ?? 0

/**
 * How an ended run ended. `stop` is what ended it from outside.
 *
 * @param nodeStates the final state of each node, in the order of the plan
 */
export function outcomeOfRun(plan: DagShape, nodeStates: readonly InstanceState[], stop: RunStop | null = null): FinalRunState {
  if (stop) return OUTCOME_OF_STOP[stop]
  const marks = nodeStates.map((state, node) => markOfNode(plan, node, state))
  return marks.find((mark) => mark === 'FAILED') ?? marks.find((mark) => mark === 'CANCELLED') ?? 'SUCCESS'
}

/**
 * What one node's end means for the state of its run: it fails it, it cancels it (unless another fails it), or it leaves it alone. Lets a
 * caller keep a run's outcome up to date without reading all nodes at its end.
 */
export function markOfNode(plan: DagShape, node: number, state: InstanceState): 'FAILED' | 'CANCELLED' | null {
  if (plan.nodes[node]?.control?.mayFail) return null
  if (state === 'FAILED' || state === 'TIMEOUT' || state === 'LOST') return 'FAILED'
  return state === 'CANCELLED' ? 'CANCELLED' : null
}
