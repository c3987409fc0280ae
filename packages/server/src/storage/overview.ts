import type { RunState } from '@carillon/core'
import type { Transaction } from './database.ts'
import { literals, sql } from './sql.ts'

// What is going on, for people. Each statement walks an index and stops after so many rows: a tenant with a hundred million runs costs what one with
// ten thousand does.

export const MOST_COUNTED = 10_000
/** Of history, newest first; rows of it are wide. */
const MOST_RECENT = 5_000
const MOST_FAILED = 500
const MOST_NEXT = 20
const MOST_QUEUES = 5_000

export interface Counted {
  readonly count: number
  readonly more: boolean
}

const counted = (n: number): Counted => ({ count: Math.min(n, MOST_COUNTED), more: n > MOST_COUNTED })

// Over the sessions, because they are few and instances are indexed by them: no index says which instances of a tenant run. Shared executors are the
// platform's.
const running = sql(
  'overview.running',
  `select count(*)::int as n from (
     select from executor_session s
     cross join lateral (
       select from instance_live i where i.session_id = s.id and i.state in ('RESERVED', 'RUNNING') and i.tenant_id = $1 limit $2) held
     where s.ended_at is null and s.tenant_id in ($1, 1) limit $2) counted`,
)
/** What executors hold of a tenant. It sees the platform's sessions, so it runs as the engine. */
export async function countRunning(tx: Transaction, tenantId: number): Promise<Counted> {
  return counted((await tx.query<{ n: number }>(running, [tenantId, MOST_COUNTED + 1]))[0]!.n)
}

const QUEUES = `(select id from queue where app_tenant_id in ($1, 1) order by id limit ${MOST_QUEUES}) q`

const pending = sql(
  'overview.pending',
  `select count(*)::int as n from (
     select from ${QUEUES}
     cross join lateral (select from instance_live i where i.queue_id = q.id and i.tenant_id = $1 and i.state = 'PENDING' limit $2) waits limit $2) counted`,
)
const oldestPending = sql(
  'overview.oldestPending',
  `select min(first.created_at) as "oldestAt" from ${QUEUES}
   cross join lateral (
     select i.created_at from instance_live i where i.queue_id = q.id and i.tenant_id = $1 and i.state = 'PENDING' order by i.sort_key limit 1) first`,
)
/** What waits for an executor; of each queue the first in line is asked since when. */
export async function countPending(tx: Transaction, tenantId: number): Promise<Counted & { readonly oldestAt: number | null }> {
  const [[all], [first]] = await Promise.all([
    tx.query<{ n: number }>(pending, [tenantId, MOST_COUNTED + 1]),
    tx.query<{ oldestAt: number | null }>(oldestPending, [tenantId]),
  ])
  return { ...counted(all!.n), oldestAt: first!.oldestAt }
}

const executors = sql(
  'overview.executors',
  `select status, health, in_service as "inService", count(*)::int as count, coalesce(sum(capacity), 0)::int as capacity
   from executor where tenant_id = $1 and deleted_at is null group by 1, 2, 3`,
)
export interface ExecutorCount {
  readonly status: 'ONLINE' | 'OFFLINE' | 'MAINTENANCE' | 'DRAINING'
  readonly health: 'HEALTHY' | 'UNHEALTHY'
  readonly inService: boolean
  readonly count: number
  readonly capacity: number
}
export function countExecutors(tx: Transaction, tenantId: number): Promise<ExecutorCount[]> {
  return tx.query(executors, [tenantId])
}

// Firing looks at them as they become due: what still is after two seconds is late.
const overdue = sql(
  'overview.overdue',
  `select count(*)::int as n, min(due_at) as "oldestAt" from (
     select due_at from schedule_due where tenant_id = $1 and due_at < statement_timestamp() - interval '2 s' order by due_at limit $2) late`,
)
export async function countOverdue(tx: Transaction, tenantId: number): Promise<Counted & { readonly oldestAt: number | null }> {
  const [row] = await tx.query<{ n: number; oldestAt: number | null }>(overdue, [tenantId, MOST_COUNTED + 1])
  return { ...counted(row!.n), oldestAt: row!.oldestAt }
}

export interface Recent {
  readonly at: number
  /** Final state → how many of those looked at ended in it since then. */
  readonly outcomes: Partial<Record<RunState, number>>
  readonly minutes: readonly { readonly at: number; readonly ended: number; readonly failed: number }[]
  readonly fireMs: readonly (number | null)[] | null
  readonly startMs: readonly (number | null)[] | null
  /** More rows than are looked at are as young as that. */
  readonly moreSince: boolean
  readonly moreMinutes: boolean
}

const percentiles = (ms: string, where: string) =>
  `(select percentile_disc(array[0.5, 0.95]) within group (order by ${ms}) from recent where ended_at >= (select from_minute from clock) and ${where})`

const recent = sql(
  'overview.recent',
  `with recent as materialized (
     select state, origin, fire_at, created_at, started_at, ended_at from run_history where tenant_id = $1 order by id desc limit ${MOST_RECENT}),
   clock as (select date_trunc('minute', statement_timestamp()) - interval '14 minutes' as from_minute)
   select statement_timestamp() as at,
     (select coalesce(jsonb_object_agg(state, n), '{}') from (select state, count(*) as n from recent where ended_at >= at_ms($2::bigint) group by 1) s) as outcomes,
     (select jsonb_agg(jsonb_build_object('at', to_ms(m.at), 'ended', coalesce(r.ended, 0), 'failed', coalesce(r.failed, 0)) order by m.at)
      from (select from_minute + n * interval '1 minute' as at from clock, generate_series(0, 14) n) m
      left join (select date_trunc('minute', ended_at) as at, count(*) as ended, count(*) filter (where state in ('FAILED', 'TIMEOUT')) as failed
                 from recent where ended_at >= (select from_minute from clock) group by 1) r using (at)) as minutes,
     ${percentiles('to_ms(created_at) - to_ms(fire_at)', `origin = 'SCHEDULE' and fire_at is not null`)}::float8[] as "fireMs",
     ${percentiles('to_ms(started_at) - to_ms(created_at)', 'started_at is not null')}::float8[] as "startMs",
     (select count(*) = ${MOST_RECENT} and min(created_at) >= at_ms($2::bigint) from recent) as "moreSince",
     (select count(*) = ${MOST_RECENT} and min(created_at) >= (select from_minute from clock) from recent) as "moreMinutes"`,
)
export async function lookAtRecent(tx: Transaction, tenantId: number, since: number): Promise<Recent> {
  return (await tx.query<Recent>(recent, [tenantId, since]))[0]!
}

export interface FailedRun {
  readonly id: number
  readonly kind: 'TASK' | 'DAG'
  readonly targetId: number
  readonly targetCode: string | null
  readonly state: 'FAILED' | 'TIMEOUT' | 'CANCELLED'
  readonly endedAt: number
  /** Of the only instance of a task's run. */
  readonly code: string | null
  readonly message: string | null
}

const failed = sql(
  'overview.failed',
  `select r.id, r.target_kind as kind, r.target_id as "targetId", r.state, r.ended_at as "endedAt", e.code, e.message,
     case r.target_kind when 'TASK' then (select k.code from task k where k.tenant_id = $1 and k.id = r.target_id)
       else (select k.code from dag k where k.tenant_id = $1 and k.id = r.target_id) end as "targetCode"
   from (select id, target_kind, target_id, state, created_at, ended_at from run_history
         where tenant_id = $1 and state in (${literals(['FAILED', 'TIMEOUT', 'CANCELLED'])}) order by id desc limit ${MOST_FAILED}) r
   left join lateral (
     select i.error ->> 'code' as code, left(i.error ->> 'message', 300) as message from instance_history i
     where r.target_kind = 'TASK' and i.tenant_id = $1 and i.id = r.id limit 1) e on true
   where r.ended_at >= at_ms($2::bigint)
   order by r.id desc`,
)
/** The newest runs that did not succeed; `more`: there are others as young. */
export async function listFailed(
  tx: Transaction,
  tenantId: number,
  since: number,
): Promise<{ runs: FailedRun[]; more: boolean }> {
  const runs = await tx.query<FailedRun>(failed, [tenantId, since])
  return { runs, more: runs.length === MOST_FAILED }
}

export interface NextFire {
  readonly scheduleId: number
  readonly scheduleCode: string
  readonly kind: 'TASK' | 'DAG'
  readonly targetId: number
  readonly targetCode: string | null
  readonly fireAt: number
}

const next = sql(
  'overview.next',
  `select s.id as "scheduleId", s.code as "scheduleCode", s.target_kind as kind, s.target_id as "targetId", d.next_fire_at as "fireAt",
     case s.target_kind when 'TASK' then (select k.code from task k where k.tenant_id = $1 and k.id = s.target_id)
       else (select k.code from dag k where k.tenant_id = $1 and k.id = s.target_id) end as "targetCode"
   from (select * from schedule_due where tenant_id = $1 and due_at >= statement_timestamp() order by due_at limit 200) d
   join schedule s on s.tenant_id = d.tenant_id and s.id = d.schedule_id
   where not s.paused and s.deleted_at is null order by d.next_fire_at, s.id limit ${MOST_NEXT}`,
)
/** Of schedules that are not paused; of two hundred that are due next. */
export function listNext(tx: Transaction, tenantId: number): Promise<NextFire[]> {
  return tx.query(next, [tenantId])
}

export interface DatabaseFacts {
  readonly version: string
  readonly now: number
  readonly standbys: readonly { readonly name: string; readonly state: string; readonly lagMs: number | null }[]
  readonly leaders: readonly {
    readonly role: string
    readonly node: string
    readonly term: number
    readonly leaseUntil: number
  }[]
}

const facts = sql(
  'overview.database',
  `select current_setting('server_version') as version, to_ms(clock_timestamp()) as now,
     (select coalesce(jsonb_agg(jsonb_build_object('name', coalesce(application_name, ''), 'state', coalesce(state, ''),
        'lagMs', (extract(epoch from replay_lag) * 1000)::bigint)), '[]') from pg_stat_replication) as standbys,
     (select coalesce(jsonb_agg(jsonb_build_object('role', role, 'node', node_id, 'term', term, 'leaseUntil', to_ms(lease_until)) order by role), '[]')
      from leader where lease_until > statement_timestamp()) as leaders`,
)
export async function readDatabaseFacts(tx: Transaction): Promise<DatabaseFacts> {
  return (await tx.query<DatabaseFacts>(facts))[0]!
}
