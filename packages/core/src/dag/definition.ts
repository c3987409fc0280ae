import type { RoutePolicy } from '../route/policy.ts'
import type { RouteStrategy } from '../run/plan.ts'
import type { RetryPolicy } from '../run/retry.ts'

/**
 * A DAG as people write it, in YAML, JSON, the SDK's builder or the editor: only codes, no identifiers, so that it means the same in every
 * tenant that has its tasks. What a version of a DAG holds.
 */
export interface DagDefinition {
  readonly nodes: readonly NodeDefinition[]
  readonly edges: readonly EdgeDefinition[]
  /** Parameters that a run has unless it is given others. */
  readonly params?: Readonly<Record<string, unknown>>
  /** JSON Schema of the run's parameters. */
  readonly paramsSchema?: Readonly<Record<string, unknown>>
  /** The output of the run, for whoever uses this DAG as a node: a value whose texts may hold `${{ … }}`. */
  readonly output?: unknown
  /** 0 = none: the whole run. */
  readonly timeoutMs?: number
}

export const TRIGGER_RULES = ['ALL_SUCCESS', 'ALL_DONE', 'ONE_SUCCESS', 'ONE_FAILED', 'NONE_FAILED', 'ALWAYS'] as const
export type TriggerRule = (typeof TRIGGER_RULES)[number]

/** What a node does is said by exactly one of `task`, `dag`, `approval` and `wait`. */
export interface NodeDefinition {
  /** Unique in the DAG; expressions name it: `nodes.extract.output.rows`. */
  readonly code: string
  readonly name?: string
  /** Runs this task, whose parameters and policies the node overrides. */
  readonly task?: string
  /** Runs the ACTIVE version of this DAG (or the named one) as a run of its own, and ends as it ends. */
  readonly dag?: string
  readonly dagVersion?: number
  readonly approval?: ApprovalDefinition
  readonly wait?: WaitDefinition
  /** Laid over the task's own; texts may hold `${{ … }}`. */
  readonly params?: Readonly<Record<string, unknown>>
  /** ALL_SUCCESS unless given. A node without upstream runs at once. */
  readonly triggerRule?: TriggerRule
  /** Its failure does not make the run fail. Downstream it counts as a failure all the same. */
  readonly mayFail?: boolean
  /** Of a node with a task: one instance for each element of a list; the outputs, in its order, are this node's output. */
  readonly forEach?: ForEachDefinition
  readonly timeoutMs?: number
  readonly retry?: Partial<RetryPolicy>
  readonly priority?: number
  readonly route?: RouteStrategy | RoutePolicy
  /** Where the editor draws it. */
  readonly position?: { readonly x: number; readonly y: number }
}

export interface ForEachDefinition {
  /** An expression over the run and its upstream nodes that gives a list; `item` and `index` are known to the node's `params`. */
  readonly items: string
  /** Elements at work at once; 0 = no limit. */
  readonly maxParallel?: number
  /** The node succeeds when at least this share of its elements does, in (0, 1]; 1 unless given. */
  readonly successShare?: number
}

export interface ApprovalDefinition {
  /** Roles that may decide; `operator` and above unless given. */
  readonly roles?: readonly string[]
  readonly prompt?: string
  /** 0 = waits for ever. Not decided in time it counts as rejected. */
  readonly timeoutMs?: number
}

/** Exactly one of `ms`, `until` and `event`. */
export interface WaitDefinition {
  readonly ms?: number
  /** An expression that gives an instant: epoch milliseconds, or ISO 8601 text. */
  readonly until?: string
  readonly event?: {
    readonly name: string
    /** An expression that gives the correlation key; the event must carry the same. */
    readonly key: string
    /** 0 = waits for ever. */
    readonly timeoutMs?: number
  }
}

export interface EdgeDefinition {
  readonly from: string
  readonly to: string
  /** An expression over how `from` ended (`state`, `output`, `error`) and the run (`params`). False: the edge counts as skipped. */
  readonly condition?: string
}

/** The most nodes of a DAG. */
export const MOST_NODES = 10_000
/** The most edges of a DAG. */
export const MOST_EDGES = 100_000
/** The most elements of a fan-out. */
export const MOST_ELEMENTS = 10_000
/** The most DAGs that stand in each other. Activating a version refuses more; a run is held to it as well, whatever has been edited since. */
export const DEEPEST_SUB_DAG = 10
/** The error of a node whose part would have as many DAGs above it. */
export const SUB_DAG_TOO_DEEP = { code: 'SUB_DAG_TOO_DEEP', message: `DAGs stand at most ${DEEPEST_SUB_DAG} deep in each other.` }
