import type { Assignment, Control } from '@carillon/contract'
import { CarillonError } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { lockSession, setClaimSeq, type SessionRow } from '../storage/executor-session.ts'
import { reserveInstances, selectReservedBy, selectStops, type Claimable } from '../storage/instance.ts'
import { givenOf } from './assignment.ts'
import type { Engine } from './engine.ts'
import { withSecrets } from './with-secrets.ts'
import { takePending, type Turn } from './take-pending.ts'

/** A pull executor asks for work. */
export interface ClaimRequest {
  readonly tenantId: number
  readonly sessionId: number
  /** Repeated after a lost answer, the same number brings the same assignments. */
  readonly seq: number
  readonly max: number
}

export interface Claimed {
  readonly assignments: readonly Assignment[]
  readonly control: Control
  /** The queues that this session takes from, and its app: where it waits when there is nothing. */
  readonly queueIds: readonly number[]
  readonly appId: number
}

/**
 * Gives PENDING instances to a session: RESERVED under a new token. The session's row is locked first, so one that has ended gets
 * nothing, and what it gets is written down before it is answered.
 */
export async function claimInstances(engine: Engine, turn: Turn, request: ClaimRequest): Promise<Claimed> {
  const { given, appTenantId, ...claimed } = await reserve(engine, turn, request)
  const session = { id: request.sessionId, appTenantId, appId: claimed.appId }
  return { ...claimed, assignments: await withSecrets(engine, session, given) }
}

function reserve(engine: Engine, turn: Turn, request: ClaimRequest) {
  return engine.db.engine(async (tx) => {
    const session = await openSessionOf(tx, request)
    const queues = engine.queues.servedBy(session)
    const [claimed, control] = await Promise.all([reserveFor(tx, engine, turn, session, request), controlOf(tx, session)])
    const planOf = await engine.plans.load(tx, claimed)
    return {
      given: claimed.map((instance) => givenOf(instance, planOf(instance), instance.token)),
      appTenantId: session.tenantId,
      control,
      queueIds: queues.map((queue) => queue.id),
      appId: session.appId,
    }
  })
}

async function openSessionOf(tx: Transaction, { tenantId, sessionId }: ClaimRequest): Promise<SessionRow> {
  const session = await lockSession(tx, tenantId, sessionId)
  if (!session || session.ended) throw new CarillonError('SESSION_ENDED', `Session ${sessionId} has ended. Register again.`)
  return session
}

async function reserveFor(
  tx: Transaction,
  engine: Engine,
  turn: Turn,
  session: SessionRow,
  { seq, max }: ClaimRequest,
): Promise<Claimable[]> {
  if (seq === session.claimSeq) return selectReservedBy(tx, session.id, seq)
  if (seq < session.claimSeq || !mayTake(session)) return []
  const limit = Math.min(max, engine.settings.claimBatch)
  const app = { tenantId: session.tenantId, shared: session.appShared }
  const [taken, now] = await Promise.all([
    takePending(tx, app, engine.queues.servedBy(session), limit, turn, session.executorId),
    tx.now(),
  ])
  if (taken.length === 0) return []
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
  return session.status === 'ONLINE' && session.health === 'HEALTHY' && !session.appPaused && session.tenantActive
}

export async function controlOf(tx: Transaction, session: Pick<SessionRow, 'id' | 'status'>): Promise<Control> {
  return { stop: await selectStops(tx, session.id), lost: [], status: session.status }
}
