import type { Transaction } from '../storage/database.ts'
import { expireSessions } from '../storage/executor-session.ts'
import {
  promoteDueInstances,
  requestStop,
  selectAbandonedInstances,
  selectOverdueInstances,
  type InstanceKey,
  type LockedInstance,
} from '../storage/instance.ts'
import { putOffInstance } from '../storage/node.ts'
import { TenantMap } from '../storage/tenant-map.ts'
import { queueTopic } from '../runtime/wake-hub.ts'
import { completeInstances, type InstanceEnd } from './complete-instances.ts'
import type { Engine } from './engine.ts'
import { lockInstances, type InstanceUnderLock } from './lock-instances.ts'
import { isDetached, isHeld, wakeSessions } from './stop-runs.ts'
import { workOffDue } from './work-off-due.ts'

const BATCH = 500

/**
 * Enforces deadlines, whatever executors do. A handler past its time-out is asked to stop; one that has not answered by the end of the
 * grace period is given up; what was reserved and never started counts as lost. Answers how long to rest.
 */
export async function timeOut(engine: Engine, restMs = 500): Promise<number> {
  const keys = await engine.db.look((tx) => selectOverdueInstances(tx, BATCH))
  await workOffDue(engine, keys, (tx, some) => enforceDeadlines(tx, engine, some), PUT_OFF)
  return keys.length >= BATCH ? 0 : restMs
}

const PUT_OFF = { what: 'instance', putOff: putOffInstance }

async function enforceDeadlines(tx: Transaction, engine: Engine, keys: readonly InstanceKey[]): Promise<void> {
  const locked = (await lockInstances(tx, keys)).values()
  const now = await tx.now()
  const overdue = locked.filter((instance) => isHeld(instance) && instance.deadlineAt !== null && instance.deadlineAt <= now)
  askToStop(
    tx,
    engine,
    overdue.filter((instance) => instance.state === 'RUNNING' && instance.stopReason === null && !isDetached(instance)),
    now,
  )
  await completeInstances(tx, engine, overdue.flatMap(giveUp))
}

function askToStop(tx: Transaction, engine: Engine, instances: readonly LockedInstance[], now: number): void {
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
  const keys = await engine.db.look((tx) => selectAbandonedInstances(tx, BATCH))
  await workOffDue(engine, keys, (tx, some) => giveUpLost(tx, engine, some), PUT_OFF)
  return keys.length >= BATCH ? 0 : restMs
}

async function giveUpLost(
  tx: Transaction,
  engine: Engine,
  keys: readonly (InstanceKey & { readonly sessionId: number })[],
): Promise<void> {
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
