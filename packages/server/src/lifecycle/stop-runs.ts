import { isRunStop, type RunStop } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { isOnly, requestStop, type LockedInstance } from '../storage/instance.ts'
import { insertOutbox } from '../storage/outbox.ts'
import { markRunsStopping, type RunKey } from '../storage/run.ts'
import { continueTopic, sessionTopic } from '../runtime/wake-hub.ts'
import type { Engine } from './engine.ts'
import { advanceRuns } from './advance-runs.ts'
import { keysOf } from './ended-node.ts'
import { finishRuns } from './finish-runs.ts'
import { lockInstancesOfRuns } from './lock-instances.ts'

/**
 * Stops runs: what waits is cancelled at once, what an executor holds is asked to stop and gets a grace period. From then on nothing that
 * the handler answers makes it anything but stopped, and no other stop changes why. Answers the runs that were live.
 */
export async function stopRuns(
  tx: Transaction,
  engine: Engine,
  runs: readonly RunKey[],
  reason: RunStop,
): Promise<readonly LockedInstance[]> {
  const instances = await lockInstancesOfRuns(tx, runs)
  const now = await tx.now()
  const held = instances.filter(isHeldBySession)
  requestStop(
    tx,
    held.map((instance) => ({ ...instance, reason })),
    now + engine.settings.cancelGraceMs,
  )
  tx.afterCommit(() => wakeSessions(engine, held))
  const waiting = instances.filter((instance) => !isHeldBySession(instance)).map((instance) => cancelled(instance, reason))
  await finishRuns(
    tx,
    engine,
    waiting.filter(({ instance }) => isOnly(instance)),
    now,
  )
  stopPartsLater(tx, engine, waiting)
  // Its last instance ends it as what it was stopped for, whatever its nodes say.
  markRunsStopping(tx, largeRunsOf(instances), reason)
  await advanceRuns(
    tx,
    engine,
    waiting.filter(({ instance }) => !isOnly(instance)).map((each) => ({ ...each, ...keysOf(each.instance), because: null })),
    now,
  )
  return instances
}

/** The runs of other DAGs that are a part of what is stopped are stopped too, each under its own locks. */
export function stopPartsLater(tx: Transaction, engine: Engine, waiting: readonly { readonly instance: LockedInstance }[]): void {
  const parts = waiting.flatMap(({ instance: { tenantId, id, runId, waitReason } }) =>
    waitReason === 'SUB_DAG' ? [{ tenantId, kind: 'STOP_PART' as const, runId, payload: { instanceId: id } }] : [],
  )
  if (parts.length === 0) return
  insertOutbox(tx, parts)
  tx.afterCommit(() => engine.hub.wake(continueTopic))
}

function largeRunsOf(instances: readonly LockedInstance[]): RunKey[] {
  const large = new Map(instances.filter((each) => !isOnly(each)).map((each) => [each.runId, each]))
  return [...large.values()].map(({ tenantId, runId }) => ({ tenantId, id: runId }))
}

/** Its run is being stopped. Of a run of several, one instance alone may have been asked to stop. */
export function isStopping(instance: LockedInstance): boolean {
  const reason = isOnly(instance) ? instance.stopReason : instance.runReason
  return isRunStop(reason)
}

/** Each session once, however many of its instances are to stop. */
export function wakeSessions(engine: Engine, instances: readonly LockedInstance[]): void {
  for (const sessionId of new Set(instances.map((instance) => instance.sessionId!))) engine.hub.wake(sessionTopic(sessionId))
}

export function isHeld(instance: LockedInstance): boolean {
  return instance.state === 'RESERVED' || instance.state === 'RUNNING'
}

/** Nobody executes it: it was let go of, and waits for its callback. */
export function isDetached(instance: LockedInstance): boolean {
  return instance.state === 'RUNNING' && instance.sessionId === null
}

/** Held by somebody who can be asked to stop. */
export function isHeldBySession(instance: LockedInstance): boolean {
  return isHeld(instance) && !isDetached(instance)
}

export function stopMessage(instance: LockedInstance): string {
  return isDetached(instance) ? 'It was stopped while it waited for its callback.' : 'It was stopped before it started.'
}

function cancelled(instance: LockedInstance, reason: RunStop) {
  return {
    instance,
    state: 'CANCELLED' as const,
    runState: 'CANCELLED' as const,
    runReason: reason,
    output: null,
    error: JSON.stringify({ code: reason, message: stopMessage(instance) }),
    startedAt: null,
  }
}
