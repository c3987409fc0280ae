import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

const REGISTER_EXECUTOR = sql(
  'executor.register',
  `insert into executor as e (tenant_id, app_id, instance, mode, address, handlers, capacity, labels, metadata)
   values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8::jsonb, $9::jsonb)
   on conflict (tenant_id, app_id, instance) where deleted_at is null do update
   set mode = excluded.mode, transport = 'CARILLON', address = excluded.address, handlers = excluded.handlers, capacity = excluded.capacity, labels = excluded.labels,
       metadata = excluded.metadata, registered_at = statement_timestamp(), updated_at = statement_timestamp(),
       status = case when e.status_set_by is null then 'ONLINE' else e.status end
   returning e.id`,
)

export interface Registration {
  readonly tenantId: number
  readonly appId: number
  readonly instance: string
  readonly mode: 'PULL' | 'PUSH'
  readonly address: string | null
  readonly handlers: readonly string[]
  readonly capacity: number
  readonly labels: Readonly<Record<string, string>>
  readonly metadata: Readonly<Record<string, string>>
}

/** Creates the executor, or takes what it says of itself anew. A status that a person set stays. */
export async function registerExecutor(tx: Transaction, registration: Registration): Promise<number> {
  const [row] = await tx.query<{ id: number }>(REGISTER_EXECUTOR, [
    registration.tenantId,
    registration.appId,
    registration.instance,
    registration.mode,
    registration.address,
    JSON.stringify(registration.handlers),
    registration.capacity,
    JSON.stringify(registration.labels),
    JSON.stringify(registration.metadata),
  ])
  return row!.id
}

const LOCK_NAME = sql(
  'executorSession.lockName',
  `select pg_advisory_xact_lock(hashtextextended($1 || ':' || $2 || ':' || $3, 0))`,
)
const FIND = sql(
  'executorSession.findExecutor',
  `select id from executor where tenant_id = $1 and app_id = $2 and instance = $3 and deleted_at is null`,
)

/** Keeps others from registering an executor of this name until this transaction ends. */
export async function lockExecutorName(tx: Transaction, tenantId: number, appId: number, instance: string): Promise<void> {
  await tx.query(LOCK_NAME, [String(tenantId), String(appId), instance])
}

/**
 * Ends the open session of the executor of this name, if it has one, and keeps others from registering the name meanwhile. First of all,
 * because sessions are locked before executors wherever both are.
 */
export async function endSessionOfName(tx: Transaction, tenantId: number, appId: number, instance: string): Promise<void> {
  await lockExecutorName(tx, tenantId, appId, instance)
  const [executor] = await tx.query<{ id: number }>(FIND, [tenantId, appId, instance])
  if (executor) await endOpenSession(tx, tenantId, executor.id, 'REPLACED')
}

const END_OPEN = sql(
  'executorSession.endOpen',
  `update executor_session set ended_at = statement_timestamp(), end_reason = $3 where tenant_id = $1 and executor_id = $2 and ended_at is null`,
)

/** Ends the open session of an executor, if there is one. Its instances are found by `reapLost`. */
export async function endOpenSession(
  tx: Transaction,
  tenantId: number,
  executorId: number,
  reason: 'REPLACED' | 'DELETED',
): Promise<void> {
  await tx.query(END_OPEN, [tenantId, executorId, reason])
}

const OPEN = sql(
  'executorSession.open',
  `insert into executor_session (tenant_id, executor_id, app_id, capacity, lease_until, call_token)
   values ($1, $2, $3, $4, statement_timestamp() + $5 * interval '1 ms', $6) returning id`,
)

export async function openSession(
  tx: Transaction,
  session: { tenantId: number; executorId: number; appId: number; capacity: number; leaseMs: number; callToken: string | null },
): Promise<number> {
  const [row] = await tx.query<{ id: number }>(OPEN, [
    session.tenantId,
    session.executorId,
    session.appId,
    session.capacity,
    session.leaseMs,
    session.callToken,
  ])
  return row!.id
}

export interface SessionRow {
  readonly tenantId: number
  readonly id: number
  readonly executorId: number
  readonly appId: number
  readonly appShared: boolean
  readonly appPaused: boolean
  readonly tenantActive: boolean
  readonly capacity: number
  readonly claimSeq: number
  readonly ended: boolean
  readonly status: 'ONLINE' | 'OFFLINE' | 'MAINTENANCE' | 'DRAINING'
  readonly health: 'HEALTHY' | 'UNHEALTHY'
  readonly handlers: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

const SESSION_COLUMNS = `s.tenant_id as "tenantId", s.id, s.executor_id as "executorId", s.app_id as "appId", a.shared as "appShared", a.paused as "appPaused", te.state = 'ACTIVE' as "tenantActive",
  s.capacity, s.claim_seq as "claimSeq", s.ended_at is not null as ended, e.status, e.health, e.handlers, e.labels`

const SESSION_TABLES = `executor_session s
  join executor e on e.tenant_id = s.tenant_id and e.id = s.executor_id
  join app a on a.tenant_id = s.tenant_id and a.id = s.app_id
  join tenant te on te.id = s.tenant_id`

const LOCK = sql(
  'executorSession.lock',
  `select ${SESSION_COLUMNS} from ${SESSION_TABLES} where s.tenant_id = $1 and s.id = $2 for no key update of s`,
)

/** Locks a session, so that what is given to it is given by one transaction at a time, and never to one that has ended. */
export async function lockSession(tx: Transaction, tenantId: number, sessionId: number): Promise<SessionRow | null> {
  return (await tx.query<SessionRow>(LOCK, [tenantId, sessionId]))[0] ?? null
}

const SELECT = sql(
  'executorSession.select',
  `select ${SESSION_COLUMNS} from ${SESSION_TABLES} where s.tenant_id = $1 and s.id = $2`,
)

export async function selectSession(tx: Transaction, tenantId: number, sessionId: number): Promise<SessionRow | null> {
  return (await tx.query<SessionRow>(SELECT, [tenantId, sessionId]))[0] ?? null
}

const RENEW = sql(
  'executorSession.renew',
  `update executor_session s set lease_until = statement_timestamp() + $3 * interval '1 ms', seen_at = statement_timestamp()
   where s.tenant_id = $1 and s.id = $2 and s.ended_at is null returning s.id`,
)

/** Renews a lease, also one that has run out but was not taken over. False: the session has ended. */
export async function renewSession(tx: Transaction, tenantId: number, sessionId: number, leaseMs: number): Promise<boolean> {
  return (await tx.query(RENEW, [tenantId, sessionId, leaseMs])).length === 1
}

const SET_CLAIM_SEQ = sql(
  'executorSession.setClaimSeq',
  `update executor_session set claim_seq = $3 where tenant_id = $1 and id = $2`,
)

export function setClaimSeq(tx: Transaction, tenantId: number, sessionId: number, seq: number): void {
  tx.send(SET_CLAIM_SEQ, [tenantId, sessionId, seq])
}

const LEAVE = sql(
  'executorSession.leave',
  `with left_session as (
     update executor_session set ended_at = statement_timestamp(), end_reason = 'LEFT' where tenant_id = $1 and id = $2 and ended_at is null returning executor_id)
   update executor e set status = case when e.status_set_by is null then 'OFFLINE' else e.status end, updated_at = statement_timestamp()
   from left_session l where e.tenant_id = $1 and e.id = l.executor_id`,
)

export async function leaveSession(tx: Transaction, tenantId: number, sessionId: number): Promise<void> {
  await tx.query(LEAVE, [tenantId, sessionId])
}

const EXPIRE = sql(
  'executorSession.expire',
  `with expired as (
     select tenant_id, id from executor_session
     where ended_at is null and lease_until < statement_timestamp()
     order by tenant_id, id limit $1 for no key update skip locked),
   ended as (
     update executor_session s set ended_at = statement_timestamp(), end_reason = 'EXPIRED'
     from expired where s.tenant_id = expired.tenant_id and s.id = expired.id
     returning s.tenant_id, s.executor_id, s.id),
   marked as (
     update executor e set status = 'OFFLINE', status_reason = 'Its heartbeats stopped', updated_at = statement_timestamp()
     from ended where e.tenant_id = ended.tenant_id and e.id = ended.executor_id and e.status_set_by is null)
   select id from ended`,
)

/** Ends sessions whose lease has run out, whatever their executors do from now on. */
export async function expireSessions(tx: Transaction, limit: number): Promise<number[]> {
  return (await tx.query<{ id: number }>(EXPIRE, [limit])).map((row) => row.id)
}

const LOCK_PUSH = sql(
  'executorSession.lockPush',
  `select ${SESSION_COLUMNS}, e.address, s.call_token as "callToken", e.transport
   from ${SESSION_TABLES}
   where s.ended_at is null and e.mode = 'PUSH' and e.status = 'ONLINE' and e.health = 'HEALTHY' and not a.paused and te.state = 'ACTIVE' and a.id = $2 and a.tenant_id = $1
   order by s.tenant_id, s.id for no key update of s`,
)

/** In which protocol a push executor is called. */
export type ExecutorTransport = 'CARILLON' | 'XXL_JOB'

export type PushSession = SessionRow & {
  readonly address: string
  readonly callToken: string | null
  readonly transport: ExecutorTransport
}

/** What calling a push executor needs. */
export type CalledSession = Pick<PushSession, 'id' | 'tenantId' | 'address' | 'callToken' | 'transport'>

/** The push executors of an app that may get work, locked, so that no two nodes fill the same place. */
export function lockPushSessions(tx: Transaction, tenantId: number, appId: number): Promise<PushSession[]> {
  return tx.query(LOCK_PUSH, [tenantId, appId])
}

const PUSH_APPS = sql(
  'executorSession.pushApps',
  `select distinct s.tenant_id as "tenantId", s.app_id as "appId" from ${SESSION_TABLES}
   where s.ended_at is null and e.mode = 'PUSH' and e.status = 'ONLINE' and e.health = 'HEALTHY' and not a.paused and te.state = 'ACTIVE' order by 1, 2`,
)

export function selectPushApps(tx: Transaction): Promise<{ tenantId: number; appId: number }[]> {
  return tx.query(PUSH_APPS)
}

const PUSH_TARGET = sql(
  'executorSession.pushTarget',
  `select s.id, s.tenant_id as "tenantId", e.address, s.call_token as "callToken", e.transport
   from executor_session s join executor e on e.tenant_id = s.tenant_id and e.id = s.executor_id
   where s.id = $1 and s.ended_at is null and e.mode = 'PUSH'`,
)

/** Where a session's executor is called; null when it asks for its work itself. Across tenants: the session names its own. */
export async function selectPushTarget(tx: Transaction, sessionId: number): Promise<CalledSession | null> {
  return (await tx.query<CalledSession>(PUSH_TARGET, [sessionId]))[0] ?? null
}

const SELECT_APP = sql('app.ofToken', `select id, shared from app where tenant_id = $1 and code = $2 and deleted_at is null`)

export async function selectAppByCode(
  tx: Transaction,
  tenantId: number,
  code: string,
): Promise<{ id: number; shared: boolean } | null> {
  return (await tx.query<{ id: number; shared: boolean }>(SELECT_APP, [tenantId, code]))[0] ?? null
}

const PRUNE = sql(
  'executorSession.prune',
  `delete from executor_session where ended_at < statement_timestamp() - interval '1 day'
   and not exists (select from instance_live i where i.session_id = executor_session.id and i.state in ('RESERVED', 'RUNNING'))`,
)

export async function pruneSessions(tx: Transaction): Promise<void> {
  await tx.query(PRUNE)
}
