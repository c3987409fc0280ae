import { failsOver, isBroadcast, namesOne, routeOf, type Plan } from '@carillon/core'
import { queueTopic } from '../runtime/wake-hub.ts'
import { column } from '../storage/columns.ts'
import type { Transaction } from '../storage/database.ts'
import { selectReadySessions, type SessionRow } from '../storage/executor-session.ts'
import {
  countHeld,
  countWaiting,
  lockOfQueues,
  lockPlacedTooLong,
  moveInstances,
  selectQueuesWaiting,
  type Claimable,
  type Move,
} from '../storage/instance.ts'
import { internQueuesOfExecutors, selectStrandedQueues, type QueueRow } from '../storage/queue.ts'
import { lockPlacing } from '../storage/route-state.ts'
import { ELSEWHERE_MS } from './elsewhere.ts'
import type { Engine } from './engine.ts'
import { groupBy } from './group.ts'
import { isServed } from './queue-cache.ts'
import { loadRoutes, type Place, type Routes } from './routes.ts'

/** How long an instance waits for the executor it was placed with, where others may have it. */
const PLACED_MS = 10_000

const BATCH = 500
/** Counted no further: so many wait for an executor that it has no free place anyway. */
const MOST_COUNTED = 1_000

/** Which queues one node has to look at. Memory alone: now and then it looks at all. */
export interface Placing {
  /** Queues with something to place, as far as this node has heard, or saw it left over. */
  readonly heard: Set<number>
  /** On the monotonic clock of this node. */
  nextLook: number
}

export const createPlacing = (): Placing => ({ heard: new Set(), nextLook: 0 })

/** How often a node looks into all queues of routed tasks, of which there may be thousands. */
const LOOK_MS = 1_000
/** How soon it looks again where some found no executor. */
const LEFT_MS = 100

/**
 * Places PENDING instances of routed tasks with executors, whether these ask for work or are called: each moves into the queue of the one
 * that its route strategy chooses. Answers how long to rest.
 */
export async function placeInstances(engine: Engine, placing: Placing, restMs = 250): Promise<number> {
  const queues = queuesToLookAt(engine, placing)
  if (queues.length === 0) return restMs
  const waiting = new Set(await engine.db.look((tx) => selectQueuesWaiting(tx, column(queues, 'id'))))
  let placed = 0
  const left = queues.filter(({ id }) => waiting.has(id))
  for (const app of groupBy(left, ({ appTenantId, appId }) => `${appTenantId}:${appId}`).values())
    placed += await placeAlone(engine, app)
  // Whether anything is left in them the next look says: soon, for nobody tells of places that become free.
  for (const { id } of left) placing.heard.add(id)
  if (placed > 0) return 0
  return left.length > 0 ? Math.min(restMs, LEFT_MS) : restMs
}

function queuesToLookAt({ queues }: Engine, placing: Placing): readonly QueueRow[] {
  const heard = [...placing.heard].flatMap((id) => queues.get(id) ?? [])
  placing.heard.clear()
  if (performance.now() < placing.nextLook) return heard
  placing.nextLook = performance.now() + LOOK_MS
  return queues.routed()
}

/** What goes wrong with one app must not keep the next from its own. */
function placeAlone(engine: Engine, queues: readonly QueueRow[]): Promise<number> {
  return placeOfApp(engine, queues).catch((error: unknown) => {
    engine.report('place.failed', { app: queues[0]!.appId, error })
    return 0
  })
}

async function placeOfApp(engine: Engine, queues: readonly QueueRow[]): Promise<number> {
  const { appTenantId, appId } = queues[0]!
  const { count, learnt } = await engine.db.engine(async (tx) => {
    // One node at a time, so that each knows what the one before has placed.
    if (!(await lockPlacing(tx, appId))) return { count: 0, learnt: false }
    const sessions = await selectReadySessions(tx, appTenantId, appId)
    if (sessions.length === 0) return { count: 0, learnt: false }
    const instances = await lockOfQueues(tx, column(queues, 'id'), Math.ceil(BATCH / queues.length))
    const planOf = await engine.plans.load(tx, instances)
    const [routes, places, now] = await Promise.all([loadRoutes(tx, instances, planOf), placesOf(tx, engine, sessions), tx.now()])
    const chosen = choose(engine, instances, places, routes)
    const learnt = await moveToExecutors(tx, engine, chosen, planOf, now)
    if (chosen.length > 0) routes.save(tx)
    return { count: chosen.length, learnt }
  })
  // Whoever waits for work in the new queue hears of it.
  if (learnt) await engine.db.engine((tx) => engine.queues.refresh(tx))
  return count
}

interface ReadyPlace extends Place {
  readonly session: SessionRow
  readonly handlers: ReadonlySet<string>
}

/** What was placed with an executor and waits there counts as held. */
async function placesOf(tx: Transaction, engine: Engine, sessions: readonly SessionRow[]): Promise<ReadyPlace[]> {
  const { tenantId, appId } = sessions[0]!
  const pinned = engine.queues.ofApp(tenantId, appId).filter(({ executorId }) => executorId !== null)
  const [held, waiting] = await Promise.all([
    countHeld(tx, column(sessions, 'id')),
    countWaiting(tx, column(pinned, 'id'), MOST_COUNTED),
  ])
  const waitingFor = new Map<number, number>()
  for (const { id, executorId } of pinned)
    waitingFor.set(executorId!, (waitingFor.get(executorId!) ?? 0) + (waiting.get(id) ?? 0))
  return sessions.map((session) => ({
    ...{ executorId: session.executorId, instance: session.instance, capacity: session.capacity, session },
    held: (held.get(session.id) ?? 0) + (waitingFor.get(session.executorId) ?? 0),
    handlers: new Set(session.handlers),
  }))
}

interface Chosen {
  readonly instance: Claimable
  readonly executorId: number
}

function choose(engine: Engine, instances: readonly Claimable[], places: readonly ReadyPlace[], routes: Routes): Chosen[] {
  const able = new Map<number, readonly ReadyPlace[]>()
  return instances.flatMap((instance) => {
    const { queueId } = instance
    if (!able.has(queueId)) {
      const queue = engine.queues.get(queueId)!
      able.set(
        queueId,
        places.filter(({ handlers, session }) => isServed(queue, handlers, session.labels)),
      )
    }
    const place = routes.choose(instance, able.get(queueId)!, engine.random())
    return place ? [{ instance, executorId: place.executorId }] : []
  })
}

/** Answers whether there is a queue among theirs that was not known before. */
async function moveToExecutors(
  tx: Transaction,
  engine: Engine,
  chosen: readonly Chosen[],
  planOf: (instance: Claimable) => Plan,
  now: number,
): Promise<boolean> {
  if (chosen.length === 0) return false
  const nameOf = (queueId: number, executorId: number) => `${queueId}:${executorId}`
  const pairs = new Map(
    chosen.map(({ instance: { queueId }, executorId }) => [nameOf(queueId, executorId), { queueId, executorId }]),
  )
  const found = await internQueuesOfExecutors(tx, [...pairs.values()])
  const own = new Map(found.map(({ queueId, executorId, id }) => [nameOf(queueId, executorId), id]))
  const moves = chosen.map(({ instance, executorId }): Move => {
    const policy = routeOf(planOf(instance).nodes[instance.node]!.route)
    const mayLeave = failsOver(policy) || !namesOne(policy)
    return {
      ...{ tenantId: instance.tenantId, id: instance.id },
      queueId: own.get(nameOf(instance.queueId, executorId))!,
      placedUntil: mayLeave ? now + PLACED_MS : null,
      // Who should have it rather than that one has been considered.
      ...{ avoidExecutorId: null, avoidUntil: null },
    }
  })
  moveInstances(tx, moves)
  wakeFor(tx, engine, moves)
  return found.some(({ id }) => engine.queues.get(id) === undefined)
}

function wakeFor(tx: Transaction, engine: Engine, moves: readonly Move[]): void {
  for (const [queueId, same] of groupBy(moves, ({ queueId }) => queueId))
    tx.afterCommit(() => engine.hub.wake(queueTopic(queueId), same.length))
}

/**
 * Takes back what was placed with executors that take nothing now (drained, gone, unhealthy), and what others may have after a while:
 * it is placed anew. Answers how long to rest.
 */
export async function takeBackPlaced(engine: Engine, restMs = 1_000): Promise<number> {
  const pinned = engine.queues.pinned()
  if (engine.queues.routed().length === 0 || pinned.length === 0) return restMs
  const taken = await engine.db.engine(async (tx) => {
    const waiting = await selectQueuesWaiting(tx, column(pinned, 'id'))
    const [stranded, late] = await Promise.all([selectStrandedQueues(tx, waiting), lockPlacedTooLong(tx, BATCH)])
    const left = stranded.length === 0 ? [] : await lockOfQueues(tx, stranded, BATCH)
    const planOf = await engine.plans.load(tx, [...left, ...late])
    const now = await tx.now()
    const gone = new Set(left.map(({ id }) => id))
    const slow = late.filter(({ id }) => !gone.has(id))
    const moves = [
      ...left.flatMap((instance) => backToTask(engine, instance, planOf(instance), null)),
      ...slow.flatMap((instance) => backToTask(engine, instance, planOf(instance), now + ELSEWHERE_MS)),
    ]
    moveInstances(tx, moves)
    wakeFor(tx, engine, moves)
    return moves.length
  })
  return taken >= BATCH ? 0 : restMs
}

/** A shard of a broadcast belongs to its executor, and ends with it (`gone-shards.ts`). `avoidUntil`: the one that did not take it comes last until then. */
function backToTask(engine: Engine, instance: Claimable, plan: Plan, avoidUntil: number | null): Move[] {
  const node = plan.nodes[instance.node]!
  const { queueId } = node
  if (isBroadcast(node) || engine.queues.get(queueId)?.routeKey == null) return []
  const avoidExecutorId = avoidUntil === null ? null : (engine.queues.get(instance.queueId)?.executorId ?? null)
  return [{ tenantId: instance.tenantId, id: instance.id, queueId, placedUntil: null, avoidExecutorId, avoidUntil }]
}
