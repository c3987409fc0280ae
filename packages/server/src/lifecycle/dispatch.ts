import type { Assignment, Control } from '@carillon/contract'
import { createBoundedMap, type BoundedMap } from '../runtime/bounded-map.ts'
import type { Transaction } from '../storage/database.ts'
import {
  lockPushSessions,
  selectPushApps,
  selectPushTarget,
  type CalledSession,
  type ExecutorTransport,
  type PushSession,
} from '../storage/executor-session.ts'
import type { QueueRow } from '../storage/queue.ts'
import { countHeld, reserveInstances, selectStops, type Claimable } from '../storage/instance.ts'
import { givenOf, type Given } from './assignment.ts'
import type { Engine } from './engine.ts'
import { applyReports } from './report.ts'
import { loadRoutes, type Place } from './routes.ts'
import { loadShares, type Shares } from './shares.ts'
import { withSecrets } from './with-secrets.ts'
import { takePending, type Turn } from './take-pending.ts'

/** How push executors are called: after the reservation is committed, never inside its transaction. */
export interface PushTarget {
  readonly session: number
  readonly tenantId: number
  readonly address: string
  readonly callToken: string | null
  /** The protocol in which it is called. */
  readonly transport: ExecutorTransport
  /** How many assignments one call may carry; null: as many as there are. */
  readonly perCall: number | null
}

export interface PushTransport {
  /** Hands assignments to an executor. Never throws: what did not arrive is released, what is uncertain is left to its deadline. */
  invoke(executor: PushTarget, assignments: readonly Assignment[]): void
  /** Asks it to stop handlers. A hint: its next heartbeat says the same. */
  cancel(executor: PushTarget, stop: Control['stop']): void
}

export interface PushDispatch {
  readonly transport: PushTransport
  readonly turn: Turn
  /** Sessions that could not be reached, and until when (monotonic clock of this node) they are passed over. */
  readonly unreachable: BoundedMap<number, number>
  /** How many apps had push executors at the last look: without any, new work is no reason to look. */
  apps: number
}

/** Gives PENDING instances to push executors with free places, by the task's route strategy. Answers how long to rest. */
export async function dispatchPush(engine: Engine, dispatch: PushDispatch, restMs = 250): Promise<number> {
  const apps = await engine.db.look((tx) => selectPushApps(tx))
  dispatch.apps = apps.length
  let given = 0
  for (const app of apps) given += await dispatchAlone(engine, dispatch, app)
  if (given > 0) return 0
  // A first push executor is noticed a little later; nobody else's work waits here.
  return apps.length === 0 ? Math.max(restMs, NOBODY_MS) : restMs
}

const NOBODY_MS = 1_000

/** What is placed with one executor is taken as far as that one has places: more would stand before the work of the others. */
function freePlacesOf(places: readonly PushPlace[]): (queue: QueueRow) => number {
  const free = new Map(places.map(({ executorId, capacity, held }) => [executorId, capacity - held]))
  return ({ executorId }) => (executorId === null ? Infinity : (free.get(executorId) ?? 0))
}

/** What goes wrong with the work of one app must not keep the next from its own. */
function dispatchAlone(engine: Engine, dispatch: PushDispatch, app: { tenantId: number; appId: number }): Promise<number> {
  return dispatchApp(engine, dispatch, app).catch((error: unknown) => {
    engine.report('push.dispatchFailed', { app: app.appId, error })
    return 0
  })
}

async function dispatchApp(engine: Engine, dispatch: PushDispatch, app: { tenantId: number; appId: number }): Promise<number> {
  const chosen = await engine.db.engine(async (tx) => {
    const places = (await openPlaces(tx, engine, app)).filter((place) => isReachable(dispatch, place.session.id))
    // A full one must not bring its queues: what only it can run would be taken in the place of what others can.
    const open = places.filter((place) => place.held < place.capacity)
    const free = open.reduce((sum, place) => sum + place.capacity - place.held, 0)
    if (free === 0) return []
    const queues = [
      ...new Map(open.flatMap((place) => engine.queues.servedBy(place.session).map((queue) => [queue.id, queue]))).values(),
    ]
    const limit = Math.min(free, engine.settings.claimBatch)
    const { session } = places[0]!
    const shares = await loadShares(tx, engine.queues, session, null)
    const placesFor = freePlacesOf(open)
    const mostOf = (queue: QueueRow) =>
      Math.min(placesFor(queue), shares?.mostOf(queue, queue.executorId ?? undefined) ?? Infinity)
    const taken = await takePending(tx, session, queues, limit, dispatch.turn, { mostOf, shares })
    const given = await choose(tx, engine, places, taken.instances, shares)
    taken.spend(given.map(({ instance }) => instance))
    return given
  })
  for (const [session, given] of bySession(chosen)) {
    const assignments = await assignmentsFor(engine, session, given)
    if (assignments.length > 0) dispatch.transport.invoke(targetOf(session), assignments)
  }
  return chosen.length
}

/** What could not be made ready, because the database did not answer, goes back: nobody has been told of it. */
async function assignmentsFor(engine: Engine, session: PushSession, given: readonly Given[]): Promise<Assignment[]> {
  try {
    return await withSecrets(engine, { id: session.id, appTenantId: session.tenantId, appId: session.appId }, given)
  } catch (error) {
    engine.report('push.notReady', { session: session.id, error })
    const items = given.map(({ assignment: { tenant, instance, token } }) => ({
      ...{ tenantId: tenant, sessionId: session.id },
      item: { kind: 'RELEASE', instance, token } as const,
    }))
    await engine.db.engine((tx) => applyReports(tx, engine, items))
    return []
  }
}

/** Long enough not to call a dead address in a circle, short enough to notice one that is back. */
const PASSED_OVER_MS = 5_000

export function markUnreachable({ unreachable }: PushDispatch, sessionId: number): void {
  unreachable.set(sessionId, performance.now() + PASSED_OVER_MS)
}

function isReachable({ unreachable }: PushDispatch, sessionId: number): boolean {
  const until = unreachable.get(sessionId)
  if (until === undefined) return true
  if (until > performance.now()) return false
  unreachable.delete(sessionId)
  return true
}

const MOST_REMEMBERED = 20_000

export function createPushDispatch(transport: PushTransport): PushDispatch {
  return {
    transport,
    turn: { tenant: 0 },
    unreachable: createBoundedMap(MOST_REMEMBERED),
    apps: 0,
  }
}

interface PushPlace extends Place {
  readonly session: PushSession
  readonly queues: ReadonlyMap<number, QueueRow>
}

async function openPlaces(tx: Transaction, engine: Engine, app: { tenantId: number; appId: number }): Promise<PushPlace[]> {
  const sessions = await lockPushSessions(tx, app.tenantId, app.appId)
  const held = await countHeld(
    tx,
    sessions.map((session) => session.id),
  )
  return sessions
    .map((session) => ({
      executorId: session.executorId,
      instance: session.instance,
      capacity: session.capacity,
      held: held.get(session.id) ?? 0,
      session,
      queues: new Map(engine.queues.servedBy(session).map((queue) => [queue.id, queue])),
    }))
    .sort((a, b) => a.executorId - b.executorId)
}

interface Chosen {
  readonly instance: Claimable
  readonly session: PushSession
  readonly given: Given
}

async function choose(
  tx: Transaction,
  engine: Engine,
  places: readonly PushPlace[],
  taken: readonly Claimable[],
  shares: Shares | null,
): Promise<Chosen[]> {
  if (taken.length === 0) return []
  const planOf = await engine.plans.load(tx, taken)
  // Under the sessions' locks no other node gives anything to these executors, so what is remembered of them is remembered once.
  const able = new Map(
    [...new Set(taken.map(({ queueId }) => queueId))].map((queueId): [number, PushPlace[]] => [
      queueId,
      places.filter((place) => place.queues.has(queueId)),
    ]),
  )
  const isPlacedWithOne = ({ queueId }: Claimable) => able.get(queueId)![0]?.queues.get(queueId)!.executorId !== null
  const [routes, now] = await Promise.all([
    loadRoutes(
      tx,
      taken.filter((instance) => !isPlacedWithOne(instance)),
      planOf,
    ),
    tx.now(),
  ])
  const pairs = taken.flatMap((instance) => {
    const those = able.get(instance.queueId)!
    const allows = shares ? ({ executorId }: Place) => shares.allows(instance, executorId) : undefined
    const place = isPlacedWithOne(instance)
      ? takePlace(those[0], allows)
      : routes.choose(instance, those, engine.random(), allows)
    if (place) shares?.give(instance, place.executorId)
    return place ? [{ instance, session: place.session }] : []
  })
  if (pairs.length === 0) return []
  routes.save(tx)
  reserveInstances(
    tx,
    pairs.map(({ instance, session }) => ({ ...instance, sessionId: session.id, executorId: session.executorId, claimSeq: 0 })),
    now,
    now + engine.settings.leaseMs,
  )
  return pairs.map(({ instance, session }) => ({
    instance,
    session,
    given: givenOf(instance, planOf(instance), instance.token + 1),
  }))
}

/** The place of the one that an instance was placed with before, if it is free. */
function takePlace(place: PushPlace | undefined, allows?: (place: Place) => boolean): PushPlace | null {
  if (place === undefined || place.held >= place.capacity || allows?.(place) === false) return null
  place.held++
  return place
}

function bySession(chosen: readonly Chosen[]): Map<PushSession, Given[]> {
  const groups = new Map<PushSession, Given[]>()
  for (const { session, given } of chosen) {
    const group = groups.get(session)
    if (group) group.push(given)
    else groups.set(session, [given])
  }
  return groups
}

const targetOf = ({ id, tenantId, address, callToken, transport, perCall }: CalledSession): PushTarget => ({
  session: id,
  tenantId,
  address,
  callToken,
  transport,
  perCall,
})

/** Passes on at once what a push executor's next heartbeat would tell it: what it is to stop. */
export async function cancelPush(engine: Engine, { transport }: PushDispatch, sessionId: number): Promise<void> {
  const found = await engine.db.lease(async (tx) => {
    const target = await selectPushTarget(tx, sessionId)
    return target && { target, stop: await selectStops(tx, sessionId) }
  })
  if (found && found.stop.length > 0) transport.cancel(targetOf(found.target), found.stop)
}
