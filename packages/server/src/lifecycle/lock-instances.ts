import type { Transaction } from '../storage/database.ts'
import { compareGates, lockGates, type GateKey } from '../storage/gate.ts'
import { lockLiveInstances, selectGatesOfInstances, type InstanceKey, type LockedInstance } from '../storage/instance.ts'
import { lockRuns, selectInstancesOfRuns, selectRunFacts, type RunFacts } from '../storage/node.ts'
import type { RunKey } from '../storage/run.ts'
import { TenantMap } from '../storage/tenant-map.ts'

/** A live instance, with what its run says under its lock, where that is one of several. */
export interface InstanceUnderLock extends LockedInstance {
  readonly run?: RunFacts
}

export type LockedInstances = TenantMap<number, InstanceUnderLock>

/**
 * Locks live instances in the one order that everything keeps: the gates of keyed runs first, then runs of several instances, then
 * instances by (tenant, id). For a run that waits for a slot, or is about to free one, the gate is what keeps starters and finishers from
 * passing each other unseen; a run of several advances under its own lock. What is not in the answer has ended.
 */
export async function lockInstances(tx: Transaction, keys: readonly InstanceKey[]): Promise<LockedInstances> {
  const distinct = TenantMap.of(keys, (key) => key.id).values()
  const above = await selectGatesOfInstances(tx, distinct)
  lockGates(tx, gatesOf(above))
  const large = above.flatMap(({ tenantId, largeRunId }) => (largeRunId === null ? [] : [{ tenantId, id: largeRunId }]))
  lockRuns(tx, large)
  const [instances, facts] = await Promise.all([lockLiveInstances(tx, distinct), selectRunFacts(tx, large)])
  const runs = TenantMap.of(facts, (run) => run.id)
  return TenantMap.of(
    instances.map((instance) => {
      const run = runs.get(instance.tenantId, instance.runId)
      return run ? { ...instance, run } : instance
    }),
    (instance) => instance.id,
  )
}

/** Locks runs with all their live instances, by the same order. A run without any has ended. */
export async function lockInstancesOfRuns(tx: Transaction, runs: readonly RunKey[]): Promise<LockedInstance[]> {
  const facts = await selectRunFacts(tx, runs)
  lockGates(tx, gatesOf(facts.map(({ tenantId, concurrencyKey }) => ({ tenantId, key: concurrencyKey }))))
  // Under its lock nobody else gives a run more instances.
  lockRuns(
    tx,
    facts.filter((run) => run.large),
  )
  return lockLiveInstances(tx, await selectInstancesOfRuns(tx, facts))
}

/** Locks a run of several for whoever gives it more instances: what waits of it changes under this lock alone. */
export async function lockLargeRun(tx: Transaction, run: RunKey): Promise<void> {
  const facts = await selectRunFacts(tx, [run])
  lockGates(tx, gatesOf(facts.map(({ tenantId, concurrencyKey }) => ({ tenantId, key: concurrencyKey }))))
  lockRuns(tx, facts)
}

export function gatesOf(keys: readonly { readonly tenantId: number; readonly key: string | null }[]): GateKey[] {
  const gates = new TenantMap<string, GateKey>()
  for (const { tenantId, key } of keys) if (key !== null) gates.set(tenantId, key, { tenantId, key })
  return gates.values().sort(compareGates)
}
