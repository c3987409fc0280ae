import type { Transaction } from '../storage/database.ts'
import type { GateKey } from '../storage/gate.ts'
import { lockPending, lockPendingShared, selectTenantsWaiting, type Claimable } from '../storage/instance.ts'
import type { QueueRow } from '../storage/queue.ts'
import { groupBy } from './group.ts'
import { refillBuckets, spendTokens } from '../storage/rate-bucket.ts'
import type { Shares } from './shares.ts'

/** Where the turn-taking of shared queues stands: the last tenant that was served. Memory of one node; losing it costs nothing. */
export interface Turn {
  tenant: number
}

/** Who gets them is decided afterwards. */
const NOBODY_YET = 0

export interface Taker {
  /** Who takes it, where that is known. */
  readonly executorId?: number
  /** As much of a queue as can be given out. Where tenants take turns, their shares bound it. */
  readonly mostOf?: (queue: QueueRow) => number
  /** What the app's capacity rules leave. What is given must still be allowed, one by one: lanes may share a rule. */
  readonly shares?: Shares | null
}

export interface Taken {
  readonly instances: readonly Claimable[]
  /** Takes the rate's tokens for what is given out: the rest stays PENDING and has used up nothing. */
  spend(given: readonly Claimable[]): void
}

/** The app whose queues are taken from. */
export interface TakenApp {
  readonly tenantId: number
  readonly appId: number
  readonly appShared: boolean
  readonly appRated: boolean
}

/**
 * Locks up to `limit` PENDING instances of these queues, in the order in which they should run. Lanes whose rate is used up are passed
 * over. The rows stay locked for the caller, who reserves them in the same transaction and spends their tokens.
 */
export async function takePending(
  tx: Transaction,
  app: TakenApp,
  queues: readonly QueueRow[],
  limit: number,
  turn: Turn,
  { executorId = NOBODY_YET, mostOf = () => Infinity, shares = null }: Taker = {},
): Promise<Taken> {
  if (limit <= 0 || queues.length === 0) return NOTHING
  const lanes = await openLanes(tx, app, queues, limit, mostOf)
  if (lanes.lanes.length === 0) return NOTHING
  const taken = app.appShared
    ? await takeInTurn(tx, lanes.lanes, limit, turn, executorId, shares)
    : await lockPending(tx, app.tenantId, lanes.lanes, limit, executorId)
  return { instances: lanes.within(taken), spend: lanes.spend }
}

const NOTHING: Taken = { instances: [], spend: () => undefined }

interface Lanes {
  readonly lanes: readonly { queueId: number; most: number }[]
  /** What is over a rate that several queues share stays PENDING. */
  within(taken: readonly Claimable[]): readonly Claimable[]
  spend(given: readonly Claimable[]): void
}

async function openLanes(
  tx: Transaction,
  app: TakenApp,
  queues: readonly QueueRow[],
  limit: number,
  mostOf: (queue: QueueRow) => number,
): Promise<Lanes> {
  const keysOf = (queue: QueueRow) => rateKeysOf(app, queue)
  const keys = new Map(queues.flatMap(keysOf).map((key) => [nameOf(key), key]))
  if (keys.size === 0) {
    return {
      lanes: queues.map((queue) => ({ queueId: queue.id, most: Math.min(limit, mostOf(queue)) })).filter((lane) => lane.most > 0),
      within: (taken) => taken,
      spend: () => undefined,
    }
  }
  // A rate that has been removed leaves its queues without a bucket: an open lane.
  const tokens = new Map(
    (await refillBuckets(tx, [...keys.values()])).map((bucket) => [nameOf(bucket), Math.floor(bucket.tokens)]),
  )
  const most = (queue: QueueRow) => Math.min(...keysOf(queue).map((key) => tokens.get(nameOf(key)) ?? limit))
  const namesByQueue = new Map(
    queues.map((queue) => [
      queue.id,
      keysOf(queue)
        .map(nameOf)
        .filter((name) => tokens.has(name)),
    ]),
  )
  return {
    lanes: queues
      .map((queue) => ({ queueId: queue.id, most: Math.min(limit, most(queue), mostOf(queue)) }))
      .filter((lane) => lane.most > 0),
    within: (taken) => {
      const left = new Map(tokens)
      return taken.filter(({ queueId }) => {
        const names = namesByQueue.get(queueId)!
        if (names.some((name) => left.get(name)! < 1)) return false
        for (const name of names) left.set(name, left.get(name)! - 1)
        return true
      })
    },
    spend: (given) => {
      const names = given.flatMap(({ queueId }) => namesByQueue.get(queueId)!)
      spendTokens(
        tx,
        [...groupBy(names, (name) => name)].map(([name, same]) => ({ ...keys.get(name)!, count: same.length })),
      )
    },
  }
}

/** The rates under which what waits in a queue starts: one of its task, one of its app. */
function rateKeysOf({ tenantId, appId, appRated }: TakenApp, { rateTenantId, rateKey }: QueueRow): GateKey[] {
  return [
    ...(rateKey === null ? [] : [{ tenantId: rateTenantId!, key: rateKey }]),
    ...(appRated ? [{ tenantId, key: `app:${appId}` }] : []),
  ]
}

const nameOf = (key: GateKey) => `${key.tenantId}:${key.key}`

/** Tenants after the last one served, each with a share by its weight; wraps around when there are not enough. */
async function takeInTurn(
  tx: Transaction,
  lanes: readonly { queueId: number; most: number }[],
  limit: number,
  turn: Turn,
  executorId: number,
  shares: Shares | null,
): Promise<Claimable[]> {
  const among = shares?.tenants() ?? ANYONE
  const queueIds = lanes.map((lane) => lane.queueId)
  const after = await selectTenantsWaiting(tx, queueIds, turn.tenant, limit, among)
  const before =
    after.length < limit && turn.tenant > 0 ? await selectTenantsWaiting(tx, queueIds, 0, limit - after.length, among) : []
  const known = new Set(after.map((each) => each.tenantId))
  const waiting = [...after, ...before.filter((each) => !known.has(each.tenantId))]
  if (waiting.length === 0) return []
  const weights = waiting.reduce((sum, each) => sum + each.weight, 0)
  const turns = waiting.map((each) => ({
    tenantId: each.tenantId,
    most: Math.min(Math.max(1, Math.floor((limit * each.weight) / weights)), shares?.mostOfTenant(each.tenantId) ?? limit),
  }))
  const taken = await lockPendingShared(tx, turns, queueIds, limit, executorId)
  turn.tenant = taken.at(-1)?.tenantId ?? 0
  return taken
}

const ANYONE = { only: null, except: [] } as const
