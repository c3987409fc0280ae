import type { FieldProblem } from '@carillon/core'
import type { Database } from '../storage/database.ts'
import type { WakeHub } from '../runtime/wake-hub.ts'
import type { PlanCache } from './plan-cache.ts'
import type { QueueCache } from './queue-cache.ts'
import type { SecretCache } from './secret-cache.ts'
import type { WaitingClaims } from './waiting-claims.ts'

/** What the stops of a run's life need besides their input. */
export interface Engine {
  readonly db: Database
  readonly plans: PlanCache
  readonly queues: QueueCache
  readonly hub: WakeHub
  readonly claims: WaitingClaims
  readonly secrets: SecretCache
  readonly settings: EngineSettings
  /** What is wrong with parameters under the schema of what they are for; null: it has none. */
  paramsProblems(schema: ParamsSchema | null, params: Readonly<Record<string, unknown>>): readonly FieldProblem[]
  /** In [0, 1): spreads retries. Injected, so that tests decide. */
  random(): number
  /** Events that people should hear of: a repaired run, a conflicting fire, a jump of the clock. */
  report(event: string, details: Record<string, unknown>): void
}

export type ParamsSchema = Readonly<Record<string, unknown>>

export interface EngineSettings {
  readonly leaseMs: number
  readonly heartbeatMs: number
  /** What a handler gets to end after it was asked to. */
  readonly cancelGraceMs: number
  /** How long a shard of a broadcast waits for its executor after that one has gone. */
  readonly shardGoneMs: number
  /** One step of priority is worth this much waiting. */
  readonly agingMs: number
  readonly misfireAfterMs: number
  readonly fireBatch: number
  readonly startBatch: number
  /** The most nodes with which runs are started in one transaction, unless a single run has more. */
  readonly startNodes: number
  readonly claimBatch: number
  readonly completeBatch: number
  readonly resultBytes: number
  readonly logLineBytes: number
  readonly logAttemptBytes: number
}

export const DEFAULT_ENGINE_SETTINGS: EngineSettings = {
  leaseMs: 30_000,
  heartbeatMs: 5_000,
  cancelGraceMs: 10_000,
  shardGoneMs: 300_000,
  agingMs: 60_000,
  misfireAfterMs: 60_000,
  fireBatch: 1_000,
  startBatch: 500,
  startNodes: 5_000,
  claimBatch: 500,
  completeBatch: 500,
  resultBytes: 256 * 1024,
  logLineBytes: 8 * 1024,
  logAttemptBytes: 10 * 1024 * 1024,
}
