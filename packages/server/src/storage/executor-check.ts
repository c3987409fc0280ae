import type { Health } from '@carillon/core'
import { column, plainColumn } from './columns.ts'
import type { Transaction } from './database.ts'
import type { ExecutorTransport } from './executor-session.ts'
import { sql } from './sql.ts'
import { openXxlByHand } from './xxl-job-session.ts'

/** When and how executors are checked. See `docs/decisions/0008`. Check rows are locked before sessions, and those before executors. */

const LOCK = sql(
  'executorCheck.lock',
  `select c.seq from executor_check c where c.tenant_id = $1 and c.executor_id = $2 for no key update`,
)

/** Before the executor and its session are locked: a result that is being written comes first, or no more. */
export function lockCheck(tx: Transaction, tenantId: number, executorId: number): void {
  tx.send(LOCK, [tenantId, executorId])
}

// Behind what is overdue, whoever has just registered would wait.
const SCHEDULE = sql(
  'executorCheck.schedule',
  `insert into executor_check as c (tenant_id, executor_id, due_at, call_token) values ($1, $2, statement_timestamp() - interval '1 hour', $3)
   on conflict (tenant_id, executor_id) do update
   set seq = c.seq + 1, due_at = excluded.due_at, call_token = excluded.call_token, xxl_dialect = null, xxl_token_id = null, xxl_key_id = null, xxl_sealed = null,
       failures = 0, successes = 0, failed_on = null, checked_at = null, ok = null, took_ms = null, detail = null`,
)
const CANCEL = sql('executorCheck.cancel', `delete from executor_check where tenant_id = $1 and executor_id = $2`)

/** Has an executor checked at once, from the beginning. `callToken`: of one that is registered by hand. */
export async function scheduleCheck(
  tx: Transaction,
  tenantId: number,
  executorId: number,
  callToken: string | null = null,
): Promise<void> {
  await tx.query(SCHEDULE, [tenantId, executorId, callToken])
}

const ANEW = sql(
  'executorCheck.anew',
  `with restarted as (
     update executor_check c
     set seq = c.seq + 1, due_at = statement_timestamp() - interval '1 hour', failures = 0, successes = 0, failed_on = null, checked_at = null, ok = null,
         took_ms = null, detail = null
     where c.tenant_id = $1 and c.executor_id = $2)
   update executor set health = 'UNKNOWN', health_reason = null, health_set_at = statement_timestamp() where tenant_id = $1 and id = $2`,
)

/** Nothing that was found before counts any more. */
export async function checkAnew(tx: Transaction, tenantId: number, executorId: number): Promise<void> {
  await tx.query(ANEW, [tenantId, executorId])
}

export async function cancelChecks(tx: Transaction, tenantId: number, executorId: number): Promise<void> {
  await tx.query(CANCEL, [tenantId, executorId])
}

const PRUNE = sql(
  'executorCheck.prune',
  `delete from executor_check c using (
     select d.tenant_id, d.executor_id from executor_check d join executor e on e.tenant_id = d.tenant_id and e.id = d.executor_id
     where e.deleted_at is not null order by d.tenant_id, d.executor_id limit $1 for no key update of d) gone
   where c.tenant_id = gone.tenant_id and c.executor_id = gone.executor_id`,
)

/** Lets go of the checks of executors that were removed. */
export async function pruneChecks(tx: Transaction, limit: number): Promise<void> {
  await tx.query(PRUNE, [limit])
}

// What is not to be checked now (removed, or gone: its heartbeats say so) is put aside until it registers.
const TAKE = sql(
  'executorCheck.take',
  `with due as (
     select c.tenant_id, c.executor_id from executor_check c
     where c.due_at <= statement_timestamp() and (c.failed_on is distinct from $1 or c.own_due_at <= statement_timestamp())
       and c.tenant_id <> all ($2::bigint[]) and (c.failures = 0 or $3)
     order by c.due_at limit $4 for no key update skip locked),
   looked as (
     select d.tenant_id, d.executor_id, e.health_url, e.health_every_ms, e.health, e.mode, e.transport, e.registered_by is not null as by_hand,
       (select s.id from executor_session s where s.tenant_id = e.tenant_id and s.executor_id = e.id and s.ended_at is null) as session_id,
       e.deleted_at is null and e.health_url is not null as is_there
     from due d join executor e on e.tenant_id = d.tenant_id and e.id = d.executor_id)
   update executor_check c
   set seq = c.seq + 1,
       due_at = statement_timestamp() + case when l.is_there and (l.by_hand or l.session_id is not null) then $5 * interval '1 ms' else interval '1 hour' end
   from looked l where c.tenant_id = l.tenant_id and c.executor_id = l.executor_id
   returning c.tenant_id as "tenantId", c.executor_id as "executorId", c.seq, l.health_url as url, l.health_every_ms as "everyMs", l.health, l.mode, l.transport,
     c.failures, c.successes, l.by_hand as "byHand", l.session_id as "sessionId", l.is_there and (l.by_hand or l.session_id is not null) as "isWanted"`,
)

export interface DueCheck {
  readonly tenantId: number
  readonly executorId: number
  readonly seq: number
  readonly url: string
  /** Null: as the server is set. */
  readonly everyMs: number | null
  readonly mode: 'PULL' | 'PUSH'
  /** The protocol in which it is called, and asked how it is. */
  readonly transport: ExecutorTransport
  readonly health: Health
  readonly failures: number
  readonly successes: number
  readonly byHand: boolean
  readonly sessionId: number | null
}

export interface TakeChecks {
  readonly nodeId: string
  /** Tenants that have enough under way. */
  readonly passedOver: readonly number[]
  /** Also those whose last check failed. */
  readonly suspects: boolean
  readonly most: number
  /** When another node may take them, if this one is never heard of again. */
  readonly holdMs: number
}

/** Takes checks that are due, for this node alone. Of any tenant. */
export async function takeDueChecks(tx: Transaction, take: TakeChecks): Promise<{ due: DueCheck[]; found: number }> {
  const { nodeId, passedOver, suspects, most, holdMs } = take
  const rows = await tx.query<DueCheck & { isWanted: boolean }>(TAKE, [
    ...[nodeId, plainColumn(passedOver), suspects, most, holdMs],
  ])
  return { due: rows.filter(({ isWanted }) => isWanted), found: rows.length }
}

export interface CheckResult {
  readonly tenantId: number
  readonly executorId: number
  readonly seq: number
  readonly ok: boolean
  readonly tookMs: number
  /** Why it failed. */
  readonly detail: string | null
  readonly health: Health
  readonly failures: number
  readonly successes: number
  readonly nextMs: number
  /** For other nodes: sooner, after a failure, so that another has a say. */
  readonly othersMs: number
  /** Of one that was registered by hand, whose checks are its heartbeats: how long this one is good for. */
  readonly leaseMs: number | null
}

const LOCK_TAKEN = sql(
  'executorCheck.lockTaken',
  `select c.executor_id as "executorId"
   from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as r (tenant_id, executor_id, seq)
   join executor_check c on c.tenant_id = r.tenant_id and c.executor_id = r.executor_id and c.seq = r.seq
   order by c.tenant_id, c.executor_id for no key update of c`,
)
const RECORD = sql(
  'executorCheck.record',
  `update executor_check c
   set ok = r.ok, took_ms = r.took_ms, detail = r.detail, failures = r.failures, successes = r.successes, checked_at = statement_timestamp(),
       own_due_at = statement_timestamp() + r.next_ms * interval '1 ms', due_at = statement_timestamp() + r.others_ms * interval '1 ms',
       failed_on = case when not r.ok then $10 end
   from unnest($1::bigint[], $2::bigint[], $3::bool[], $4::int[], $5::text[], $6::int[], $7::int[], $8::float8[], $9::float8[])
     as r (tenant_id, executor_id, ok, took_ms, detail, failures, successes, next_ms, others_ms)
   where c.tenant_id = r.tenant_id and c.executor_id = r.executor_id`,
)
const SET_HEALTH = sql(
  'executor.setHealth',
  `with changed as (
     select e.tenant_id, e.id, r.health, r.detail
     from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) as r (tenant_id, executor_id, health, detail)
     join executor e on e.tenant_id = r.tenant_id and e.id = r.executor_id
       -- What is wrong may have become something else; that is no change of its health, and no history.
       and (e.health <> r.health or (r.health = 'UNHEALTHY' and r.detail is not null and e.health_reason is distinct from r.detail))
     order by e.tenant_id, e.id for no key update of e)
   update executor e set health = c.health, health_reason = c.detail,
     health_set_at = case when e.health <> c.health then statement_timestamp() else e.health_set_at end
   from changed c where e.tenant_id = c.tenant_id and e.id = c.id`,
)

/** Writes down what checks found, each under its own `seq`, and answers of which executors that counted. */
export async function recordChecks(tx: Transaction, nodeId: string, results: readonly CheckResult[]): Promise<CheckResult[]> {
  const keys = (of: readonly CheckResult[]) => [plainColumn(column(of, 'tenantId')), plainColumn(column(of, 'executorId'))]
  const taken = new Set(
    column(
      await tx.query<{ executorId: number }>(LOCK_TAKEN, [...keys(results), plainColumn(column(results, 'seq'))]),
      'executorId',
    ),
  )
  const valid = results.filter(({ executorId }) => taken.has(executorId))
  if (valid.length === 0) return []
  tx.send(RECORD, [
    ...keys(valid),
    plainColumn(column(valid, 'ok')),
    plainColumn(column(valid, 'tookMs')),
    column(valid, 'detail'),
    plainColumn(column(valid, 'failures')),
    plainColumn(column(valid, 'successes')),
    plainColumn(column(valid, 'nextMs')),
    plainColumn(column(valid, 'othersMs')),
    nodeId,
  ])
  await beatByHand(
    tx,
    valid.filter(({ ok, leaseMs }) => ok && leaseMs !== null),
  )
  tx.send(SET_HEALTH, [...keys(valid), column(valid, 'health'), column(valid, 'detail')])
  return valid
}

const BY_HAND = `unnest($1::bigint[], $2::bigint[], $3::float8[]) as r (tenant_id, executor_id, lease_ms)
  join executor e on e.tenant_id = r.tenant_id and e.id = r.executor_id and e.registered_by is not null and e.deleted_at is null`
const RENEW_BY_HAND = sql(
  'executorSession.renewByHand',
  `with beating as (
     select s.tenant_id, s.id, r.lease_ms from ${BY_HAND}
     join executor_session s on s.tenant_id = e.tenant_id and s.executor_id = e.id and s.ended_at is null
     order by s.tenant_id, s.id for no key update of s)
   update executor_session s set lease_until = statement_timestamp() + b.lease_ms * interval '1 ms', seen_at = statement_timestamp()
   from beating b where s.tenant_id = b.tenant_id and s.id = b.id`,
)
const OPEN_BY_HAND = sql(
  'executorSession.openByHand',
  `with opened as (
     insert into executor_session (tenant_id, executor_id, app_id, capacity, lease_until, call_token)
     select e.tenant_id, e.id, e.app_id, e.capacity, statement_timestamp() + r.lease_ms * interval '1 ms', c.call_token
     from ${BY_HAND} join executor_check c on c.tenant_id = e.tenant_id and c.executor_id = e.id
     where not exists (select from executor_session s where s.tenant_id = e.tenant_id and s.executor_id = e.id and s.ended_at is null)
     order by e.tenant_id, e.id
     on conflict do nothing
     returning tenant_id, executor_id)
   update executor e set status = 'ONLINE', status_reason = null, status_set_at = statement_timestamp(), updated_at = statement_timestamp()
   from opened o where e.tenant_id = o.tenant_id and e.id = o.executor_id and e.status_set_by is null`,
)

async function beatByHand(tx: Transaction, beating: readonly CheckResult[]): Promise<void> {
  if (beating.length === 0) return
  const values = [
    plainColumn(column(beating, 'tenantId')),
    plainColumn(column(beating, 'executorId')),
    plainColumn(column(beating, 'leaseMs')),
  ]
  await tx.query(RENEW_BY_HAND, values)
  await tx.query(OPEN_BY_HAND, values)
  await openXxlByHand(tx, values[0]!, values[1]!)
}
