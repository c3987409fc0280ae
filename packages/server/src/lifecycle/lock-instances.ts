import type { Transaction } from '../storage/database.ts'
import { compareGates, lockGates } from '../storage/gate.ts'
import { lockLiveInstances, selectGatesOfInstances, type InstanceKey, type LockedInstance } from '../storage/instance.ts'
import { TenantMap } from '../storage/tenant-map.ts'

export type LockedInstances = TenantMap<number, LockedInstance>

/**
 * Locks live instances in the one order that everything keeps: the gates of keyed runs first, then instances by (tenant, id). For a run
 * that waits for a slot, or is about to free one, the gate is what keeps starters and finishers from passing each other unseen. What
 * is not in the answer has ended.
 */
export async function lockInstances(tx: Transaction, keys: readonly InstanceKey[]): Promise<LockedInstances> {
  const distinct = TenantMap.of(keys, (key) => key.id).values()
  lockGates(tx, (await selectGatesOfInstances(tx, distinct)).sort(compareGates))
  return TenantMap.of(await lockLiveInstances(tx, distinct), (instance) => instance.id)
}
