import type { Transaction } from '../storage/database.ts'
import type { GateKey } from '../storage/gate.ts'
import { lockPending, lockPendingShared, selectTenantsWaiting, type Claimable } from '../storage/instance.ts'
import type { QueueRow } from '../storage/queue.ts'
import { refillBuckets, spendTokens } from '../storage/rate-bucket.ts'

/** Where the turn-taking of shared queues stands: the last tenant that was served. Memory of one node; losing it costs nothing. */
export interface Turn {
  tenant: number
}

/** Who gets them is decided afterwards. */
const NOBODY_YET = 0

/**
 * Locks up to `limit` PENDING instances of these queues, in the order in which they should run. Lanes whose rate is used up are passed
 * over. The rows stay locked for the caller, who reserves them in the same transaction.
 */
export async function takePending(
  tx: Transaction,
  app: { readonly tenantId: number; readonly shared: boolean },
  queues: readonly QueueRow[],
  limit: number,
  turn: Turn,
  executorId = NOBODY_YET,
): Promise<Claimable[]> {
  if (limit <= 0 || queues.length === 0) return []
  const lanes = await openLanes(tx, queues, limit)
  if (lanes.lanes.length === 0) return []
  const taken = app.shared
    ? await takeInTurn(tx, lanes.lanes, limit, turn, executorId)
    : await lockPending(tx, app.tenantId, lanes.lanes, limit, executorId)
  return lanes.spend(tx, taken)
}

interface Lanes {
  readonly lanes: readonly { queueId: number; most: number }[]
  /** Takes the rate's tokens for what was taken; what is over a rate that several queues share stays PENDING. */
  spend(tx: Transaction, taken: readonly Claimable[]): Claimable[]
}

async function openLanes(tx: Transaction, queues: readonly QueueRow[], limit: number): Promise<Lanes> {
  const rated = queues.filter((queue) => queue.rateKey !== null)
  if (rated.length === 0) {
    return {
      lanes: queues.map((queue) => ({ queueId: queue.id, most: limit })),
      spend: (_tx, taken) => [...taken],
    }
  }
  const tokens = new Map(
    (await refillBuckets(tx, distinctKeys(rated))).map((bucket) => [nameOf(bucket), Math.floor(bucket.tokens)]),
  )
  // A rate that has been removed leaves its queues without a bucket: an open lane.
  const most = (queue: QueueRow) => (queue.rateKey === null ? limit : (tokens.get(nameOf(keyOf(queue))) ?? limit))
  return {
    lanes: queues.map((queue) => ({ queueId: queue.id, most: Math.min(limit, most(queue)) })).filter((lane) => lane.most > 0),
    spend: (tx, taken) => {
      const keyByQueue = new Map(rated.map((queue) => [queue.id, keyOf(queue)]))
      const spent = new Map<string, GateKey & { count: number }>()
      const kept = taken.filter((instance) => {
        const key = keyByQueue.get(instance.queueId)
        const left = key && tokens.get(nameOf(key))
        if (key === undefined || left === undefined) return true
        const entry = spent.get(nameOf(key)) ?? { ...key, count: 0 }
        if (entry.count >= left) return false
        spent.set(nameOf(key), { ...entry, count: entry.count + 1 })
        return true
      })
      spendTokens(tx, [...spent.values()])
      return kept
    },
  }
}

const nameOf = (key: GateKey) => `${key.tenantId}:${key.key}`
const keyOf = (queue: QueueRow): GateKey => ({ tenantId: queue.rateTenantId!, key: queue.rateKey! })

function distinctKeys(queues: readonly QueueRow[]): GateKey[] {
  return [...new Map(queues.map((queue) => [nameOf(keyOf(queue)), keyOf(queue)])).values()]
}

/** Tenants after the last one served, each with a share by its weight; wraps around when there are not enough. */
async function takeInTurn(
  tx: Transaction,
  lanes: readonly { queueId: number; most: number }[],
  limit: number,
  turn: Turn,
  executorId: number,
): Promise<Claimable[]> {
  const queueIds = lanes.map((lane) => lane.queueId)
  const after = await selectTenantsWaiting(tx, queueIds, turn.tenant, limit)
  const before = after.length < limit && turn.tenant > 0 ? await selectTenantsWaiting(tx, queueIds, 0, limit - after.length) : []
  const known = new Set(after.map((each) => each.tenantId))
  const waiting = [...after, ...before.filter((each) => !known.has(each.tenantId))]
  if (waiting.length === 0) return []
  const weights = waiting.reduce((sum, each) => sum + each.weight, 0)
  const turns = waiting.map((each) => ({
    tenantId: each.tenantId,
    most: Math.max(1, Math.floor((limit * each.weight) / weights)),
  }))
  const taken = await lockPendingShared(tx, turns, queueIds, limit, executorId)
  turn.tenant = taken.at(-1)?.tenantId ?? 0
  return taken
}
