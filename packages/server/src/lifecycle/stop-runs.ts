import type { StopReason } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { requestStop, type LockedInstance } from '../storage/instance.ts'
import { sessionTopic } from '../runtime/wake-hub.ts'
import type { Engine } from './engine.ts'
import { finishRuns } from './finish-runs.ts'
import { lockInstances, type LockedInstances } from './lock-instances.ts'

/**
 * Stops runs: what waits is cancelled at once, what an executor holds is asked to stop and gets a grace period. From then on nothing that
 * the handler answers makes it anything but cancelled. Answers the runs that were live.
 */
export async function stopRuns(
  tx: Transaction,
  engine: Engine,
  runs: readonly { readonly tenantId: number; readonly id: number }[],
  reason: Exclude<StopReason, 'TIMEOUT'>,
): Promise<LockedInstances> {
  const locked = await lockInstances(tx, runs)
  const now = await tx.now()
  const instances = locked.values()
  const held = instances.filter(isHeld)
  requestStop(
    tx,
    held.map((instance) => ({ ...instance, reason })),
    now + engine.settings.cancelGraceMs,
  )
  tx.afterCommit(() => wakeSessions(engine, held))
  await finishRuns(
    tx,
    engine,
    instances.filter((instance) => !isHeld(instance)).map((instance) => cancelled(instance, reason)),
    now,
  )
  return locked
}

/** Each session once, however many of its instances are to stop. */
export function wakeSessions(engine: Engine, instances: readonly LockedInstance[]): void {
  for (const sessionId of new Set(instances.map((instance) => instance.sessionId!))) engine.hub.wake(sessionTopic(sessionId))
}

export function isHeld(instance: LockedInstance): boolean {
  return instance.state === 'RESERVED' || instance.state === 'RUNNING'
}

function cancelled(instance: LockedInstance, reason: StopReason) {
  return {
    instance,
    state: 'CANCELLED' as const,
    runState: 'CANCELLED' as const,
    runReason: reason,
    output: null,
    error: JSON.stringify({ code: reason, message: 'It was stopped before it started.' }),
    startedAt: null,
  }
}
