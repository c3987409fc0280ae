import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { computedProblems } from '../definition/params-schema.ts'
import { DEFAULT_ENGINE_SETTINGS, type Engine, type EngineSettings } from '../lifecycle/engine.ts'
import type { FiringDeps } from '../lifecycle/fire-schedules.ts'
import { createHistoryDays } from '../lifecycle/history-days.ts'
import { createPlanCache } from '../lifecycle/plan-cache.ts'
import { createQueueCache } from '../lifecycle/queue-cache.ts'
import { createScheduleCache } from '../lifecycle/schedule-cache.ts'
import { createSecretCache } from '../lifecycle/secret-cache.ts'
import { createWaitingClaims } from '../lifecycle/waiting-claims.ts'
import { createClockGuard, type ClockGuard } from '../runtime/clock-guard.ts'
import { createWakeHub } from '../runtime/wake-hub.ts'
import { openWakeWire, type WakeWire } from '../runtime/wake-wire.ts'
import { openDatabase, type Database } from '../storage/database.ts'
import { loadMasterKeys } from '../vault/master-keys.ts'
import { createVault, type Vault } from '../vault/vault.ts'
import { causeOf } from './cause.ts'

/** What every part of a node stands on. */
export interface Base {
  readonly nodeId: string
  readonly vault: Vault
  readonly db: Database
  readonly engine: Engine
  readonly firing: FiringDeps
  readonly clock: ClockGuard
  /** Last, when nothing works any more. */
  close(): Promise<void>
}

export interface BaseOptions {
  readonly url: string
  readonly nodeId: string
  readonly vault: Vault
  readonly config: Config
  readonly log: Logger
}

/** Connects to a database that has its schema. Nothing moves yet. */
export function openBase({ url, nodeId, vault, config, log }: BaseOptions): Base {
  const warn = (text: string) => (error: unknown) => log.warn(causeOf(error), text)
  const db = openDatabase({ url, sizes: config.pools, onError: warn('A database connection was lost') })
  const engine = createEngine(db, vault, config, log)
  const wire: WakeWire = openWakeWire({ url, nodeId, hub: engine.hub, onError: warn('The wake-up connection failed') })
  return {
    nodeId,
    vault,
    db,
    engine,
    firing: { engine, schedules: createScheduleCache(), days: createHistoryDays(db) },
    clock: createClockGuard({
      calmMs: config.leaseMs,
      silenceMs: 5 * config.nodeHeartbeatMs,
      monotonic: () => performance.now(),
      onJump: (ms) => engine.report('clock.jumped', { ms }),
    }),
    async close() {
      await wire.close()
      await db.close()
    },
  }
}

export function vaultOf({ secrets, dataDir }: Config): Vault {
  return createVault(loadMasterKeys({ ...secrets, dataDir }))
}

function createEngine(db: Database, vault: Vault, config: Config, log: Logger): Engine {
  const settings: EngineSettings = {
    leaseMs: config.leaseMs,
    heartbeatMs: config.executorHeartbeatMs,
    cancelGraceMs: config.cancelGraceMs,
    shardGoneMs: config.shardGoneMs,
    agingMs: config.agingMs,
    misfireAfterMs: config.misfireAfterMs,
    fireBatch: config.batch.fire,
    startBatch: config.batch.start,
    startNodes: DEFAULT_ENGINE_SETTINGS.startNodes,
    claimBatch: config.batch.claim,
    completeBatch: config.batch.complete,
    resultBytes: config.limits.resultBytes,
    logLineBytes: config.limits.logLineBytes,
    logAttemptBytes: config.limits.attemptLogBytes,
  }
  const hub = createWakeHub()
  return {
    db,
    plans: createPlanCache(),
    secrets: createSecretCache(vault),
    queues: createQueueCache(hub),
    hub,
    claims: createWaitingClaims(),
    paramsProblems: computedProblems,
    settings,
    random: Math.random,
    report: (event, { error, ...details }) =>
      log.warn({ event, ...details, ...(error === undefined ? {} : causeOf(error)) }, event),
  }
}
