import type { Transaction } from '../storage/database.ts'
import { expireSessions } from '../storage/executor-session.ts'
import {
  promoteDueInstances,
  requestStop,
  selectAbandonedInstances,
  selectOverdueInstances,
  type LockedInstance,
} from '../storage/instance.ts'
import { TenantMap } from '../storage/tenant-map.ts'
import { queueTopic } from '../runtime/wake-hub.ts'
import { completeInstances, type InstanceEnd } from './complete-instances.ts'
import type { Engine } from './engine.ts'
import { lockInstances, type InstanceUnderLock } from './lock-instances.ts'
import { isDetached, isHeld, wakeSessions } from './stop-runs.ts'

const BATCH = 500

/**
 * Enforces deadlines, whatever executors do. A handler past its time-out is asked to stop; one that has not answered by the end of the
 * grace period is given up; what was reserved and never started counts as lost. Answers how long to rest.
 */
export async function timeOut(engine: Engine, restMs = 500): Promise<number> {
  const found = await engine.db.engine(async (tx) => {
    const keys = await selectOverdueInstances(tx, BATCH)
    if (keys.length === 0) return 0
    const locked = (await lockInstances(tx, keys)).values()
    const now = await tx.now()
    const overdue = locked.filter((instance) => isHeld(instance) && instance.deadlineAt !== null && instance.deadlineAt <= now)
    await askToStop(
      tx,
      engine,
      overdue.filter((instance) => instance.state === 'RUNNING' && instance.stopReason === null && !isDetached(instance)),
      now,
    )
    await completeInstances(tx, engine, overdue.flatMap(giveUp))
    return keys.length
  })
  return found >= BATCH ? 0 : restMs
}

async function askToStop(tx: Transaction, engine: Engine, instances: readonly LockedInstance[], now: number): Promise<void> {
  requestStop(
    tx,
    instances.map((instance) => ({ ...instance, reason: 'TIMEOUT' as const })),
    now + engine.settings.cancelGraceMs,
  )
  tx.afterCommit(() => wakeSessions(engine, instances))
}

function giveUp(instance: InstanceUnderLock): InstanceEnd[] {
  if (instance.stopReason !== null || isDetached(instance)) return [{ instance, end: { kind: 'OVERDUE' } }]
  return instance.state === 'RESERVED' ? [{ instance, end: { kind: 'LOST' } }] : []
}

/**
 * Ends the sessions whose heartbeats stopped, and the attempts of sessions that have ended in any way. Two transactions, so that neither
 * holds a session while it locks instances; a crash between them loses nothing, as the second looks at the instances.
 * `mayExpire` is false while this node cannot know whether the heartbeats or their receiver stopped.
 */
export async function reapLost(engine: Engine, mayExpire: boolean, restMs = 500): Promise<number> {
  if (mayExpire) await engine.db.engine((tx) => expireSessions(tx, BATCH))
  const found = await engine.db.engine(async (tx) => {
    const keys = await selectAbandonedInstances(tx, BATCH)
    if (keys.length === 0) return 0
    const abandoned = TenantMap.of(keys, (key) => key.id)
    // Between the look and the lock another node may have ended it and a new session taken it.
    const locked = (await lockInstances(tx, keys))
      .values()
      .filter((instance) => isHeld(instance) && instance.sessionId === abandoned.get(instance.tenantId, instance.id)?.sessionId)
    await completeInstances(
      tx,
      engine,
      locked.map((instance) => ({ instance, end: { kind: 'LOST' } })),
    )
    return keys.length
  })
  return found >= BATCH ? 0 : restMs
}

/** Makes retries whose pause is over PENDING, tenants in turn. */
export async function promoteDue(engine: Engine, restMs = 250): Promise<number> {
  const promoted = await engine.db.engine(async (tx) => {
    const rows = await promoteDueInstances(tx, BATCH)
    const ready = rows.filter((row) => row.state === 'PENDING')
    tx.afterCommit(() => ready.forEach((row) => engine.hub.wake(queueTopic(row.queueId), row.elsewhere ? 2 : 1)))
    return rows.length
  })
  // As much as a batch comes only of tenants that all have their share of it.
  return promoted > 0 ? 0 : restMs
}
