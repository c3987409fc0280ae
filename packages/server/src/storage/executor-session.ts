import type { CapacityRule } from '@carillon/core'
import { column, plainColumn } from './columns.ts'
import type { Asking, Transaction } from './database.ts'
import { cancelChecks, lockCheck, scheduleCheck } from './executor-check.ts'
import { placed } from './placed.ts'
import { sql } from './sql.ts'

const REGISTER_EXECUTOR = sql(
  'executor.register',
  `insert into executor as e (tenant_id, app_id, instance, mode, address, handlers, capacity, labels, metadata, health_url, health_every_ms, per_call)
   values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8::jsonb, $9::jsonb, $10, $11, $12)
   on conflict (tenant_id, app_id, instance) where deleted_at is null do update
   set mode = excluded.mode, transport = 'CARILLON', address = excluded.address, handlers = excluded.handlers, capacity = excluded.capacity, labels = excluded.labels,
       metadata = excluded.metadata, health_url = excluded.health_url, health_every_ms = excluded.health_every_ms, per_call = excluded.per_call, registered_by = null,
       health = 'UNKNOWN', health_reason = null, health_set_at = statement_timestamp(),
       registered_at = statement_timestamp(), updated_at = statement_timestamp(),
       status = case when e.status_set_by is null then 'ONLINE' else e.status end,
       status_reason = case when e.status_set_by is null then null else e.status_reason end,
       status_set_at = case when e.status_set_by is null then statement_timestamp() else e.status_set_at end
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
  readonly healthUrl: string | null
  readonly healthEveryMs: number | null
  /** How many assignments one call of it may carry; null: as many as there are. */
  readonly perCall: number | null
}

/** Creates the executor, or takes what it says of itself anew. A status that a person set stays; it is checked at once. */
export async function registerExecutor(tx: Transaction, registration: Registration): Promise<number> {
  const [row] = await tx.query<{ id: number }>(REGISTER_EXECUTOR, registrationValues(registration))
  if (registration.healthUrl === null) await cancelChecks(tx, registration.tenantId, row!.id)
  else await scheduleCheck(tx, registration.tenantId, row!.id)
  return row!.id
}

function registrationValues(registration: Registration): unknown[] {
  return [
    registration.tenantId,
    registration.appId,
    registration.instance,
    registration.mode,
    registration.address,
    JSON.stringify(registration.handlers),
    registration.capacity,
    JSON.stringify(registration.labels),
    JSON.stringify(registration.metadata),
    registration.healthUrl,
    registration.healthEveryMs,
    registration.perCall,
  ]
}

const REGISTER_BY_HAND = sql(
  'executor.registerByHand',
  `insert into executor (tenant_id, app_id, instance, mode, address, handlers, capacity, labels, metadata, health_url, health_every_ms, per_call, registered_by, status, status_reason)
   values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8::jsonb, $9::jsonb, $10, $11, $12, $13, 'OFFLINE', 'It has not answered a health check yet')
   on conflict (tenant_id, app_id, instance) where deleted_at is null do nothing returning id`,
)

/** Null: the app has an executor of this name. */
export async function registerByHand(
  tx: Transaction,
  registration: Registration,
  by: string,
  callToken: string | null,
): Promise<number | null> {
  await lockExecutorName(tx, registration.tenantId, registration.appId, registration.instance)
  const [row] = await tx.query<{ id: number }>(REGISTER_BY_HAND, [...registrationValues(registration), by])
  if (!row) return null
  await scheduleCheck(tx, registration.tenantId, row.id, callToken)
  return row.id
}

const LOCK_OPEN = sql(
  'executorSession.lockOpen',
  `select id from executor_session where tenant_id = $1 and executor_id = $2 and ended_at is null for no key update`,
)

/** Before the executor is locked. */
export async function lockOpenSession(tx: Transaction, tenantId: number, executorId: number): Promise<void> {
  await tx.query(LOCK_OPEN, [tenantId, executorId])
}

const UPDATE_BY_HAND = sql(
  'executor.updateByHand',
  `with open as (
     update executor_session set capacity = $7 where tenant_id = $1 and executor_id = $2 and ended_at is null and capacity <> $7)
   update executor
   set address = $3, health_url = $4, health_every_ms = $5, handlers = $6::jsonb, capacity = $7, labels = $8::jsonb, metadata = $9::jsonb, per_call = $10,
       -- What kept it from being called may have been mended by this.
       status_reason = case when status = 'ONLINE' and status_set_by is null then null else status_reason end,
       version = version + 1, updated_at = statement_timestamp()
   where tenant_id = $1 and id = $2`,
)

/** What a person says of an executor that does not register itself; its open session goes on under it. */
export async function updateByHand(
  tx: Transaction,
  tenantId: number,
  id: number,
  said: Pick<Registration, 'handlers' | 'capacity' | 'labels' | 'metadata' | 'healthEveryMs' | 'perCall'> & {
    readonly address: string
    readonly healthUrl: string
  },
): Promise<void> {
  const { address, healthUrl, healthEveryMs, perCall, handlers, capacity, labels, metadata } = said
  const [h, l, m] = [handlers, labels, metadata].map((each) => JSON.stringify(each))
  await tx.query(UPDATE_BY_HAND, [tenantId, id, address, healthUrl, healthEveryMs, h, capacity, l, m, perCall])
}

const SET_CALL_TOKEN = sql(
  'executorSession.setCallToken',
  `with checked as (update executor_check set call_token = $3 where tenant_id = $1 and executor_id = $2)
   update executor_session set call_token = $3 where tenant_id = $1 and executor_id = $2 and ended_at is null`,
)

/** With what one that is registered by hand is called from now on. */
export async function setCallToken(tx: Transaction, tenantId: number, executorId: number, token: string | null): Promise<void> {
  await tx.query(SET_CALL_TOKEN, [tenantId, executorId, token])
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

const FIND_BY_HAND = sql(
  'executorSession.findByHand',
  `select e.id, e.registered_by as "registeredBy", e.transport, e.address, e.health_url as "healthUrl",
     exists (select from executor_session s where s.tenant_id = e.tenant_id and s.executor_id = e.id and s.ended_at is null
       and s.lease_until > statement_timestamp()) as "isLive"
   from executor e where e.tenant_id = $1 and e.app_id = $2 and e.instance = $3 and e.deleted_at is null and e.registered_by is not null`,
)

export interface ExecutorByHand {
  readonly id: number
  readonly registeredBy: string
  readonly transport: ExecutorTransport
  readonly address: string
  readonly healthUrl: string
  /** It has a session whose lease is good. */
  readonly isLive: boolean
}

/** What a person registered under this name, its check locked, so that none opens a session meanwhile. The name is locked already. */
export async function lockExecutorByHand(
  tx: Transaction,
  tenantId: number,
  appId: number,
  instance: string,
): Promise<ExecutorByHand | null> {
  const name = [tenantId, appId, instance]
  const [found] = await tx.query<ExecutorByHand>(FIND_BY_HAND, name)
  if (!found) return null
  lockCheck(tx, tenantId, found.id)
  return (await tx.query<ExecutorByHand>(FIND_BY_HAND, name))[0] ?? null
}

const TAKEN_OVER = sql(
  'executorEvent.takenOver',
  `insert into executor_event (tenant_id, executor_id, kind, value, reason)
   select tenant_id, id, 'STATUS', status, 'It registers itself from now on, with ' || $3 || '; ' || registered_by || ' had registered it by hand'
   from executor where tenant_id = $1 and id = $2`,
)

/** Says in the history of what a person registered that it registers itself from now on. */
export async function recordTakeOver(tx: Transaction, tenantId: number, executorId: number, by: string): Promise<void> {
  await tx.query(TAKEN_OVER, [tenantId, executorId, by])
}

/**
 * Ends the open session of the executor of this name, if it has one, and keeps others from registering the name meanwhile. First of all,
 * because sessions are locked before executors wherever both are.
 */
export async function endSessionOfName(tx: Transaction, tenantId: number, appId: number, instance: string): Promise<void> {
  await lockExecutorName(tx, tenantId, appId, instance)
  const [executor] = await tx.query<{ id: number }>(FIND, [tenantId, appId, instance])
  if (!executor) return
  lockCheck(tx, tenantId, executor.id)
  await endOpenSession(tx, tenantId, executor.id, 'REPLACED')
}

const SUCCESSOR = sql(
  'executorSession.successor',
  `select o.id from executor e
   join executor_session was on was.tenant_id = e.tenant_id and was.executor_id = e.id and was.id = $4 and was.end_reason = 'REPLACED'
   join executor_session o on o.tenant_id = e.tenant_id and o.executor_id = e.id and o.ended_at is null and o.lease_until > statement_timestamp()
   where e.tenant_id = $1 and e.app_id = $2 and e.instance = $3 and e.deleted_at is null`,
)

/** The open session, its lease good, of the executor of this name, of which another session was replaced; null: there is none. */
export async function findSuccessor(
  tx: Transaction,
  replaced: { readonly tenantId: number; readonly appId: number; readonly instance: string; readonly session: number },
): Promise<number | null> {
  const { tenantId, appId, instance, session } = replaced
  return (await tx.query<{ id: number }>(SUCCESSOR, [tenantId, appId, instance, session]))[0]?.id ?? null
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
  /** The executor's name in its app. */
  readonly instance: string
  readonly appId: number
  readonly appShared: boolean
  readonly appPaused: boolean
  /** Its app starts so many a second at most: under the key `app:<id>`. */
  readonly appRated: boolean
  readonly tenantActive: boolean
  readonly capacity: number
  readonly claimSeq: number
  readonly ended: boolean
  readonly status: 'ONLINE' | 'OFFLINE' | 'MAINTENANCE' | 'DRAINING'
  /** Neither set aside by anyone nor unwell. */
  readonly inService: boolean
  readonly handlers: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  /** How its app divides the places of its executors. */
  readonly capacityRules: readonly CapacityRule[]
}

const SESSION_COLUMNS = `s.tenant_id as "tenantId", s.id, s.executor_id as "executorId", e.instance, s.app_id as "appId", a.shared as "appShared", a.paused as "appPaused", a.rate_per_second is not null as "appRated", te.state = 'ACTIVE' as "tenantActive",
  s.capacity, s.claim_seq as "claimSeq", s.ended_at is not null as ended, e.status, e.in_service as "inService", e.handlers, e.labels, a.capacity as "capacityRules"`

const SESSION_TABLES = `executor_session s
  join executor e on e.tenant_id = s.tenant_id and e.id = s.executor_id
  join app a on a.tenant_id = s.tenant_id and a.id = s.app_id
  join tenant te on te.id = s.tenant_id`

/** What decides whether an executor gets work at all. */
const MAY_GET = `e.in_service and not a.paused and te.state = 'ACTIVE'`

const LOCK = sql(
  'executorSession.lock',
  `select s.id from executor_session s where s.tenant_id = $1 and s.id = $2 for no key update`,
)

const SELECT = sql(
  'executorSession.select',
  `select ${SESSION_COLUMNS} from ${SESSION_TABLES} where s.tenant_id = $1 and s.id = $2`,
)

/**
 * Locks a session, so that what is given to it is given by one transaction at a time, and never to one that has ended. What stands of it is
 * read by the next statement, sent with it: the snapshot of the locking one is older than its wait, and its executor may have been set aside
 * meanwhile.
 */
export async function lockSession(tx: Transaction, tenantId: number, sessionId: number): Promise<SessionRow | null> {
  const [, session] = await Promise.all([tx.query(LOCK, [tenantId, sessionId]), selectSession(tx, tenantId, sessionId)])
  return session
}

const LOCK_IF_FREE = sql(
  'executorSession.lockIfFree',
  `select s.id from executor_session s where s.tenant_id = $1 and s.id = $2 for no key update skip locked`,
)

/** As `lockSession`, without waiting: null also where somebody else holds it. */
export async function lockSessionIfFree(tx: Transaction, tenantId: number, sessionId: number): Promise<SessionRow | null> {
  const [locked, session] = await Promise.all([
    tx.query(LOCK_IF_FREE, [tenantId, sessionId]),
    selectSession(tx, tenantId, sessionId),
  ])
  return locked.length > 0 ? session : null
}

export async function selectSession(tx: Transaction, tenantId: number, sessionId: number): Promise<SessionRow | null> {
  return (await tx.query<SessionRow>(SELECT, [tenantId, sessionId]))[0] ?? null
}

const BATCH = 'unnest($1::bigint[], $2::bigint[]) as batch (tenant_id, id)'
const LOCK_BATCH = sql(
  'executorSession.lockBatch',
  `select s.id from (select * from ${BATCH} order by tenant_id, id) wanted
   cross join lateral (select l.id from executor_session l where l.tenant_id = wanted.tenant_id and l.id = wanted.id for no key update) s`,
)
const RENEW = sql(
  'executorSession.renew',
  `update executor_session s set lease_until = statement_timestamp() + $3 * interval '1 ms', seen_at = statement_timestamp()
   from ${placed('executor_session', 'id', BATCH)} b
   cross join lateral (select l.executor_id from executor_session l where l.tenant_id = b.tenant_id and l.id = b.id limit 1) l
   cross join lateral (select e.status from executor e where e.tenant_id = b.tenant_id and e.id = l.executor_id limit 1) x
   where s.ctid = b.place and (s.ended_at is null) is not false
   returning s.id, x.status`,
)

export interface RenewedSession {
  readonly id: number
  readonly status: SessionRow['status']
}

/** Renews leases, also those that have run out but were not taken over. Those that have ended are not answered. */
export function renewSessions(
  tx: Transaction,
  sessions: readonly { readonly tenantId: number; readonly session: number }[],
  leaseMs: number,
): Promise<RenewedSession[]> {
  const keys = [plainColumn(column(sessions, 'tenantId')), plainColumn(column(sessions, 'session'))]
  tx.send(LOCK_BATCH, keys)
  return tx.query(RENEW, [...keys, leaseMs])
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
   update executor e set status = 'OFFLINE', status_reason = 'It left', status_set_at = statement_timestamp(), updated_at = statement_timestamp()
   from left_session l where e.tenant_id = $1 and e.id = l.executor_id and e.status_set_by is null`,
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
     update executor e set status = 'OFFLINE', status_set_at = statement_timestamp(), updated_at = statement_timestamp(),
       status_reason = case when e.registered_by is null then 'Its heartbeats stopped' else 'Its health checks failed' end
     from ended where e.tenant_id = ended.tenant_id and e.id = ended.executor_id and e.status_set_by is null)
   select id from ended`,
)

/** Ends sessions whose lease has run out, whatever their executors do from now on. */
export async function expireSessions(tx: Transaction, limit: number): Promise<number[]> {
  return (await tx.query<{ id: number }>(EXPIRE, [limit])).map((row) => row.id)
}

const LOCK_PUSH = sql(
  'executorSession.lockPush',
  `select s.id from executor_session s join executor e on e.tenant_id = s.tenant_id and e.id = s.executor_id
   where s.tenant_id = $1 and s.app_id = $2 and s.ended_at is null and e.mode = 'PUSH'
   order by s.tenant_id, s.id for no key update of s`,
)
const SELECT_PUSH = sql(
  'executorSession.selectPush',
  `select ${SESSION_COLUMNS}, e.address, s.call_token as "callToken", e.transport, e.per_call as "perCall"
   from ${SESSION_TABLES}
   where s.tenant_id = $1 and s.app_id = $2 and s.ended_at is null and e.mode = 'PUSH' and ${MAY_GET}
   order by s.tenant_id, s.id`,
)

/** In which protocol a push executor is called. */
export type ExecutorTransport = 'CARILLON' | 'XXL_JOB'

export type PushSession = SessionRow & {
  readonly address: string
  readonly callToken: string | null
  readonly transport: ExecutorTransport
  readonly perCall: number | null
}

/** What calling a push executor needs. */
export type CalledSession = Pick<PushSession, 'id' | 'tenantId' | 'address' | 'callToken' | 'transport' | 'perCall'>

/** The push executors of an app that may get work, locked, so that no two nodes fill the same place. Read behind the lock, as `lockSession`. */
export async function lockPushSessions(tx: Transaction, tenantId: number, appId: number): Promise<PushSession[]> {
  const [locked, read] = await Promise.all([
    tx.query<{ id: number }>(LOCK_PUSH, [tenantId, appId]),
    tx.query<PushSession>(SELECT_PUSH, [tenantId, appId]),
  ])
  // One that has registered between the two statements is not locked.
  const held = new Set(column(locked, 'id'))
  return read.filter((session) => held.has(session.id))
}

const SELECT_READY = sql(
  'executorSession.selectReady',
  `select ${SESSION_COLUMNS} from ${SESSION_TABLES}
   where s.tenant_id = $1 and s.app_id = $2 and s.ended_at is null and ${MAY_GET} order by s.executor_id`,
)

/** The executors of an app that may get work, whether they ask or are called; not locked. */
export function selectReadySessions(tx: Transaction, tenantId: number, appId: number): Promise<SessionRow[]> {
  return tx.query(SELECT_READY, [tenantId, appId])
}

const PUSH_APPS = sql(
  'executorSession.pushApps',
  `select distinct e.tenant_id as "tenantId", e.app_id as "appId" from executor e
   cross join lateral (select a.paused from app a where a.tenant_id = e.tenant_id and a.id = e.app_id limit 1) a
   cross join lateral (select te.state from tenant te where te.id = e.tenant_id limit 1) te
   cross join lateral (
     select s.id from executor_session s where s.tenant_id = e.tenant_id and s.executor_id = e.id and s.ended_at is null limit 1) s
   where e.mode = 'PUSH' and ${MAY_GET} order by 1, 2`,
)

export function selectPushApps(tx: Asking): Promise<{ tenantId: number; appId: number }[]> {
  return tx.query(PUSH_APPS)
}

const PUSH_TARGET = sql(
  'executorSession.pushTarget',
  `select s.id, s.tenant_id as "tenantId", e.address, s.call_token as "callToken", e.transport, e.per_call as "perCall"
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

const FORGET_GONE = sql(
  'executor.forgetGone',
  `update executor e set deleted_at = statement_timestamp(), version = e.version + 1
   where (e.tenant_id, e.id) in (
     select g.tenant_id, g.id from executor g
     where g.deleted_at is null and g.status = 'OFFLINE' and g.status_set_by is null and g.registered_by is null and g.updated_at < statement_timestamp() - interval '7 days'
       and not exists (select from executor_session s where s.tenant_id = g.tenant_id and s.executor_id = g.id and s.ended_at is null)
     limit $1)
   and e.status = 'OFFLINE' and e.status_set_by is null and e.registered_by is null and e.updated_at < statement_timestamp() - interval '7 days'`,
)

/**
 * Removes executors that left a week ago and that no person has said anything about: where each process has a name of its own, there are
 * more of them every day. One that registers meanwhile has changed, which the locked row shows.
 */
export async function forgetGoneExecutors(tx: Transaction, limit: number): Promise<void> {
  await tx.query(FORGET_GONE, [limit])
}

const TROUBLE = 'Calls to it fail. '
const SET_TROUBLE = sql(
  'executor.setCallTrouble',
  `update executor e set status_reason = $3, updated_at = statement_timestamp()
   from executor_session s
   where s.tenant_id = $1 and s.id = $2 and s.ended_at is null and e.tenant_id = s.tenant_id and e.id = s.executor_id
     and e.status = 'ONLINE' and e.status_set_by is null and e.status_reason is distinct from $3
     and ($3::text is not null or e.status_reason like '${TROUBLE}%')`,
)

export interface CallTrouble {
  readonly tenantId: number
  readonly session: number
  /** Null: it can be called. */
  readonly trouble: string | null
}

/** Shows on the executor of an open session what keeps it from being called, or takes that back. */
export async function setCallTrouble(tx: Transaction, { tenantId, session, trouble }: CallTrouble): Promise<void> {
  await tx.query(SET_TROUBLE, [tenantId, session, trouble === null ? null : TROUBLE + trouble])
}
