import { column, plainColumn } from './columns.ts'
import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

/** How attempts ended. */
export interface Outcomes {
  readonly succeeded: number
  readonly failed: number
  readonly timedOut: number
  readonly cancelled: number
  readonly lost: number
}

export interface Tally extends Outcomes {
  readonly tenantId: number
  readonly appId: number
  readonly executorId: number
}

const TALLY = sql(
  'executorFigures.tally',
  `insert into executor_tally (tenant_id, app_id, executor_id, succeeded, failed, timed_out, cancelled, lost)
   select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[])`,
)

/** Notes how attempts have ended; shown when it has been rolled up. */
export function tallyOutcomes(tx: Transaction, tallies: readonly Tally[]): void {
  if (tallies.length === 0) return
  const columns = ['tenantId', 'appId', 'executorId', 'succeeded', 'failed', 'timedOut', 'cancelled', 'lost'] as const
  tx.send(
    TALLY,
    columns.map((name) => plainColumn(column(tallies, name))),
  )
}

const ROLL_UP = sql(
  'executorFigures.rollUp',
  `with taken as (
     delete from executor_tally where id in (select id from executor_tally order by id limit $1 for update skip locked) returning *),
   summed as (
     select tenant_id, app_id, coalesce(executor_id, 0) as executor_id, hour, sum(succeeded) as succeeded, sum(failed) as failed,
       sum(timed_out) as timed_out, sum(cancelled) as cancelled, sum(lost) as lost, sum(rows) as rows
     from (select *, date_trunc('hour', at, 'UTC') as hour, 1 as rows from taken) t
     group by grouping sets ((tenant_id, app_id, executor_id, hour), (tenant_id, app_id, hour))),
   stored as (
     insert into executor_hour as h (tenant_id, app_id, executor_id, hour, succeeded, failed, timed_out, cancelled, lost)
     select tenant_id, app_id, executor_id, hour, succeeded, failed, timed_out, cancelled, lost from summed order by 1, 2, 3, 4
     on conflict (tenant_id, app_id, executor_id, hour) do update
       set succeeded = h.succeeded + excluded.succeeded, failed = h.failed + excluded.failed, timed_out = h.timed_out + excluded.timed_out,
         cancelled = h.cancelled + excluded.cancelled, lost = h.lost + excluded.lost)
   select coalesce(sum(rows) filter (where executor_id = 0), 0)::int as taken from summed`,
)

/** Adds what was noted to its hours; answers how many rows it took, of which there may be more. */
export async function rollUpTallies(tx: Transaction, limit: number): Promise<number> {
  return (await tx.query<{ taken: number }>(ROLL_UP, [limit]))[0]!.taken
}

const SUMS = ['succeeded', 'failed', 'timed_out', 'cancelled', 'lost']
const FIGURES = sql(
  'executorFigures.select',
  `select p.days, h.executor_id = 0 as "ofApp",
     ${SUMS.map((name) => `sum(h.${name})::float8 as "${name === 'timed_out' ? 'timedOut' : name}"`).join(', ')}
   from unnest($4::int[]) as p (days)
   cross join lateral (
     select l.* from executor_hour l
     where l.tenant_id = $1 and l.app_id = $2 and l.executor_id in (0, $3) and l.hour > statement_timestamp() - p.days * interval '1 day') h
   group by 1, 2`,
)

export interface FiguresRow extends Outcomes {
  readonly days: number
  /** The whole app's; else the executor's. */
  readonly ofApp: boolean
}

/** How attempts on an executor, and on all of its app, ended within so many days. What had none has no row. */
export function selectFigures(
  tx: Transaction,
  tenantId: number,
  { appId, executorId }: { readonly appId: number; readonly executorId: number },
  days: readonly number[],
): Promise<FiguresRow[]> {
  return tx.query(FIGURES, [tenantId, appId, executorId, days])
}

const PRUNE = sql(
  'executorFigures.prune',
  `delete from executor_hour where (tenant_id, app_id, executor_id, hour) in (
     select tenant_id, app_id, executor_id, hour from executor_hour where hour < statement_timestamp() - interval '91 days' order by hour limit $1)`,
)

export async function pruneFigures(tx: Transaction, limit: number): Promise<void> {
  await tx.query(PRUNE, [limit])
}
