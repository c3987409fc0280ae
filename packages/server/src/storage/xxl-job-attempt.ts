import { column } from './columns.ts'
import type { Transaction } from './database.ts'
import type { InstanceKey } from './instance.ts'
import { sql } from './sql.ts'

/** Attempts as executors of xxl-job know them: by log number, and by the number of their task. */

const RESERVED = sql(
  'instance.reservedUnder',
  `select i.tenant_id as "tenantId", i.id, i.token, i.plan_id as "planId", i.node, i.attempt, i.stop_reason is not null as stopped
   from unnest($2::bigint[], $3::bigint[], $4::bigint[]) as wanted (tenant_id, id, token)
   cross join lateral (select * from instance_live l where l.tenant_id = wanted.tenant_id and l.id = wanted.id limit 1) i
   where i.token = wanted.token and i.session_id = $1 and i.state = 'RESERVED'`,
)

export interface ReservedInstance extends InstanceKey {
  readonly token: number
  readonly planId: number
  readonly node: number
  readonly attempt: number
  readonly stopped: boolean
}

export interface AttemptName extends InstanceKey {
  readonly token: number
}

/** Those of these instances that the session still holds, unstarted. */
export function selectReservedUnder(
  tx: Transaction,
  sessionId: number,
  attempts: readonly AttemptName[],
): Promise<ReservedInstance[]> {
  return tx.query(RESERVED, [sessionId, column(attempts, 'tenantId'), column(attempts, 'id'), column(attempts, 'token')])
}

const GIVE_NUMBERS = sql(
  'task.giveXxlJobIds',
  `update task t set xxl_job_id = nextval('xxl_job_number')
   from (select k.tenant_id, k.id from task k join unnest($1::bigint[], $2::bigint[]) as wanted (tenant_id, id) on k.tenant_id = wanted.tenant_id and k.id = wanted.id
         where k.xxl_job_id is null order by k.tenant_id, k.id for no key update of k) bare
   where t.tenant_id = bare.tenant_id and t.id = bare.id and t.xxl_job_id is null`,
)
const NUMBERS = sql(
  'task.xxlJobIds',
  `select t.tenant_id as "tenantId", t.id, t.xxl_job_id as "jobId" from unnest($1::bigint[], $2::bigint[]) as wanted (tenant_id, id)
   join task t on t.tenant_id = wanted.tenant_id and t.id = wanted.id where t.xxl_job_id is not null`,
)

/** The numbers of tasks; those that have none are given one. */
export async function numberXxlTasks(
  tx: Transaction,
  tasks: readonly InstanceKey[],
): Promise<(InstanceKey & { readonly jobId: number })[]> {
  const keys = [column(tasks, 'tenantId'), column(tasks, 'id')]
  const numbered = await tx.query<InstanceKey & { readonly jobId: number }>(NUMBERS, keys)
  if (numbered.length === new Set(tasks.map((task) => task.id)).size) return numbered
  await tx.query(GIVE_NUMBERS, keys)
  return tx.query(NUMBERS, keys)
}

const OPEN = sql(
  'xxlJobAttempt.open',
  `insert into xxl_job_attempt (tenant_id, app_tenant_id, app_id, session_id, executor_id, instance_id, token, attempt, job_id, look_at)
   select n.tenant_id, $1, $2, $3, $4, n.instance_id, n.token, n.attempt, n.job_id, statement_timestamp() + $5 * interval '1 ms'
   from unnest($6::bigint[], $7::bigint[], $8::bigint[], $9::int[], $10::int[]) as n (tenant_id, instance_id, token, attempt, job_id)
   where not exists (
     select from xxl_job_attempt k where k.session_id = $3 and k.job_id = n.job_id and k.state in ('SENDING', 'SENT', 'OVER') and k.killing_until > statement_timestamp())
   on conflict (tenant_id, instance_id, token) do nothing
   returning tenant_id as "tenantId", instance_id as id, token, id as "logId", sent_at as "sentAt"`,
)

export interface OpenedAttempt extends AttemptName {
  readonly logId: number
  readonly sentAt: number
}

/** Writes attempts down before they are sent. Left out is what a kill that is on its way would hit: it must not be sent now. */
export function openXxlAttempts(
  tx: Transaction,
  callee: { readonly appTenantId: number; readonly appId: number; readonly session: number; readonly executorId: number },
  firstLookMs: number,
  attempts: readonly (AttemptName & { readonly attempt: number; readonly jobId: number })[],
): Promise<OpenedAttempt[]> {
  return tx.query(OPEN, [
    callee.appTenantId,
    callee.appId,
    callee.session,
    callee.executorId,
    firstLookMs,
    column(attempts, 'tenantId'),
    column(attempts, 'id'),
    column(attempts, 'token'),
    column(attempts, 'attempt'),
    column(attempts, 'jobId'),
  ])
}

const SENT = sql(
  'xxlJobAttempt.sent',
  `update xxl_job_attempt set state = 'SENT', look_at = statement_timestamp() + pause_ms * interval '1 ms' where id = $1 and state = 'SENDING'`,
)

/** It was accepted, or may have been. */
export function markXxlSent(tx: Transaction, logId: number): void {
  tx.send(SENT, [logId])
}

const NOT_TAKEN = sql(
  'xxlJobAttempt.notTaken',
  `update xxl_job_attempt set state = $2, over_at = statement_timestamp(), look_at = null where id = $1 and state = 'SENDING'`,
)

/** Refused, or it never got there: nothing is left to do about it. */
export function markXxlNotTaken(tx: Transaction, logId: number, state: 'REFUSED' | 'OVER'): void {
  tx.send(NOT_TAKEN, [logId, state])
}

const REFUSALS = sql(
  'xxlJobAttempt.refusals',
  `with refused as (
     select a.executor_id from instance_live i
     join xxl_job_attempt a on a.tenant_id = i.tenant_id and a.instance_id = i.id and a.attempt = i.attempt and a.state = 'REFUSED'
     where i.tenant_id = $1 and i.id = $2)
   select (select count(*) from refused) as refusals, count(other.id) as others
   from (select 1) one
   left join lateral (
     select s.id from instance_live i
     cross join lateral (select * from queue k where k.id = i.queue_id limit 1) q
     join executor e on e.tenant_id = q.app_tenant_id and e.app_id = q.app_id and e.deleted_at is null and e.transport = 'XXL_JOB'
       and e.in_service and selected(e.labels, q.selector) and (q.executor_id is null or q.executor_id = e.id or i.placed_until is not null)
     join executor_session s on s.tenant_id = e.tenant_id and s.executor_id = e.id and s.ended_at is null
     where i.tenant_id = $1 and i.id = $2 and e.id <> $3 and e.id not in (select executor_id from refused)
     limit 1) other on true`,
)

/** How often this attempt was refused before, and whether, beside this executor, one that has not refused it could still take it. */
export async function selectXxlRefusals(
  tx: Transaction,
  { tenantId, id }: InstanceKey,
  executorId: number,
): Promise<{ refusals: number; hasOther: boolean }> {
  const [row] = await tx.query<{ refusals: number; others: number }>(REFUSALS, [tenantId, id, executorId])
  return { refusals: row!.refusals, hasOther: row!.others > 0 }
}

const AVOID = sql(
  'instance.avoid',
  `update instance_live set avoid_executor_id = $3, avoid_until = statement_timestamp() + $4 * interval '1 ms',
     -- Placed with it, where others may have it: it is taken back at once.
     placed_until = case when placed_until is not null then statement_timestamp() end
   where tenant_id = $1 and id = $2 and state = 'PENDING'`,
)

/** What was handed back is given to another executor first. */
export function avoidXxlExecutor(tx: Transaction, { tenantId, id }: InstanceKey, executorId: number, forMs: number): void {
  tx.send(AVOID, [tenantId, id, executorId, forMs])
}

const OF_LOG_IDS = sql(
  'xxlJobAttempt.ofLogIds',
  `select a.id as "logId", a.tenant_id as "tenantId", a.instance_id as id, a.token, a.session_id as "sessionId", a.app_tenant_id as "appTenantId", a.app_id as "appId"
   from xxl_job_attempt a where a.id = any($1::bigint[]) and a.app_tenant_id = $2 and ($3::bigint is null or a.app_id = $3)`,
)

export interface CalledBackAttempt extends AttemptName {
  readonly logId: number
  readonly sessionId: number
  readonly appTenantId: number
}

/** The attempts of these log numbers, as far as they belong to whoever calls back. */
export function selectXxlAttempts(
  tx: Transaction,
  logIds: readonly number[],
  caller: { readonly tenantId: number; readonly appId: number | null },
): Promise<CalledBackAttempt[]> {
  return tx.query(OF_LOG_IDS, [logIds, caller.tenantId, caller.appId])
}

const WORK = sql(
  'xxlJobAttempt.work',
  `select w.tenant_id as "tenantId", w.id, p.id as "planId", coalesce(l.node, h.node) as node
   from (select distinct * from unnest($1::bigint[], $2::bigint[]) as given (tenant_id, id)) w
   left join lateral (select * from instance_live i where i.tenant_id = w.tenant_id and i.id = w.id limit 1) l on true
   left join lateral (select * from instance_history i where i.tenant_id = w.tenant_id and i.id = w.id and l.id is null limit 1) h on true
   join plan p on p.tenant_id = w.tenant_id and p.id = coalesce(l.plan_id, h.plan_id)`,
)

export interface InstanceWork extends InstanceKey {
  readonly planId: number
  readonly node: number
}

/** What instances do, live ones and such as have ended. */
export function selectXxlWork(tx: Transaction, instances: readonly InstanceKey[]): Promise<InstanceWork[]> {
  return tx.query(WORK, [column(instances, 'tenantId'), column(instances, 'id')])
}

const OVER = sql(
  'xxlJobAttempt.over',
  `update xxl_job_attempt set state = 'OVER', over_at = statement_timestamp(), look_at = statement_timestamp(), pause_ms = 1000, log_failures = 0
   where id = any($1::bigint[]) and state in ('SENDING', 'SENT')`,
)

/** They have ended: what is left of their logs is fetched. */
export function markXxlOver(tx: Transaction, logIds: readonly number[]): void {
  if (logIds.length > 0) tx.send(OVER, [logIds])
}

const KILLING = sql(
  'xxlJobAttempt.killing',
  `with held as (
     select l.tenant_id, l.id, l.token from instance_live l
     where l.session_id = $1 and l.state in ('RESERVED', 'RUNNING') and l.stop_reason is not null
     order by l.tenant_id, l.id for share)
   update xxl_job_attempt a set killing_until = statement_timestamp() + $2 * interval '1 ms'
   from held h
   where a.tenant_id = h.tenant_id and a.instance_id = h.id and a.token = h.token and a.state = 'SENT' and not a.killed
     and (a.killing_until is null or a.killing_until < statement_timestamp())
   returning a.id as "logId", a.job_id as "jobId"`,
)

/**
 * Marks that kills are on their way to an executor, for as long as such a call may take: only of what it still holds and was asked to stop, whose rows
 * are shared until commit. So what is sent to it after the end of these finds the mark. What is only being sent is left out: a kill could get there
 * first. The next look passes its stop on.
 */
export function markXxlKilling(tx: Transaction, sessionId: number, forMs: number): Promise<{ logId: number; jobId: number }[]> {
  return tx.query(KILLING, [sessionId, forMs])
}

const KILLED = sql(
  'xxlJobAttempt.killed',
  `update xxl_job_attempt set killing_until = statement_timestamp() + $3 * interval '1 ms', killed = killed or $2 where id = any($1::bigint[])`,
)

/** The call is back. Where it was not heard, another one may be made. The mark stays for a moment. */
export async function markXxlKilled(tx: Transaction, logIds: readonly number[], heard: boolean, forMs: number): Promise<void> {
  await tx.query(KILLED, [logIds, heard, forMs])
}

const CLAIM_DUE = sql(
  'xxlJobAttempt.claimDue',
  `with due as (
     select tenant_id, id from xxl_job_attempt where look_at <= statement_timestamp() order by look_at limit $1 for no key update skip locked),
   taken as (
     update xxl_job_attempt a set look_at = statement_timestamp() + $2 * interval '1 ms' from due where a.tenant_id = due.tenant_id and a.id = due.id returning a.*)
   select a.tenant_id as "tenantId", a.instance_id as id, a.token, a.id as "logId", a.session_id as "sessionId", a.app_tenant_id as "appTenantId", a.executor_id as "executorId",
     a.attempt, a.job_id as "jobId", a.sent_at as "sentAt", a.state, a.probed_at as "probedAt", a.idle_since as "idleSince", a.log_from as "logFrom",
     a.log_failures as "logFailures", a.pause_ms as "pauseMs", a.over_at as "overAt", a.killed, to_ms(statement_timestamp()) as now,
     i.state as holds, i.stop_reason as "stopReason"
   from taken a
   left join lateral (
     select l.state, l.stop_reason from instance_live l
     where l.tenant_id = a.tenant_id and l.id = a.instance_id and l.token = a.token and l.session_id = a.session_id and l.state in ('RESERVED', 'RUNNING') limit 1) i on true`,
)

export interface DueAttempt extends CalledBackAttempt {
  readonly executorId: number
  readonly attempt: number
  readonly jobId: number
  readonly sentAt: number
  readonly state: 'SENDING' | 'SENT' | 'REFUSED' | 'OVER'
  readonly probedAt: number | null
  readonly idleSince: number | null
  readonly logFrom: number
  readonly logFailures: number
  readonly pauseMs: number
  readonly overAt: number | null
  readonly killed: boolean
  readonly now: number
  /** Its instance is still held under this attempt, and how. */
  readonly holds: 'RESERVED' | 'RUNNING' | null
  readonly stopReason: string | null
}

/** Attempts that somebody should look after, each for one node for so long. Across tenants. */
export function claimDueXxlAttempts(tx: Transaction, most: number, forMs: number): Promise<DueAttempt[]> {
  return tx.query(CLAIM_DUE, [most, forMs])
}

const LOOKED = sql(
  'xxlJobAttempt.looked',
  `update xxl_job_attempt set log_from = $3, log_failures = $4, pause_ms = $5, look_at = statement_timestamp() + $6::bigint * interval '1 ms',
     probed_at = case when $7::text is null then probed_at else statement_timestamp() end,
     idle_since = case $7::text when 'IDLE' then coalesce(idle_since, statement_timestamp()) when 'BUSY' then null else idle_since end
   where id = $1 and log_from = $2 and state = $8
   returning id`,
)

/** What a look has found. False: somebody else has looked, or it has ended, meanwhile; then nothing of it counts. */
export async function markXxlLooked(
  tx: Transaction,
  { logId, logFrom, state }: Pick<DueAttempt, 'logId' | 'logFrom' | 'state'>,
  found: {
    readonly logFrom: number
    readonly logFailures: number
    readonly pauseMs: number
    /** When to look again; null: never. */
    readonly againMs: number | null
    readonly probe: 'IDLE' | 'BUSY' | null
  },
): Promise<boolean> {
  const { logFailures, pauseMs, againMs, probe } = found
  return (await tx.query(LOOKED, [logId, logFrom, found.logFrom, logFailures, pauseMs, againMs, probe, state])).length === 1
}

const EXTENT = sql(
  'log.extentOfAttempt',
  `select coalesce(x.last_seq, 0) as "lastSeq", coalesce(x.bytes, 0) as bytes, coalesce(x.cut, false) as cut
   from (select 1) one
   left join lateral (select * from log_extent e where e.tenant_id = $1 and e.instance_id = $2 and e.attempt = $3 limit 1) x on true`,
)

/** How far the log of an attempt goes, whether it has ended or not. */
export async function selectLogExtent(
  tx: Transaction,
  { tenantId, id }: InstanceKey,
  attempt: number,
): Promise<{ lastSeq: number; bytes: number; cut: boolean }> {
  return (await tx.query<{ lastSeq: number; bytes: number; cut: boolean }>(EXTENT, [tenantId, id, attempt]))[0]!
}

const PRUNE = sql(
  'xxlJobAttempt.prune',
  `delete from xxl_job_attempt where (tenant_id, id) in (
     select tenant_id, id from xxl_job_attempt where over_at < statement_timestamp() - $1 * interval '1 ms' order by over_at limit 5000)`,
)

/** Removes what ended that long ago. */
export async function pruneXxlAttempts(tx: Transaction, afterMs: number): Promise<void> {
  await tx.query(PRUNE, [afterMs])
}
