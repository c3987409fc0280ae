import { RUN_STOPS, type FinalRunState, type RunOrigin, type RunState, type RunStop } from '@carillon/core'
import { column, plainColumn } from './columns.ts'
import type { Transaction } from './database.ts'
import type { GateKey } from './gate.ts'
import { placed } from './placed.ts'
import { literals, sql } from './sql.ts'

/** Columns that run_live and run_history share, in the order in which rows move from one to the other. */
export const RUN_COLUMNS =
  'tenant_id, id, target_kind, target_id, plan_id, state, reason, origin, started_by, schedule_id, fire_at, backfill_id, parent_run_id, depth, ' +
  'params, priority, concurrency_key, admitted, wakes_schedule, instances, created_at, started_at, ended_at, parent_instance_id'

export interface RunKey {
  readonly tenantId: number
  readonly id: number
}

export interface NewRun {
  readonly tenantId: number
  readonly id: number
  readonly targetKind: 'TASK' | 'DAG'
  readonly targetId: number
  readonly planId: number
  readonly reason: string | null
  readonly origin: RunOrigin
  readonly startedBy: string
  readonly scheduleId: number | null
  readonly fireAt: number | null
  readonly backfillId: number | null
  readonly parentRunId: number | null
  readonly depth: number
  readonly params: string
  readonly priority: number
  readonly concurrencyKey: string | null
  readonly admitted: boolean
  readonly wakesSchedule: boolean
  readonly instances: number
  /** The node that waits for this run as for a part of itself. */
  readonly parentInstanceId: number | null
  /** When it is given up. */
  readonly deadlineAt: number | null
}

const NEW_RUN_ROWS = `unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::bigint[], $10::bigint[],
    $11::bigint[], $12::bigint[], $13::int[], $14::text[], $15::int[], $16::text[], $17::boolean[], $18::boolean[], $19::int[], $21::bigint[], $22::bigint[])
    as n (tenant_id, id, target_kind, target_id, plan_id, reason, origin, started_by, schedule_id, fire_at, backfill_id, parent_run_id, depth, params, priority,
          concurrency_key, admitted, wakes_schedule, instances, parent_instance_id, deadline_at)`

const INSERT = sql(
  'run.insert',
  `insert into run_live (${RUN_COLUMNS}, deadline_at)
   select tenant_id, id, target_kind, target_id, plan_id, 'PENDING', reason, origin, started_by, schedule_id, at_ms(fire_at), backfill_id, parent_run_id, depth,
          params::jsonb, priority, concurrency_key, admitted, wakes_schedule, instances, at_ms($20), null, null, parent_instance_id, at_ms(deadline_at)
   from ${NEW_RUN_ROWS}`,
)

const INSERT_SKIPPED = sql(
  'run.insertSkipped',
  `insert into run_history (${RUN_COLUMNS})
   select tenant_id, id, target_kind, target_id, plan_id, 'SKIPPED', reason, origin, started_by, schedule_id, at_ms(fire_at), backfill_id, parent_run_id, depth,
          params::jsonb, priority, concurrency_key, false, wakes_schedule, 0, at_ms($20), null, at_ms($20), parent_instance_id
   from ${NEW_RUN_ROWS}`,
)

function columnsOf(runs: readonly NewRun[], now: number): unknown[] {
  return [
    plainColumn(column(runs, 'tenantId')),
    plainColumn(column(runs, 'id')),
    column(runs, 'targetKind'),
    plainColumn(column(runs, 'targetId')),
    plainColumn(column(runs, 'planId')),
    column(runs, 'reason'),
    column(runs, 'origin'),
    column(runs, 'startedBy'),
    plainColumn(column(runs, 'scheduleId')),
    plainColumn(column(runs, 'fireAt')),
    plainColumn(column(runs, 'backfillId')),
    plainColumn(column(runs, 'parentRunId')),
    plainColumn(column(runs, 'depth')),
    column(runs, 'params'),
    plainColumn(column(runs, 'priority')),
    column(runs, 'concurrencyKey'),
    plainColumn(column(runs, 'admitted')),
    plainColumn(column(runs, 'wakesSchedule')),
    plainColumn(column(runs, 'instances')),
    now,
    plainColumn(column(runs, 'parentInstanceId')),
    plainColumn(column(runs, 'deadlineAt')),
  ]
}

export function insertRuns(tx: Transaction, runs: readonly NewRun[], now: number): void {
  if (runs.length > 0) tx.send(INSERT, columnsOf(runs, now))
}

/** Runs that their concurrency policy left out: they are history from the first moment. */
export function insertSkippedRuns(tx: Transaction, runs: readonly NewRun[], now: number): void {
  if (runs.length > 0) tx.send(INSERT_SKIPPED, columnsOf(runs, now))
}

const NEXT_IDS = sql('run.nextIds', `select nextval('carillon_id') as id from generate_series(1, $1::int)`)

/** Fresh identifiers, rising. Taken before the rows are written, because the decisions about a batch refer to its own runs. */
export async function nextIds(tx: Transaction, count: number): Promise<number[]> {
  return (await tx.query<{ id: number }>(NEXT_IDS, [count])).map((row) => row.id)
}

// Those that hold a slot are as many as there are slots; the line behind them has no end. Paused ones in it are read as far as they stand among
// the first: looking for them beyond would read the whole line.
const live = (which: string, limit = '') =>
  `(select * from run_live l where l.tenant_id = wanted.tenant_id and l.concurrency_key = wanted.key and ${which} order by l.id ${limit})`
const HOLDERS = sql(
  'run.holders',
  `select r.tenant_id as "tenantId", r.concurrency_key as key, r.id, r.admitted, r.plan_id as "planId", r.state, r.reason
   from unnest($1::bigint[], $2::text[]) as wanted (tenant_id, key)
   cross join lateral (
     ${live('l.admitted')}
     union all
     ${live(`not l.admitted and l.state <> 'PAUSED'`, 'limit $3')}
     union all
     select * from ${live('not l.admitted', 'limit $3')} first where first.state = 'PAUSED') r
   order by r.id`,
)

export interface KeyHolderRow {
  readonly tenantId: number
  readonly key: string
  readonly id: number
  readonly admitted: boolean
  readonly planId: number
  readonly state: RunState
  /** In line: `CONCURRENCY:<run>`, for whose sake it was put there. */
  readonly reason: string | null
}

/** Of the line behind the slots of a key, as many as a newcomer has to know of. */
const SEEN_BY_NEWCOMER = 100

/**
 * The live runs that hold the slots of these keys, and of those in line the first `inLine` of each; oldest first. Call it in the statement after
 * `lockGates`.
 */
export function selectHolders(tx: Transaction, keys: readonly GateKey[], inLine = SEEN_BY_NEWCOMER): Promise<KeyHolderRow[]> {
  return tx.query(HOLDERS, [keys.map((each) => each.tenantId), keys.map((each) => each.key), inLine])
}

/** The run that the reason of one in line names. */
export function holderIn(reason: string | null): number | null {
  return Number(/^CONCURRENCY:(\d+)$/.exec(reason ?? '')?.[1] ?? 0) || null
}

const ADMIT = sql(
  'run.admit',
  `update run_live r set admitted = true, reason = null
   from ${placed('run_live', 'id', 'unnest($1::bigint[], $2::bigint[]) as batch (tenant_id, id)')} chosen
   where r.ctid = chosen.place and not r.admitted`,
)

export function admitRuns(tx: Transaction, runs: readonly RunKey[]): void {
  tx.send(ADMIT, keyColumns(runs))
}

const keyColumns = (runs: readonly RunKey[]) => [runs.map((run) => run.tenantId), runs.map((run) => run.id)]

const MARK_STARTED = sql(
  'run.markStarted',
  `update run_live r set state = 'RUNNING', started_at = coalesce(r.started_at, at_ms($3))
   from ${placed('run_live', 'id', 'unnest($1::bigint[], $2::bigint[]) as batch (tenant_id, id)')} begun
   where r.ctid = begun.place and r.state = 'PENDING'`,
)

/** Something of these runs has started. What they are being stopped for stays. The caller holds their locks, here and below. */
export function markRunsStarted(tx: Transaction, runs: readonly RunKey[], now: number): void {
  if (runs.length > 0) tx.send(MARK_STARTED, [...keyColumns(runs), now])
}

const PAUSE = sql(
  'run.pause',
  `update run_live r set state = 'PAUSED', reason = $3
   from ${placed('run_live', 'id', 'unnest($1::bigint[], $2::bigint[]) as batch (tenant_id, id)')} held
   where r.ctid = held.place`,
)

export function markRunsPaused(tx: Transaction, runs: readonly RunKey[], by: string): void {
  if (runs.length > 0) tx.send(PAUSE, [...keyColumns(runs), `PAUSED:${by}`])
}

const RESUME = sql(
  'run.resume',
  `update run_live r set state = case when r.started_at is null then 'PENDING' else 'RUNNING' end, reason = null
   from ${placed('run_live', 'id', 'unnest($1::bigint[], $2::bigint[]) as batch (tenant_id, id)')} freed
   where r.ctid = freed.place and r.state = 'PAUSED'`,
)

export function markRunsResumed(tx: Transaction, runs: readonly RunKey[]): void {
  if (runs.length > 0) tx.send(RESUME, keyColumns(runs))
}

const STOP = sql(
  'run.stop',
  `update run_live r set reason = $3
   from ${placed('run_live', 'id', 'unnest($1::bigint[], $2::bigint[]) as batch (tenant_id, id)')} stopped
   where r.ctid = stopped.place and (r.reason in (${literals(RUN_STOPS)})) is not true`,
)

/** Writes down why runs of several instances are being stopped, while the last of these end. The first stop counts. */
export function markRunsStopping(tx: Transaction, runs: readonly RunKey[], reason: RunStop): void {
  if (runs.length > 0) tx.send(STOP, [...keyColumns(runs), reason])
}

const MOVED = RUN_COLUMNS.split(', ')
  .map((name) => {
    if (name === 'state') return 'e.state'
    if (name === 'reason') return 'e.reason'
    if (name === 'ended_at') return 'at_ms($5)'
    return `r.${name}`
  })
  .join(', ')

const END_LARGE = sql(
  'run.endLarge',
  `with ended as ${placed('run_live', 'id', 'unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) as batch (tenant_id, id, state, reason)')},
   gone as (delete from run_live r using ended e where r.ctid = e.place and r.instances = 0 returning ${MOVED})
   insert into run_history (${RUN_COLUMNS}) select * from gone`,
)

/** Moves runs of several instances to history, all of whose instances have ended. The caller holds their locks. */
export function endLargeRuns(
  tx: Transaction,
  runs: readonly {
    readonly tenantId: number
    readonly runId: number
    readonly runState: FinalRunState
    readonly runReason: string | null
  }[],
  now: number,
): void {
  if (runs.length === 0) return
  tx.send(END_LARGE, [
    plainColumn(column(runs, 'tenantId')),
    plainColumn(column(runs, 'runId')),
    column(runs, 'runState'),
    column(runs, 'runReason'),
    now,
  ])
}

const KEYS_OF_RUNS = sql(
  'run.keys',
  `select r.tenant_id as "tenantId", r.id, r.state, r.concurrency_key as key, r.instances
   from unnest($1::bigint[], $2::bigint[]) as wanted (tenant_id, id)
   join run_live r on r.tenant_id = wanted.tenant_id and r.id = wanted.id`,
)

export interface LiveRunKey {
  readonly tenantId: number
  readonly id: number
  readonly state: RunState
  readonly key: string | null
  readonly instances: number
}

export function selectLiveRuns(tx: Transaction, runs: readonly RunKey[]): Promise<LiveRunKey[]> {
  return tx.query(KEYS_OF_RUNS, keyColumns(runs))
}

const REPEATABLE = sql(
  'run.repeatable',
  `select h.tenant_id as "tenantId", h.id, h.target_kind as "targetKind", h.target_id as "targetId", h.plan_id as "planId", h.params, h.priority, h.depth, h.state
   from unnest($1::bigint[], $2::bigint[]) as wanted (tenant_id, id)
   join run_history h on h.tenant_id = wanted.tenant_id and h.id = wanted.id`,
)

/** An ended run, with what a repetition of it takes over. */
export interface RepeatableRun {
  readonly tenantId: number
  readonly id: number
  readonly targetKind: 'TASK' | 'DAG'
  readonly targetId: number
  readonly planId: number
  readonly params: Record<string, unknown>
  readonly priority: number
  readonly depth: number
  readonly state: FinalRunState
}

export function selectEndedRuns(tx: Transaction, runs: readonly RunKey[]): Promise<RepeatableRun[]> {
  return tx.query(REPEATABLE, keyColumns(runs))
}

const LOCK_REPEATABLE = sql('run.lockRepeatable', `${REPEATABLE.text} order by h.id for no key update of h`)
/** The same; whoever else is about to repeat one of them waits until the transaction ends. Before any other lock. */
export function lockEndedRuns(tx: Transaction, runs: readonly RunKey[]): Promise<RepeatableRun[]> {
  return tx.query(LOCK_REPEATABLE, keyColumns(runs))
}

// One pass over what is live of their targets: looked for one by one, thousands of runs of one task would each read all the others' repetitions.
const LAST_REPETITIONS = sql(
  'run.lastRepetitions',
  `select r.parent_run_id as "runId", max(r.id) filter (where r.is_live) as live, max(r.id) filter (where not r.is_live) as ended
   from (
     select l.parent_run_id, l.id, true as is_live from run_live l
     where l.tenant_id = $1 and l.target_id = any($3::bigint[]) and l.parent_run_id = any($2::bigint[]) and l.origin = 'RETRY'
     union all
     select h.parent_run_id, h.id, false from run_history h
     where h.tenant_id = $1 and h.parent_run_id = any($2::bigint[]) and h.origin = 'RETRY') r
   group by r.parent_run_id`,
)
/** The last repetition of each run that has not ended, and the last that has; of those that have any. */
export function lastRepetitions(
  tx: Transaction,
  tenantId: number,
  runs: readonly RepeatableRun[],
): Promise<{ readonly runId: number; readonly live: number | null; readonly ended: number | null }[]> {
  return tx.query(LAST_REPETITIONS, [tenantId, column(runs, 'id'), [...new Set(column(runs, 'targetId'))]])
}
