import type { Transaction } from './database.ts'
import { MOST_COUNTED, type Counted, type ExecutorCount } from './overview.ts'
import { sql } from './sql.ts'

// What is going on in all tenants together, for who runs the platform. As of a tenant, each statement walks an index and stops after so many rows, or reads
// what has been rolled up.

const MOST_QUEUES = 5_000

const counted = (n: number): Counted => ({ count: Math.min(n, MOST_COUNTED), more: n > MOST_COUNTED })

const RUNNING = sql(
  'platformOverview.running',
  `select count(*)::int as n from (
     select from executor_session s
     cross join lateral (select from instance_live i where i.session_id = s.id and i.state in ('RESERVED', 'RUNNING') limit $1) held
     where s.ended_at is null limit $1) counted`,
)
export async function countAllRunning(tx: Transaction): Promise<Counted> {
  return counted((await tx.query<{ n: number }>(RUNNING, [MOST_COUNTED + 1]))[0]!.n)
}

const PENDING = sql(
  'platformOverview.pending',
  `select count(*)::int as n from (select from instance_live where state = 'PENDING' order by queue_id, tenant_id, sort_key limit $1) counted`,
)
// By skip scan: of each tenant in each queue the first in line.
const OLDEST_PENDING = sql(
  'platformOverview.oldestPending',
  `with recursive lane as (
     (select queue_id, tenant_id, created_at from instance_live where state = 'PENDING' order by queue_id, tenant_id, sort_key limit 1)
     union all
     select next.queue_id, next.tenant_id, next.created_at from lane
     cross join lateral (
       select l.queue_id, l.tenant_id, l.created_at from instance_live l
       where l.state = 'PENDING' and (l.queue_id, l.tenant_id) > (lane.queue_id, lane.tenant_id) order by l.queue_id, l.tenant_id, l.sort_key limit 1) next)
   select min(created_at) as "oldestAt" from (select created_at from lane limit ${MOST_QUEUES}) first`,
)
export async function countAllPending(tx: Transaction): Promise<Counted & { readonly oldestAt: number | null }> {
  const [[all], [first]] = await Promise.all([
    tx.query<{ n: number }>(PENDING, [MOST_COUNTED + 1]),
    tx.query<{ oldestAt: number | null }>(OLDEST_PENDING),
  ])
  return { ...counted(all!.n), oldestAt: first!.oldestAt }
}

// Firing looks at them as they become due: what still is after two seconds is late.
const OVERDUE = sql(
  'platformOverview.overdue',
  `select count(*)::int as n, min(due_at) as "oldestAt" from (
     select due_at from schedule_due where due_at < statement_timestamp() - interval '2 s' order by due_at limit $1) late`,
)
export async function countAllOverdue(tx: Transaction): Promise<Counted & { readonly oldestAt: number | null }> {
  const [row] = await tx.query<{ n: number; oldestAt: number | null }>(OVERDUE, [MOST_COUNTED + 1])
  return { ...counted(row!.n), oldestAt: row!.oldestAt }
}

const EXECUTORS = sql(
  'platformOverview.executors',
  `select status, health, in_service as "inService", count(*)::int as count, coalesce(sum(capacity), 0)::int as capacity
   from executor where deleted_at is null group by 1, 2, 3`,
)
export function countAllExecutors(tx: Transaction): Promise<ExecutorCount[]> {
  return tx.query(EXECUTORS)
}

const HOURS = sql(
  'platformOverview.hours',
  `select to_ms(h.at) as at, coalesce(sum(e.succeeded + e.failed + e.timed_out + e.cancelled + e.lost), 0)::float8 as ended,
     coalesce(sum(e.failed + e.timed_out + e.lost), 0)::float8 as failed
   from (select date_trunc('hour', statement_timestamp(), 'UTC') - n * interval '1 hour' as at from generate_series(0, 23) n) h
   left join executor_hour e on e.hour = h.at and e.executor_id = 0
   group by h.at order by h.at`,
)

export interface HourOfAttempts {
  readonly at: number
  readonly ended: number
  readonly failed: number
}

/** Attempts on executors that ended in each of the last 24 hours, as they were rolled up. */
export function attemptsByHour(tx: Transaction): Promise<HourOfAttempts[]> {
  return tx.query(HOURS)
}
