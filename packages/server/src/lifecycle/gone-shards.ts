import { isBroadcast } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { putOffPending, selectOfGoneExecutors, type LeftBehind, type LockedInstance } from '../storage/instance.ts'
import { storableJson } from '../storage/storable-json.ts'
import { TenantMap } from '../storage/tenant-map.ts'
import { advanceRuns } from './advance-runs.ts'
import { keysOf, type EndedNode } from './ended-node.ts'
import type { Engine } from './engine.ts'
import { lockInstances } from './lock-instances.ts'
import { workOffDue } from './work-off-due.ts'

const BATCH = 500

/**
 * Ends the shards of broadcasts that wait for an executor which will not take them: it was removed, or for `shardGoneMs` has had no session or not
 * served their handler. Nobody else may take them, so their run would never end, nor what waits for its slot begin. `mayExpire` as of `reapLost`.
 * Answers how long to rest.
 */
export async function endGoneShards(engine: Engine, mayExpire: boolean, restMs = 1_000): Promise<number> {
  if (!mayExpire || engine.queues.pinned().length === 0) return restMs
  const keys = await engine.db.look((tx) => selectOfGoneExecutors(tx, engine.settings.shardGoneMs, BATCH))
  await workOffDue(engine, keys, (tx, some) => endShards(tx, engine, some), { what: 'shard', putOff: putOffPending })
  return keys.length >= BATCH ? 0 : restMs
}

async function endShards(tx: Transaction, engine: Engine, keys: readonly LeftBehind[]): Promise<void> {
  const left = TenantMap.of(keys, (key) => key.id)
  const leftOf = ({ tenantId, id }: LockedInstance) => left.get(tenantId, id)!
  // Between the look and the lock its executor may have come back and taken it.
  const waiting = (await lockInstances(tx, keys))
    .values()
    .filter((instance) => instance.state === 'PENDING' && instance.queueId === leftOf(instance).queueId)
  const planOf = await engine.plans.load(tx, waiting)
  // What was only placed with that executor is placed anew (`takeBackPlaced`).
  const shards = waiting.filter((instance) => isBroadcast(planOf(instance).nodes[instance.node]!))
  await advanceRuns(
    tx,
    engine,
    shards.map((shard) => ended(shard, leftOf(shard))),
    await tx.now(),
  )
}

const ENDS = {
  REMOVED: { code: 'EXECUTOR_GONE', what: 'was removed' },
  GONE: { code: 'EXECUTOR_GONE', what: 'has gone and not come back' },
  NOT_SERVED: {
    code: 'NOT_SERVED',
    what: 'does not serve its handler any more, or not with the labels that it wants',
  },
} as const

function ended(shard: LockedInstance, { executor, why }: LeftBehind): EndedNode {
  const { code, what } = ENDS[why]
  const message = `Its executor "${executor}" ${what}; no other may take its shard of a broadcast.`
  const error = storableJson({ code, message })
  return { ...keysOf(shard), state: 'FAILED', because: null, output: null, error, startedAt: null }
}
