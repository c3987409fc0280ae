import type { InstanceState, StopReason, WaitReason } from '@carillon/core'
import { changedSince, stampOf } from './change-mark.ts'
import type { Transaction } from './database.ts'
import { isNamed, listing } from './listing.ts'
import { sql } from './sql.ts'

/** Task instances as people see them: those that live and those of history are one list. */
export interface InstanceRow {
  readonly id: number
  readonly runId: number
  /** Says what it runs: see `instanceViews`. */
  readonly planId: number
  readonly node: number
  readonly shardIndex: number
  readonly shardTotal: number
  readonly state: InstanceState
  readonly waitReason: WaitReason | null
  readonly dueAt: number | null
  readonly attempt: number
  readonly lost: number
  readonly executorId: number | null
  readonly executorInstance: string | null
  readonly reservedAt: number | null
  readonly startedAt: number | null
  readonly deadlineAt: number | null
  readonly stopReason: StopReason | null
  readonly output: unknown
  readonly error: unknown
  readonly progress: number | null
  readonly progressMessage: string | null
  readonly createdAt: number
  readonly endedAt: number | null
}

const VIEW = `t.id, t.run_id as "runId", t.plan_id as "planId", t.node, t.shard_index as "shardIndex", t.shard_total as "shardTotal", t.state, t.wait_reason as "waitReason", t.due_at as "dueAt", t.attempt, t.lost,
  t.executor_id as "executorId", (select e.instance from executor e where e.id = t.executor_id and e.tenant_id in ($1, 1)) as "executorInstance",
  t.reserved_at as "reservedAt", t.started_at as "startedAt", t.deadline_at as "deadlineAt", t.stop_reason as "stopReason", t.output, t.error,
  t.progress, t.progress_message as "progressMessage", t.created_at as "createdAt", t.ended_at as "endedAt"`

const SHARED = `t.id, t.run_id, t.plan_id, t.node, t.shard_index, t.shard_total, t.state, t.wait_reason, t.due_at, t.attempt, t.lost,
  t.executor_id, t.reserved_at, t.started_at, t.deadline_at, t.stop_reason, t.output, t.error, t.progress, t.progress_message, t.created_at, t.ended_at`

const half = (age: 'live' | 'history') => `select ${SHARED} from instance_${age} t where t.tenant_id = $1`

// A plan says whose it is, so nobody has to look at runs.
const ofTarget = (
  table: 'task' | 'dag',
) => `t.plan_id = any(array(select p.id from plan p where p.tenant_id = $1 and p.target_id =
             (select k.id from ${table} k where k.tenant_id = $1 and ${isNamed('k')} limit 1)))`

// The only instance of a task run has its run's id, and the index by run leaves it out.
const OF_RUN = `(t.id = $2 or (t.run_id = $2 and t.id <> t.run_id))`

const INSTANCE_FILTERS = {
  task: ofTarget('task'),
  dag: ofTarget('dag'),
  executor: 't.executor_id = ?::bigint',
  run: OF_RUN.replaceAll('$2', '?::bigint'),
  state: 't.state = any(?::text[])',
  from: 't.created_at >= at_ms(?::bigint)',
  to: '(t.created_at < at_ms(?::bigint) and t.id < ((?::bigint / 86400000 + 1) << 37))',
  upTo: 't.id <= ?::bigint',
  isNode: '(t.id <> t.run_id) = ?::boolean',
  waitReason: 't.wait_reason = ?::text',
}

export const listInstances = listing<InstanceRow>({
  name: 'instance.list',
  text: `select ${VIEW} from ((${half('live')}{where}{page}) union all (${half('history')}{where}{page})) t{page}`,
  filters: INSTANCE_FILTERS,
  orders: { '-id': { by: 't.id', type: 'bigint', descending: true, field: 'id' } },
})

/** As `listInstances`, where there are many: no more of them than what it takes to do something to them. */
export const listMatchingInstances = listing<{ id: number; state: InstanceState }>({
  name: 'instance.matching',
  text: `select t.id, t.state from (
      (select t.id, t.state from instance_live t where t.tenant_id = $1{where}{page})
      union all
      (select t.id, t.state from instance_history t where t.tenant_id = $1{where}{page})) t{page}`,
  filters: INSTANCE_FILTERS,
  orders: { '-id': { by: 't.id', type: 'bigint', descending: true, field: 'id' } },
})

const find = sql(
  'instance.find',
  `select ${VIEW} from (${half('live')} and t.id = $2 union all ${half('history')} and t.id = $2) t limit 1`,
)
export async function findInstance(tx: Transaction, tenantId: number, id: number): Promise<InstanceRow | undefined> {
  return (await tx.query<InstanceRow>(find, [tenantId, id]))[0]
}

const waited = (age: 'live' | 'history') =>
  `select queue_id as "queueId", waits, to_ms(statement_timestamp()) as now from instance_${age} where tenant_id = $1 and id = $2`
const WAITED = sql('instance.waited', `${waited('live')} union all ${waited('history')} limit 1`)

export interface WaitedRow {
  readonly queueId: number
  /** See `wait-history.ts`. */
  readonly waits: unknown
  /** The database's clock. */
  readonly now: number
}

/** What an instance has waited for so far. */
export async function waitedOf(tx: Transaction, tenantId: number, id: number): Promise<WaitedRow | undefined> {
  return (await tx.query<WaitedRow>(WAITED, [tenantId, id]))[0]
}

const PARAMS = sql(
  'instance.params',
  `select coalesce(i.params, r.params) as params
   from (select t.run_id, t.params from instance_live t where t.tenant_id = $1 and t.id = $2
         union all select t.run_id, t.params from instance_history t where t.tenant_id = $1 and t.id = $2) i
   left join lateral (
     select t.params from run_live t where t.tenant_id = $1 and t.id = i.run_id
     union all select t.params from run_history t where t.tenant_id = $1 and t.id = i.run_id limit 1) r on i.run_id = $2`,
)
/** What an instance has been given; null: nothing yet. */
export async function paramsOfInstance(
  tx: Transaction,
  tenantId: number,
  id: number,
): Promise<Readonly<Record<string, unknown>> | null> {
  return (await tx.query<{ params: Record<string, unknown> | null }>(PARAMS, [tenantId, id]))[0]?.params ?? null
}

const MOST_OF_RUN = 10_000
/** What outputs, and what errors, may take in all: as they are stored, which costs nothing to ask, and then as text. */
const MOST_STORED_BYTES = 1024 * 1024
const MOST_TEXT_BYTES = 4 * 1024 * 1024

const IN_ORDER = 'order by t.node, t.shard_index, t.id'

/** A column that is left out where those before it are large in all, with their sizes as `stored` and as text. */
const bounded = (column: 'output' | 'error') => {
  const fits = `t.${column}_stored <= ${MOST_STORED_BYTES} and t.${column}_bytes <= ${MOST_TEXT_BYTES}`
  const bytes = `case when t.${column}_stored <= ${MOST_STORED_BYTES} then coalesce(octet_length(t.${column}::text), 0) else 0 end`
  return {
    value: `case when ${fits} then t.${column} end as ${column}`,
    leftOut: `t.${column} is not null and not (${fits}) as "${column}LeftOut"`,
    stored: `sum(coalesce(pg_column_size(t.${column}), 0)) over (${IN_ORDER}) as ${column}_stored`,
    bytes: `sum(${bytes}) over (${IN_ORDER}) as ${column}_bytes`,
  }
}
const [OUTPUT, ERROR] = [bounded('output'), bounded('error')]

const ofRun = sql(
  'instance.ofRun',
  `select ${VIEW.replace('t.output', OUTPUT.value).replace('t.error', ERROR.value)}, ${OUTPUT.leftOut}, ${ERROR.leftOut}
   from (
     select t.*, ${OUTPUT.bytes}, ${ERROR.bytes}
     from (
       select t.*, ${OUTPUT.stored}, ${ERROR.stored}
       from (${half('live')} and ${OF_RUN} union all ${half('history')} and ${OF_RUN}) t ${IN_ORDER} limit ${MOST_OF_RUN + 1}) t) t ${IN_ORDER}`,
)

/** The output or the error of one whose turn comes when those before it are large in all is left out. */
export interface InstanceOfRun extends InstanceRow {
  readonly outputLeftOut: boolean
  readonly errorLeftOut: boolean
}

/** The first instances of a run, by their nodes. `more`: there are others. */
export async function instancesOfRun(
  tx: Transaction,
  tenantId: number,
  runId: number,
): Promise<{ readonly instances: readonly InstanceOfRun[]; readonly more: boolean }> {
  const rows = await tx.query<InstanceOfRun>(ofRun, [tenantId, runId])
  return { instances: rows.slice(0, MOST_OF_RUN), more: rows.length > MOST_OF_RUN }
}

const changedOfRun = (age: 'live' | 'history') =>
  `select ${SHARED}, ${stampOf('t')} as stamp from instance_${age} t where t.tenant_id = $1 and ${OF_RUN} and ${changedSince('t', '$3')}`
// A thousand instances that fail, each with a page of text, would be read and sent at once.
const LONGEST_ERROR = 1_000
const SHORT_ERROR = `case when pg_column_size(t.error) <= ${LONGEST_ERROR} then t.error end as error`
const ERROR_LEFT_OUT = `coalesce(pg_column_size(t.error) > ${LONGEST_ERROR}, false) as "errorLeftOut"`
// A handler's null is stored as such. What is larger than that is not fetched for the answer.
const HAS_OUTPUT = `case when pg_column_size(t.output) > 100 then true else coalesce(t.output <> 'null', false) end`
const ofRunSince = sql(
  'instance.ofRunSince',
  `select ${VIEW.replace('t.output, t.error', SHORT_ERROR)}, ${HAS_OUTPUT} as "hasOutput", ${ERROR_LEFT_OUT}, t.stamp
   from (${changedOfRun('live')} union all ${changedOfRun('history')} and t.id >= ((($2::bigint >> 37) - 1) << 37)) t
   ${IN_ORDER} limit ${MOST_OF_RUN + 1}`,
)

/** Without its output, and without an error that is long. `stamp`: of its last change, for `changedSince`. */
export interface ChangedInstance extends Omit<InstanceRow, 'output'> {
  readonly hasOutput: boolean
  readonly errorLeftOut: boolean
  readonly stamp: number
}

/** As `instancesOfRun`, of those that have changed since a mark; 0: all. It reads no older days of history than the one before the run's. */
export async function instancesOfRunSince(
  tx: Transaction,
  tenantId: number,
  runId: number,
  mark: number,
): Promise<{ readonly instances: readonly ChangedInstance[]; readonly more: boolean }> {
  const rows = await tx.query<ChangedInstance>(ofRunSince, [tenantId, runId, mark])
  return { instances: rows.slice(0, MOST_OF_RUN), more: rows.length > MOST_OF_RUN }
}

export interface AttemptRow {
  readonly number: number
  readonly outcome: 'SUCCESS' | 'FAILED' | 'TIMEOUT' | 'SKIPPED' | 'CANCELLED' | 'LOST'
  readonly executorId: number | null
  readonly executorInstance: string | null
  readonly reservedAt: number | null
  readonly startedAt: number | null
  readonly endedAt: number
  readonly error: unknown
}

const attempts = sql(
  'attempt.ofInstance',
  `select t.number, t.outcome, t.executor_id as "executorId",
     (select e.instance from executor e where e.id = t.executor_id and e.tenant_id in ($1, 1)) as "executorInstance",
     t.reserved_at as "reservedAt", t.started_at as "startedAt", t.ended_at as "endedAt", t.error
   from attempt t where t.tenant_id = $1 and t.instance_id = $2 order by t.number`,
)
/** The attempts that have been kept; the last one may still stand in the instance's own row. */
export function attemptsOf(tx: Transaction, tenantId: number, instanceId: number): Promise<AttemptRow[]> {
  return tx.query(attempts, [tenantId, instanceId])
}
