import type { InstanceState } from '../run/task-instance.ts'
import type { SkipReason } from './advance.ts'
import { compileExpression } from './expression.ts'
import type { DagShape, PlanEdge } from './plan.ts'
import type { ParentCounters } from './trigger-rule.ts'

export const EDGE_OUTCOMES = ['OK', 'FAILED', 'SKIPPED'] as const
/** What an edge tells its target about the node it leaves. */
export type EdgeOutcome = (typeof EDGE_OUTCOMES)[number]

export interface EndedNode {
  readonly state: InstanceState
  /** Of a SKIPPED node; `DONE` unless given. */
  readonly skippedBecause?: SkipReason | null
  readonly output: unknown
  readonly error: unknown
}

export interface PassedOn {
  /** The target: index in `Plan.nodes`. */
  readonly node: number
  readonly outcome: EdgeOutcome
  /** Why the edge's condition could not be evaluated: the target's error, should it not run. */
  readonly problem?: string
}

/**
 * What the end of a node passes on, one entry for each edge that leaves it. Two edges to the same target give two entries. A node that has
 * not ended passes nothing on.
 */
export function passOn(plan: DagShape, node: number, ended: EndedNode, run: { readonly params: unknown }): readonly PassedOn[] {
  const bare = outcomeWithoutCondition(ended)
  if (bare === null) return []
  const edges = plan.nodes[node]?.control?.edges ?? []
  return edges.flatMap((place) => {
    const edge = plan.edges?.[place]
    return edge ? [{ node: edge.to, ...outcomeOfEdge(edge, bare, ended, run) }] : []
  })
}

/** Adds what an edge passed on to the counters of its target. */
export function countIn(parents: ParentCounters, outcome: EdgeOutcome): ParentCounters {
  switch (outcome) {
    case 'OK':
      return { ...parents, ok: parents.ok + 1 }
    case 'FAILED':
      return { ...parents, failed: parents.failed + 1 }
    case 'SKIPPED':
      return { ...parents, skipped: parents.skipped + 1 }
  }
}

/** What every edge passes on unless its condition says otherwise; null: the node has not ended. */
function outcomeWithoutCondition({ state, skippedBecause }: EndedNode): EdgeOutcome | null {
  switch (state) {
    case 'SUCCESS':
      return 'OK'
    case 'FAILED':
    case 'TIMEOUT':
    case 'CANCELLED':
    case 'LOST':
      return 'FAILED'
    case 'SKIPPED':
      return OUTCOME_OF_SKIPPED[skippedBecause ?? 'DONE']
    default:
      return null
  }
}

const OUTCOME_OF_SKIPPED: Readonly<Record<SkipReason, EdgeOutcome>> = {
  DONE: 'OK',
  CONDITION: 'SKIPPED',
  UPSTREAM_FAILED: 'FAILED',
}

function outcomeOfEdge(
  edge: PlanEdge,
  bare: EdgeOutcome,
  ended: EndedNode,
  run: { readonly params: unknown },
): { outcome: EdgeOutcome; problem?: string } {
  // A node that was skipped without a person saying so has no outcome to look at: a condition changes nothing.
  const hasOutcome = ended.state !== 'SKIPPED' || bare === 'OK'
  if (edge.condition === null || !hasOutcome) return { outcome: bare }
  const condition = evaluateCondition(edge.condition, seenBy(ended, run.params))
  if (condition.kind === 'TRUE') return { outcome: bare }
  // What failed has no output, so a condition that looks at it cannot be evaluated: that says no more than the failure did.
  if (condition.kind === 'FALSE' || bare === 'FAILED') return { outcome: 'SKIPPED' }
  return { outcome: 'FAILED', problem: condition.problem }
}

/** An output that cannot be read says so to the condition that reads it. */
function seenBy(ended: EndedNode, params: unknown): Readonly<Record<string, unknown>> {
  const { state, error } = ended
  return {
    ...{ state, error, params },
    get output() {
      return ended.output
    },
  }
}

type Condition = { readonly kind: 'TRUE' } | { readonly kind: 'FALSE' } | { readonly kind: 'BROKEN'; readonly problem: string }

function evaluateCondition(text: string, context: Readonly<Record<string, unknown>>): Condition {
  const compiled = compileExpression(text)
  const result = compiled.kind === 'OK' ? compiled.evaluate(context) : ({ kind: 'ERROR', ...compiled.problem } as const)
  if (result.kind === 'ERROR')
    return { kind: 'BROKEN', problem: `The condition "${text}" cannot be evaluated: ${result.message}` }
  if (result.value === true) return { kind: 'TRUE' }
  if (result.value === false) return { kind: 'FALSE' }
  return { kind: 'BROKEN', problem: `The condition "${text}" gives ${typeName(result.value)}, not true or false.` }
}

const typeName = (value: unknown) => (value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`)
