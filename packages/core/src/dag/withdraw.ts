import { countIn, passOn, type EndedNode } from './pass-on.ts'
import type { DagShape } from './plan.ts'
import { applyTriggerRule, type ParentCounters } from './trigger-rule.ts'

/**
 * Where a node of a live run stands. `WAITING`: for what is upstream. `BEGUN`: it has begun, and may have ended since. `SKIPPED`: its rule
 * skipped it. `SETTLED`: a person decided about it before it did anything (marked as done, cancelled); that stands.
 */
export type NodeStanding = 'WAITING' | 'BEGUN' | 'SKIPPED' | 'SETTLED'

/** What a withdrawn end leaves a node with: what its other parents have passed on. */
export interface ParentsLeft extends ParentCounters {
  /** Why a condition on the way could not be evaluated, of an edge that still counts. */
  readonly problem: string | null
}

export type Withdrawal =
  | {
      readonly kind: 'WITHDRAWN'
      /** Skipped because of it, directly or behind others: they wait again. */
      readonly again: readonly number[]
      /** Of the node itself, of `again`, and of those that wait and had been told of one of these. */
      readonly parents: ReadonlyMap<number, ParentsLeft>
    }
  /** These began because of how the node ended; what they did cannot be taken back. */
  | { readonly kind: 'RELIED_ON'; readonly nodes: readonly number[] }

/** The nodes that were skipped behind a node's end: those to which a way leads along skipped nodes alone. */
export function skippedBehind(plan: DagShape, node: number, standingOf: (node: number) => NodeStanding): readonly number[] {
  const found = new Set([node])
  // A set goes on to what is added to it meanwhile.
  for (const each of found) for (const to of targetsOf(plan, each)) if (standingOf(to) === 'SKIPPED') found.add(to)
  found.delete(node)
  return [...found]
}

/** The nodes whose ends `withdraw` asks for: a caller that reads them from a store reads these, and not the whole run. */
export function readToWithdraw(plan: DagShape, node: number, standingOf: (node: number) => NodeStanding): readonly number[] {
  const { withdrawn, told } = reach(plan, node, standingOf)
  const counted = new Set([...withdrawn, ...told])
  const parents = (plan.edges ?? []).filter((edge) => counted.has(edge.to) && !withdrawn.has(edge.from)).map((edge) => edge.from)
  return [...new Set(parents)]
}

/**
 * Takes back how a node ended, so that it can run again in the same run: what was skipped because of it waits again, and whoever waits
 * forgets what it was told. Counters are derived from how the other parents have ended, so they are as if the end had never been.
 *
 * @param endOf how a node has ended; null: it has not
 */
export function withdraw(
  plan: DagShape,
  node: number,
  standingOf: (node: number) => NodeStanding,
  endOf: (node: number) => EndedNode | null,
  run: { readonly params: unknown },
): Withdrawal {
  const { withdrawn, told } = reach(plan, node, standingOf)
  const parents = parentsLeft(plan, withdrawn, new Set([...withdrawn, ...told]), endOf, run)
  const relied = told.filter((each) => {
    const rule = plan.nodes[each]?.control?.triggerRule ?? 'ALL_SUCCESS'
    return standingOf(each) === 'BEGUN' && applyTriggerRule(rule, parents.get(each)!) !== 'RUN'
  })
  if (relied.length > 0) return { kind: 'RELIED_ON', nodes: relied }
  for (const each of told) if (standingOf(each) !== 'WAITING') parents.delete(each)
  withdrawn.delete(node)
  return { kind: 'WITHDRAWN', again: [...withdrawn], parents }
}

const targetsOf = (plan: DagShape, node: number) =>
  (plan.nodes[node]?.control?.edges ?? []).flatMap((place) => plan.edges?.[place]?.to ?? [])

/** What is taken back, and who was told of it without being taken back. */
function reach(plan: DagShape, node: number, standingOf: (node: number) => NodeStanding) {
  const withdrawn = new Set([node, ...skippedBehind(plan, node, standingOf)])
  const told = new Set([...withdrawn].flatMap((each) => targetsOf(plan, each)))
  return { withdrawn, told: [...told].filter((each) => !withdrawn.has(each)) }
}

function parentsLeft(
  plan: DagShape,
  withdrawn: ReadonlySet<number>,
  counted: ReadonlySet<number>,
  endOf: (node: number) => EndedNode | null,
  run: { readonly params: unknown },
): Map<number, ParentsLeft> {
  const left = new Map<number, ParentsLeft>()
  for (const node of counted) {
    left.set(node, { total: plan.nodes[node]?.control?.parents ?? 0, ok: 0, failed: 0, skipped: 0, problem: null })
  }
  const from = new Set(
    (plan.edges ?? []).flatMap((edge) => (counted.has(edge.to) && !withdrawn.has(edge.from) ? [edge.from] : [])),
  )
  for (const parent of from) {
    const end = endOf(parent)
    for (const { node, outcome, problem } of end ? passOn(plan, parent, end, run) : []) {
      const so = left.get(node)
      if (so) left.set(node, { ...countIn(so, outcome), problem: so.problem ?? problem ?? null })
    }
  }
  return left
}
