import { RUN_STOPS, type RunOrigin, type RunState } from '@carillon/core'
import type { Transaction } from './database.ts'
import { isNamed, listing } from './listing.ts'
import { literals, sql } from './sql.ts'

/** Runs as people see them: those that live and those of history are one list. */
export interface RunRow {
  readonly id: number
  readonly kind: 'TASK' | 'DAG'
  readonly targetId: number
  readonly targetCode: string | null
  readonly planId: number
  readonly planVersion: number
  readonly state: RunState
  readonly reason: string | null
  readonly origin: RunOrigin
  readonly startedBy: string
  readonly scheduleId: number | null
  readonly scheduleCode: string | null
  readonly fireAt: number | null
  readonly backfillId: number | null
  readonly parentRunId: number | null
  readonly params: unknown
  readonly priority: number
  readonly concurrencyKey: string | null
  readonly createdAt: number
  readonly startedAt: number | null
  readonly endedAt: number | null
}

const VIEW = `t.id, t.target_kind as kind, t.target_id as "targetId",
  case t.target_kind when 'TASK' then (select k.code from task k where k.tenant_id = $1 and k.id = t.target_id)
    else (select k.code from dag k where k.tenant_id = $1 and k.id = t.target_id) end as "targetCode",
  t.plan_id as "planId", (select (p.body ->> 'version')::int from plan p where p.tenant_id = $1 and p.id = t.plan_id) as "planVersion",
  t.state, t.reason, t.origin, t.started_by as "startedBy", t.schedule_id as "scheduleId",
  (select s.code from schedule s where s.tenant_id = $1 and s.id = t.schedule_id) as "scheduleCode",
  t.fire_at as "fireAt", t.backfill_id as "backfillId", t.parent_run_id as "parentRunId", t.params, t.priority, t.concurrency_key as "concurrencyKey",
  t.created_at as "createdAt", t.started_at as "startedAt", t.ended_at as "endedAt"`

const SHARED = `tenant_id, id, target_kind, target_id, plan_id, state, reason, origin, started_by, schedule_id, fire_at, backfill_id, parent_run_id, params, priority,
  concurrency_key, created_at, started_at, ended_at`

const RUN_FILTERS = {
  task: `t.target_id = (select k.id from task k where k.tenant_id = $1 and ${isNamed('k')} limit 1)`,
  dag: `t.target_id = (select k.id from dag k where k.tenant_id = $1 and ${isNamed('k')} limit 1)`,
  schedule: `t.schedule_id = (select s.id from schedule s where s.tenant_id = $1 and ${isNamed('s')} limit 1)`,
  state: 't.state = any(?::text[])',
  origin: 't.origin = ?::text',
  from: 't.created_at >= at_ms(?::bigint)',
  // The day in an identifier is never later than its creation: this bound lets PostgreSQL skip the younger partitions.
  to: '(t.created_at < at_ms(?::bigint) and t.id < ((?::bigint / 86400000 + 1) << 37))',
  param: `t.id in (select p.run_id from run_param p where p.tenant_id = $1 and p.key = split_part(?::text, '=', 1)
            and p.value = substr(?::text, strpos(?::text, '=') + 1))`,
  upTo: 't.id <= ?::bigint',
  // The live ones are read once: a look for each run, among the live ones of its target, is quadratic when thousands are being run again.
  repeated: `?::boolean = (t.id in (select r.parent_run_id from run_live r where r.tenant_id = $1 and r.origin = 'RETRY' and r.parent_run_id is not null)
    or exists (select from run_history r where r.tenant_id = $1 and r.parent_run_id = t.id and r.origin = 'RETRY'))`,
}

export const listRuns = listing<RunRow>({
  name: 'run.list',
  text: `select ${VIEW} from (
      (select ${SHARED} from run_live t where t.tenant_id = $1{where}{page})
      union all
      (select ${SHARED} from run_history t where t.tenant_id = $1{where}{page})) t{page}`,
  filters: RUN_FILTERS,
  orders: { '-id': { by: 't.id', type: 'bigint', descending: true, field: 'id' } },
})

/** As `listRuns`, where there are many: no more of them than what it takes to do something to them. */
export const listMatching = listing<{ id: number; state: RunState }>({
  name: 'run.matching',
  text: `select t.id, t.state from (
      (select tenant_id, id, state from run_live t where t.tenant_id = $1{where}{page})
      union all
      (select tenant_id, id, state from run_history t where t.tenant_id = $1{where}{page})) t{page}`,
  filters: RUN_FILTERS,
  orders: { '-id': { by: 't.id', type: 'bigint', descending: true, field: 'id' } },
})

const find = sql(
  'run.find',
  `select ${VIEW} from (
     select ${SHARED} from run_live where tenant_id = $1 and id = $2
     union all
     select ${SHARED} from run_history where tenant_id = $1 and id = $2) t limit 1`,
)
export async function findRun(tx: Transaction, tenantId: number, id: number): Promise<RunRow | undefined> {
  return (await tx.query<RunRow>(find, [tenantId, id]))[0]
}

const runnable = sql(
  'run.runnableBy',
  `select t.id, coalesce(k.runnable_by, d.runnable_by) as "runnableBy" from (
     select tenant_id, id, target_id from run_live where tenant_id = $1 and id = any($2::bigint[])
     union all
     select tenant_id, id, target_id from run_history where tenant_id = $1 and id = any($2::bigint[])) t
   left join task k on k.tenant_id = t.tenant_id and k.id = t.target_id
   left join dag d on d.tenant_id = t.tenant_id and d.id = t.target_id`,
)
/** Who may run the tasks and DAGs of these runs; a run that does not exist is left out. */
export function runnableByOf(
  tx: Transaction,
  tenantId: number,
  runIds: readonly number[],
): Promise<{ id: number; runnableBy: readonly string[] | null }[]> {
  return tx.query(runnable, [tenantId, runIds])
}

const activeOfDags = sql(
  'run.activeOfDags',
  `select wanted.id as "dagId", r.id from unnest($2::bigint[]) with ordinality as wanted (id, place)
   cross join lateral (
     select l.id from run_live l
     where l.tenant_id = $1 and l.target_id = wanted.id and (l.reason in (${literals(RUN_STOPS)})) is not true order by l.id limit $3) r
   order by wanted.place, r.id limit $3`,
)
export interface RunOfDag {
  readonly dagId: number
  readonly id: number
}
/** The live runs of DAGs that are not being stopped yet, oldest first; the DAGs in the given order. */
export function activeRunsOf(tx: Transaction, tenantId: number, dagIds: readonly number[], limit: number): Promise<RunOfDag[]> {
  return tx.query(activeOfDags, [tenantId, dagIds, limit])
}

const failedOfDags = sql(
  'run.failedOfDags',
  `select wanted.id as "dagId", r.id from unnest($2::bigint[]) with ordinality as wanted (id, place)
   cross join lateral (
     select h.id from run_history h
     where h.tenant_id = $1 and h.target_id = wanted.id and h.state in ('FAILED', 'TIMEOUT') and h.created_at >= at_ms($3)
       and not exists (select from run_live r where r.tenant_id = $1 and r.target_id = wanted.id and r.parent_run_id = h.id and r.origin = 'RETRY')
       and not exists (select from run_history r where r.tenant_id = $1 and r.target_id = wanted.id and r.parent_run_id = h.id and r.origin = 'RETRY')
     order by h.id limit $4) r
   order by wanted.place, r.id limit $4`,
)
/** The runs of DAGs that failed or took too long and have not been repeated, oldest first; the DAGs in the given order. */
export function failedRunsOf(
  tx: Transaction,
  tenantId: number,
  dagIds: readonly number[],
  since: number,
  limit: number,
): Promise<RunOfDag[]> {
  return tx.query(failedOfDags, [tenantId, dagIds, since, limit])
}
