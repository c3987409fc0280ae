import type { ErrorCode, RunOrigin } from '@carillon/core'
import type { AuditEntry } from '../storage/audit.ts'
import type { Transaction } from '../storage/database.ts'

export type { AuditEntry }

export interface StartRequest {
  readonly tenantId: number
  readonly target: { readonly kind: 'TASK' | 'DAG'; readonly id: number }
  readonly origin: RunOrigin
  readonly startedBy: string
  /** Overrides; the caller has validated them against the schema after merging. */
  readonly params: Record<string, unknown>
  readonly priority?: number
  readonly bypassConcurrency?: boolean
  readonly force?: boolean
  /** Of a DAG: the plan of the version that is named, and the key under which runs get the same one. */
  readonly planId?: number
  readonly runKey?: string
  readonly parentRunId?: number
  /** Of how many nodes its plan is, as far as the caller knows; absent: one. */
  readonly nodes?: number
  /** As of `RunStart`. */
  readonly expects?: { readonly version: number; readonly planId: number }
  readonly idempotency?: {
    readonly principal: string
    readonly route: string
    readonly key: string
    readonly requestHash: string
  }
  /** Written in the same transaction; the items of one request share one object, which is one row. */
  readonly audit?: AuditEntry
}

export type StartResult =
  | {
      readonly kind: 'STARTED'
      readonly runId: number
      readonly state: 'PENDING' | 'SKIPPED'
      readonly reason: string | null
      readonly replayed: boolean
    }
  | { readonly kind: 'REFUSED'; readonly code: ErrorCode; readonly detail: string; readonly outdated?: true }

export type ControlResult =
  | { readonly runId: number; readonly kind: 'DONE'; readonly newRunId?: number }
  | { readonly runId: number; readonly kind: 'NOT_FOUND' }
  | { readonly runId: number; readonly kind: 'REFUSED'; readonly detail: string }

type Control = (tenantId: number, runIds: readonly number[], by: string, audit: AuditEntry) => Promise<ControlResult[]>

/**
 * FAILED: what had succeeded is taken over, the rest runs again; refused while a repetition of the run is under way. `unlessRepeated`: also
 * when one has ended. `params`: over those of the run.
 */
export interface RetryHow {
  readonly from: 'START' | 'FAILED'
  readonly unlessRepeated?: true
  readonly params?: Readonly<Record<string, unknown>>
}

/** What a person does to one node of a run. */
export type NodeAction = { readonly tenantId: number; readonly instanceId: number } & (
  | { readonly kind: 'APPROVE' | 'REJECT'; readonly by: string; readonly comment: string | null }
  | { readonly kind: 'SKIP' | 'CANCEL' | 'RUN' }
  | { readonly kind: 'RETRY'; readonly params?: Readonly<Record<string, unknown>> }
)

export type NodeControlled =
  | { readonly kind: 'DONE'; readonly runId: number; /** The new one, of a retry. */ readonly instanceId?: number }
  | { readonly kind: 'REFUSED'; readonly detail: string }

export interface OutsideEvent {
  readonly tenantId: number
  readonly name: string
  readonly key: string
  readonly payload: unknown
}

/** What the API asks of the run's life. */
export interface Lifecycle {
  /**
   * Coalesced with other callers' into one transaction; a bad item is answered by itself. Of runs of many nodes in all, some are started in each of
   * several transactions, in turn with those of other callers.
   */
  startRuns(requests: readonly StartRequest[]): Promise<StartResult[]>
  cancelRuns: Control
  pauseRuns: Control
  resumeRuns: Control
  /** New runs of origin RETRY; the results carry their identifiers. */
  retryRuns(...args: [...Parameters<Control>, how?: RetryHow]): Promise<ControlResult[]>
  /** In the caller's transaction, which is the engine's, as `deliverEvent`. */
  controlNode(tx: Transaction, action: NodeAction): Promise<NodeControlled>
  /** Answers how many nodes waited for it. */
  deliverEvent(tx: Transaction, event: OutsideEvent): Promise<number>
  /** Hints after a commit: firing or backfill may have something to do. */
  wakeFiring(): void
  wakeBackfill(): void
}
