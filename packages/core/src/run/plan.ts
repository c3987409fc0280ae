import type { NodeControl, PlanEdge } from '../dag/plan.ts'
import type { RoutePolicy } from '../route/policy.ts'
import type { ConcurrencyPolicy } from './concurrency.ts'
import type { RetryPolicy } from './retry.ts'
import type { FinalRunState } from './run.ts'

export const ROUTE_STRATEGIES = [
  'ROUND_ROBIN',
  'WEIGHTED_ROUND_ROBIN',
  'RANDOM',
  'STICKY',
  'LEAST_LOADED',
  'FIRST',
  'LAST',
  'CONSISTENT_HASH',
  'LFU',
  'LRU',
  'FAILOVER',
  'BUSYOVER',
] as const
export type RouteStrategy = (typeof ROUTE_STRATEGIES)[number]

export const DELIVERIES = ['AT_LEAST_ONCE', 'AT_MOST_ONCE'] as const
export type Delivery = (typeof DELIVERIES)[number]

/** The longest chain of downstream tasks. Saving a task refuses longer ones; where edits in between tie one, it ends as it runs. */
export const DEEPEST_CHAIN = 20

/** What a run executes: immutable, everything inherited already resolved. A task's plan has one node. */
export interface Plan {
  readonly targetKind: 'TASK' | 'DAG'
  readonly targetId: number
  /** The target's code and version when the plan was made, for people. */
  readonly code: string
  readonly version: number
  readonly concurrency: ConcurrencyPolicy
  readonly priority: number
  /** Of a DAG in topological order: an edge leads from a lower index to a higher one. */
  readonly nodes: readonly PlanNode[]
  /** Of a DAG. */
  readonly edges?: readonly PlanEdge[]
  /** Of a DAG. */
  readonly dag?: DagPlan
  readonly downstream: readonly { readonly taskId: number; readonly outcomes: readonly FinalRunState[] }[]
  /** Top-level parameters by whose value runs can be found. */
  readonly searchable: readonly string[]
}

/** What a DAG's plan says of its runs as a whole. */
export interface DagPlan {
  readonly versionId: number
  /** Parameters that a run has unless it is given others. */
  readonly params: Readonly<Record<string, unknown>>
  readonly paramsSchema: Readonly<Record<string, unknown>> | null
  /** What its runs answer; texts may hold `${{ … }}`. */
  readonly output: unknown
  /** When its runs are given up; 0 = never. */
  readonly timeoutMs: number
}

export interface PlanNode {
  readonly code: string
  /** Of a DAG's node that runs a task: the task's code. */
  readonly task?: string
  readonly kind: string
  readonly handler: string
  readonly queueId: number
  /** Of the kind: for `http` the request, for `log` the message. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly params: Readonly<Record<string, unknown>>
  readonly paramsSchema: Readonly<Record<string, unknown>> | null
  /** The parameters say what is done (an address, a statement), so whoever chooses one chooses what becomes of the secrets beside it. */
  readonly paramsAreWork?: true
  /** Environment variables handed to the handler. */
  readonly variables: Readonly<Record<string, string>>
  /** 0 = none. */
  readonly timeoutMs: number
  readonly retry: RetryPolicy
  readonly delivery: Delivery
  readonly route: RouteStrategy | RoutePolicy
  /** Of a DAG's node, or of a task that falls apart into shards: what is not of the task. */
  readonly control?: NodeControl
}

/** Runs of one instance have no more than that; all others advance under their own lock, node by node. */
export function isLarge(plan: Pick<Plan, 'nodes'>): boolean {
  return plan.nodes[0]?.control !== undefined
}
