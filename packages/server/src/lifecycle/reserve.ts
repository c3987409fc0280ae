import type { Control } from '@carillon/contract'
import { CarillonError } from '@carillon/core'
import { readClock } from '../storage/clock.ts'
import type { Transaction } from '../storage/database.ts'
import { lockSession, lockSessionIfFree, setClaimSeq, type SessionRow } from '../storage/executor-session.ts'
import { reserveInstances, selectReservedBy, selectStops, type Claimable } from '../storage/instance.ts'
import type { QueueRow } from '../storage/queue.ts'
import { givenOf, type Given } from './assignment.ts'
import type { Engine } from './engine.ts'
import { loadShares, type Shares } from './shares.ts'
import { takePending, type Taken, type Turn } from './take-pending.ts'

/** A pull executor asks for work. */
export interface ClaimRequest {
  readonly tenantId: number
  readonly sessionId: number
  /** Repeated after a lost answer, the same number brings the same assignments. */
  readonly seq: number
  readonly max: number
}

/** What a claim was given, its secrets still names. */
export interface Reserved {
  readonly given: readonly Given[]
  readonly control: Control
  /** The queues that this session takes from: where it waits when there is nothing. */
  readonly queueIds: readonly number[]
  readonly session: SessionRow
  /** Certain that, when it looked, nothing was left that this session could take. */
  readonly leftNothing: boolean
}

/**
 * Gives PENDING instances to a session: RESERVED under a new token. The session's row is locked first, so one that has ended gets
 * nothing, and what it gets is written down before it is answered.
 *
 * @param expected the session as it was last seen. It changes rarely, so what it may take is looked for in the same round trip; if it
 *   has changed, that is let go and looked for anew.
 */
export function reserve(engine: Engine, turn: Turn, request: ClaimRequest, expected: SessionRow | null): Promise<Reserved> {
  const limit = limitOf(engine, request)
  return engine.db.engine(async (tx) => {
    const locked = openSessionOf(tx, request)
    const ahead = expected && mayTakeAhead(engine, expected, request) ? takeFor(tx, engine, turn, expected, limit) : null
    const [session, stop, taken, now] = await Promise.all([locked, selectStops(tx, request.sessionId), ahead, tx.now()])
    const foreseen = taken && sameServing(engine, expected!, session) ? taken : null
    const claimed = await reserveFor(tx, engine, session, request, now, () =>
      foreseen ? Promise.resolve(foreseen) : takeFor(tx, engine, turn, session, limit),
    )
    return reservedOf(tx, engine, { request, session, stop, claimed })
  })
}

const limitOf = ({ settings }: Engine, { max }: ClaimRequest) => Math.min(max, settings.claimBatch)

async function reservedOf(
  tx: Transaction,
  engine: Engine,
  {
    request,
    session,
    stop,
    claimed,
  }: {
    readonly request: ClaimRequest
    readonly session: SessionRow
    readonly stop: Control['stop']
    readonly claimed: readonly Claimable[]
  },
): Promise<Reserved> {
  const planOf = await engine.plans.load(tx, claimed)
  return {
    given: claimed.map((instance) => givenOf(instance, planOf(instance), instance.token)),
    session,
    control: { stop, lost: [], status: session.status },
    queueIds: queueIdsOf(engine, session),
    leftNothing:
      mayTake(session) &&
      takesAll(engine, session) &&
      claimed.length < limitOf(engine, request) &&
      request.seq > session.claimSeq,
  }
}

/**
 * What a waiting claim would be given, in the transaction of whoever made something PENDING: it waits for no lock, as its caller holds
 * some that stand behind the session in their order. Null: the claim has to look by itself.
 */
export async function reserveAtOnce(
  tx: Transaction,
  engine: Engine,
  request: ClaimRequest,
  expected: SessionRow,
): Promise<Reserved | null> {
  if (!takesAll(engine, expected) || !mayTakeAhead(engine, expected, request)) return null
  const [session, stop, taken, now] = await Promise.all([
    lockSessionIfFree(tx, request.tenantId, request.sessionId),
    selectStops(tx, request.sessionId),
    takeFor(tx, engine, NO_TURN, expected, limitOf(engine, request)),
    // Later than the end of an attempt before, of which this transaction may be older.
    readClock(tx),
  ])
  if (!session || session.ended || request.seq <= session.claimSeq) return null
  if (!takesAll(engine, session) || !sameServing(engine, expected, session)) return null
  const claimed = await reserveFor(tx, engine, session, request, now, () => Promise.resolve(taken))
  return reservedOf(tx, engine, { request, session, stop, claimed })
}

/** Where `takesAll`, tenants do not take turns. */
const NO_TURN: Turn = { tenant: 0 }

async function openSessionOf(tx: Transaction, { tenantId, sessionId }: ClaimRequest): Promise<SessionRow> {
  const session = await lockSession(tx, tenantId, sessionId)
  if (!session || session.ended) throw new CarillonError('SESSION_ENDED', `Session ${sessionId} has ended. Register again.`)
  return session
}

/** Where turns are taken, or a rate or a capacity rule counts, a look may leave what the next one takes. */
function takesAll(engine: Engine, session: SessionRow): boolean {
  return (
    !session.appShared &&
    !session.appRated &&
    session.capacityRules.length === 0 &&
    engine.queues.servedBy(session).every((queue) => queue.rateKey === null)
  )
}

/**
 * A repeated claim gets what it got, tokens of a rate are not given back, and what capacity rules leave is counted under the session's
 * lock: there nothing is taken ahead.
 */
function mayTakeAhead(engine: Engine, expected: SessionRow, { seq }: ClaimRequest): boolean {
  if (expected.appRated || expected.capacityRules.length > 0) return false
  return seq > expected.claimSeq && mayTake(expected) && engine.queues.servedBy(expected).every((queue) => queue.rateKey === null)
}

const queueIdsOf = (engine: Engine, session: SessionRow) => engine.queues.servedBy(session).map((queue) => queue.id)

function sameServing(engine: Engine, expected: SessionRow, session: SessionRow): boolean {
  if (session.appRated || session.capacityRules.length > 0) return false
  return expected.appShared === session.appShared && queueIdsOf(engine, expected).join() === queueIdsOf(engine, session).join()
}

async function takeFor(tx: Transaction, engine: Engine, turn: Turn, session: SessionRow, limit: number): Promise<Taken> {
  const { executorId } = session
  const queues = engine.queues.servedBy(session)
  const shares = await loadShares(tx, engine.queues, session, session.id)
  if (shares === null) return takePending(tx, session, queues, limit, turn, { executorId })
  const mostOf = (queue: QueueRow) => shares.mostOf(queue, executorId)
  const taken = await takePending(tx, session, queues, limit, turn, { executorId, mostOf, shares })
  const instances = taken.instances.filter((instance) => tookPlace(shares, instance, executorId))
  return { ...taken, instances }
}

function tookPlace(shares: Shares, instance: Claimable, executorId: number): boolean {
  if (!shares.allows(instance, executorId)) return false
  shares.give(instance, executorId)
  return true
}

async function reserveFor(
  tx: Transaction,
  engine: Engine,
  session: SessionRow,
  { seq }: ClaimRequest,
  now: number,
  take: () => Promise<Taken>,
): Promise<Claimable[]> {
  if (seq === session.claimSeq) return selectReservedBy(tx, session.id, seq)
  if (seq < session.claimSeq || !mayTake(session)) return []
  const { instances: taken, spend } = await take()
  if (taken.length === 0) return []
  spend(taken)
  reserveInstances(
    tx,
    taken.map(({ tenantId, id }) => ({ tenantId, id, sessionId: session.id, executorId: session.executorId, claimSeq: seq })),
    now,
    now + engine.settings.leaseMs,
  )
  setClaimSeq(tx, session.tenantId, session.id, seq)
  return taken.map((instance) => ({ ...instance, token: instance.token + 1 }))
}

function mayTake(session: SessionRow): boolean {
  return session.inService && !session.appPaused && session.tenantActive
}
