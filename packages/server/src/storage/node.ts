import { RUN_STOPS, type InstanceState, type RunState, type WaitReason } from '@carillon/core'
import { column, plainColumn } from './columns.ts'
import type { Asking, Transaction } from './database.ts'
import { INSTANCE_COLUMNS, MOVED_INSTANCE, waited, type InstanceKey } from './instance.ts'
import { placed } from './placed.ts'
import type { RunKey } from './run.ts'
import { literals, sql } from './sql.ts'

// Instances of runs of several: the nodes of a DAG and their elements (`id <> run_id`). Whoever changes one of them, other than by claiming it,
// holds the lock of its run.

/** A node of a run. */
export interface NodeKey {
  readonly tenantId: number
  readonly runId: number
  readonly node: number
}

const runColumns = (keys: readonly RunKey[]) => [plainColumn(column(keys, 'tenantId')), plainColumn(column(keys, 'id'))]
const nodeColumns = (keys: readonly NodeKey[]) => [
  plainColumn(column(keys, 'tenantId')),
  plainColumn(column(keys, 'runId')),
  plainColumn(column(keys, 'node')),
]

// ───────────────────────────────────────────────────────────────── the run they belong to

const LOCK_RUNS = sql(
  'node.lockRuns',
  `select r.id from (select * from unnest($1::bigint[], $2::bigint[]) as batch (tenant_id, id) order by tenant_id, id) wanted
   cross join lateral (select l.id from run_live l where l.tenant_id = wanted.tenant_id and l.id = wanted.id for no key update) r`,
)

/** Locks runs of several instances, in the order of locks. What they say is to be read by a later statement. */
export function lockRuns(tx: Transaction, keys: readonly RunKey[]): void {
  if (keys.length > 0) tx.send(LOCK_RUNS, runColumns(keys))
}

const INSTANCES_OF_RUNS = sql(
  'node.instancesOfRuns',
  `select i.tenant_id as "tenantId", i.id from unnest($1::bigint[], $2::bigint[]) as wanted (tenant_id, id)
   cross join lateral (
     (select l.tenant_id, l.id from instance_live l where l.tenant_id = wanted.tenant_id and l.id = wanted.id limit 1)
     union all
     select l.tenant_id, l.id from instance_live l where l.tenant_id = wanted.tenant_id and l.run_id = wanted.id and l.id <> l.run_id) i`,
)

/** The live instances of runs, their only one or all of them. */
export function selectInstancesOfRuns(tx: Transaction, runs: readonly RunKey[]): Promise<InstanceKey[]> {
  return tx.query(INSTANCES_OF_RUNS, runColumns(runs))
}

const FACTS = sql(
  'node.runFacts',
  `select r.tenant_id as "tenantId", r.id, r.plan_id as "planId", r.state, r.reason, r.params, r.priority, r.admitted, r.fire_at as "fireAt",
     r.concurrency_key as "concurrencyKey", r.schedule_id as "scheduleId", r.wakes_schedule as "wakesSchedule", r.depth,
     r.parent_instance_id as "parentInstanceId", r.created_at as "createdAt", r.instances,
     single.id is null as large
   from unnest($1::bigint[], $2::bigint[]) as wanted (tenant_id, id)
   cross join lateral (select * from run_live l where l.tenant_id = wanted.tenant_id and l.id = wanted.id limit 1) r
   left join lateral (select l.id from instance_live l where l.tenant_id = r.tenant_id and l.id = r.id limit 1) single on true`,
)

/** What the nodes of a run need to know of it. */
export interface RunFacts {
  readonly tenantId: number
  readonly id: number
  /** It has other instances than the only one, which has its run's identifier and lives as long. */
  readonly large: boolean
  readonly planId: number
  readonly state: RunState
  readonly reason: string | null
  readonly params: Readonly<Record<string, unknown>>
  readonly priority: number
  readonly admitted: boolean
  readonly fireAt: number | null
  readonly concurrencyKey: string | null
  readonly scheduleId: number | null
  readonly wakesSchedule: boolean
  readonly depth: number
  readonly parentInstanceId: number | null
  readonly createdAt: number
  /** Of which it has to hear the end. */
  readonly instances: number
}

export function selectRunFacts(tx: Transaction, runs: readonly RunKey[]): Promise<RunFacts[]> {
  return runs.length === 0 ? Promise.resolve([]) : tx.query(FACTS, runColumns(runs))
}

const COUNT = sql(
  'node.count',
  `update run_live r
   set instances = r.instances + s.more, state = case when r.state = 'PENDING' and r.admitted then 'RUNNING' else r.state end,
     started_at = case when r.admitted then coalesce(r.started_at, at_ms($4)) end
   from ${placed('run_live', 'id', 'unnest($1::bigint[], $2::bigint[], $3::int[]) as batch (tenant_id, id, more)')} s
   where r.ctid = s.place`,
)

/** Counts the live instances of runs up or down. */
export function countInstances(tx: Transaction, runs: readonly (RunKey & { readonly more: number })[], now: number): void {
  if (runs.length > 0) tx.send(COUNT, [...runColumns(runs), plainColumn(column(runs, 'more')), now])
}

// ───────────────────────────────────────────────────────────────── begin

const INSERT = sql(
  'node.insert',
  `insert into instance_live (tenant_id, id, run_id, plan_id, node, shard_index, shard_total, state, wait_reason, queue_id, sort_key, parents, parents_ok,
     parents_failed, parents_skipped, params, created_at)
   select tenant_id, id, run_id, plan_id, node, shard_index, shard_total, case when wait_reason is null then 'PENDING' else 'WAITING' end, wait_reason, queue_id,
     sort_key, parents, ok, failed, skipped, params::jsonb, at_ms($16)
   from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::int[], $6::int[], $7::int[], $8::text[], $9::int[], $10::bigint[], $11::int[], $12::int[],
     $13::int[], $14::int[], $15::text[])
     as n (tenant_id, id, run_id, plan_id, node, shard_index, shard_total, wait_reason, queue_id, sort_key, parents, ok, failed, skipped, params)`,
)

export interface NewNode extends NodeKey {
  readonly id: number
  readonly planId: number
  readonly shardIndex: number
  readonly shardTotal: number
  readonly waitReason: WaitReason | null
  readonly queueId: number
  readonly sortKey: number
  readonly parents: number
  readonly ok: number
  readonly failed: number
  readonly skipped: number
  /** JSON text. */
  readonly params: string | null
}

export function insertNodes(tx: Transaction, nodes: readonly NewNode[], now: number): void {
  if (nodes.length === 0) return
  tx.send(INSERT, [
    plainColumn(column(nodes, 'tenantId')),
    plainColumn(column(nodes, 'id')),
    plainColumn(column(nodes, 'runId')),
    plainColumn(column(nodes, 'planId')),
    plainColumn(column(nodes, 'node')),
    plainColumn(column(nodes, 'shardIndex')),
    plainColumn(column(nodes, 'shardTotal')),
    column(nodes, 'waitReason'),
    plainColumn(column(nodes, 'queueId')),
    plainColumn(column(nodes, 'sortKey')),
    plainColumn(column(nodes, 'parents')),
    plainColumn(column(nodes, 'ok')),
    plainColumn(column(nodes, 'failed')),
    plainColumn(column(nodes, 'skipped')),
    column(nodes, 'params'),
    now,
  ])
}

const BEGIN = sql(
  'node.begin',
  `update instance_live i
   set state = case when b.wait_reason is null then 'PENDING' else 'WAITING' end, wait_reason = b.wait_reason, params = b.params::jsonb, due_at = at_ms(b.due_at),
     sort_key = b.sort_key, shard_total = b.shard_total, queue_id = b.queue_id, error = null, waits = ${waited()}
   from ${placed('instance_live', 'id', 'unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::int[], $8::int[]) as batch (tenant_id, id, wait_reason, params, due_at, sort_key, shard_total, queue_id)')} b
   where i.ctid = b.place and (i.state = 'WAITING') is not false`,
)

export interface NodeBegin extends InstanceKey {
  /** Null: it is PENDING from now on. */
  readonly waitReason: WaitReason | null
  readonly params: string | null
  readonly dueAt: number | null
  readonly sortKey: number
  readonly shardTotal: number
  readonly queueId: number
}

/** Lets waiting nodes begin: with their parameters, or with what they wait for from now on. */
export function beginInstances(tx: Transaction, nodes: readonly NodeBegin[]): void {
  if (nodes.length === 0) return
  tx.send(BEGIN, [
    plainColumn(column(nodes, 'tenantId')),
    plainColumn(column(nodes, 'id')),
    column(nodes, 'waitReason'),
    column(nodes, 'params'),
    plainColumn(column(nodes, 'dueAt')),
    plainColumn(column(nodes, 'sortKey')),
    plainColumn(column(nodes, 'shardTotal')),
    plainColumn(column(nodes, 'queueId')),
  ])
}

// ───────────────────────────────────────────────────────────────── end

const END = sql(
  'node.end',
  `with ended as ${placed(
    'instance_live',
    'id',
    'unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $8::bigint[]) as batch (tenant_id, id, state, output, error, started_at, token)',
  )},
   gone as (
     delete from instance_live i using ended e where i.ctid = e.place and i.token = e.token
     returning ${MOVED_INSTANCE})
   insert into instance_history (${INSTANCE_COLUMNS}) select ${INSTANCE_COLUMNS} from gone`,
)

export interface NodeEnd extends InstanceKey {
  readonly token: number
  readonly state: InstanceState
  /** JSON text. */
  readonly output: string | null
  readonly error: string | null
  readonly startedAt: number | null
}

/** Moves nodes that have ended to history, where what is downstream reads their output. */
export function endNodeInstances(tx: Transaction, nodes: readonly NodeEnd[], now: number): void {
  if (nodes.length === 0) return
  tx.send(END, [
    plainColumn(column(nodes, 'tenantId')),
    plainColumn(column(nodes, 'id')),
    column(nodes, 'state'),
    column(nodes, 'output'),
    column(nodes, 'error'),
    plainColumn(column(nodes, 'startedAt')),
    now,
    plainColumn(column(nodes, 'token')),
  ])
}

// ───────────────────────────────────────────────────────────────── pass on

// Elements of a fan-out have parameters: they wait for a slot too, for a turn among themselves.
const ROOTS = sql(
  'node.roots',
  `select i.tenant_id as "tenantId", i.id, i.run_id as "runId", i.plan_id as "planId", i.node, i.token, i.parents as total, i.parents_ok as ok,
     i.parents_failed as failed, i.parents_skipped as skipped
   from unnest($1::bigint[], $2::bigint[]) as wanted (tenant_id, id)
   cross join lateral (
     select * from instance_live l
     where l.tenant_id = wanted.tenant_id and l.run_id = wanted.id and l.id <> l.run_id and l.state = 'WAITING' and l.wait_reason in ('DEPENDENCY', 'SLOT')
       and l.params is null and (l.parents = 0 or l.parents_ok + l.parents_failed + l.parents_skipped > 0)
     order by l.node) i`,
)

/** The nodes with which runs may begin: those without upstream, and those to which what was taken over from another run leads. */
export function selectRoots(tx: Transaction, runs: readonly RunKey[]): Promise<WaitingNode[]> {
  return tx.query(ROOTS, runColumns(runs))
}

const FREE_PAUSED = sql(
  'node.freePaused',
  `with held as (
     select i.tenant_id, i.id from unnest($1::bigint[], $2::bigint[]) as wanted (tenant_id, id)
     cross join lateral (
       select l.tenant_id, l.id from instance_live l
       where l.tenant_id = wanted.tenant_id and l.run_id = wanted.id and l.id <> l.run_id and l.wait_reason = 'PAUSED' and l.state = 'WAITING') i)
   update instance_live i set state = case when i.queue_id = 0 then 'WAITING' else 'PENDING' end, wait_reason = case when i.queue_id = 0 then 'SUB_DAG' end,
     waits = ${waited()}
   from held where i.tenant_id = held.tenant_id and i.id = held.id
   returning i.tenant_id as "tenantId", i.id, i.run_id as "runId", i.plan_id as "planId", i.node, i.queue_id as "queueId",
     case when i.queue_id = 0 then i.params end as params`,
)

/** A node that goes on: on an executor, or else (`queueId` 0) with its part, which the caller starts with these parameters. */
export interface FreedNode extends NodeKey, InstanceKey {
  readonly planId: number
  readonly queueId: number
  readonly params: Readonly<Record<string, unknown>> | null
}

/** Lets the nodes of runs go on that were held by a pause. */
export function freePausedNodes(tx: Transaction, runs: readonly RunKey[]): Promise<FreedNode[]> {
  return runs.length === 0 ? Promise.resolve([]) : tx.query(FREE_PAUSED, runColumns(runs))
}

const PASS_ON = sql(
  'node.passOn',
  `update instance_live i
   set parents_ok = i.parents_ok + d.ok, parents_failed = i.parents_failed + d.failed, parents_skipped = i.parents_skipped + d.skipped,
     error = coalesce(i.error, case when d.problem is not null then jsonb_build_object('code', 'CONDITION', 'message', d.problem) end)
   from (
     select batch.*, found.place
     from unnest($1::bigint[], $2::bigint[], $3::int[], $4::int[], $5::int[], $6::int[], $7::text[]) as batch (tenant_id, run_id, node, ok, failed, skipped, problem)
     cross join lateral (
       select l.ctid as place from instance_live l
       where l.tenant_id = batch.tenant_id and l.run_id = batch.run_id and l.node = batch.node and l.shard_index = 0 and l.id <> l.run_id limit 1) found) d
   where i.ctid = d.place and (i.state = 'WAITING') is not false and i.wait_reason = 'DEPENDENCY'
   returning i.tenant_id as "tenantId", i.id, i.run_id as "runId", i.plan_id as "planId", i.node, i.token, i.parents as total, i.parents_ok as ok,
     i.parents_failed as failed, i.parents_skipped as skipped, i.error ->> 'message' as problem`,
)

export interface PassedOn extends NodeKey {
  readonly ok: number
  readonly failed: number
  readonly skipped: number
  /** Why a condition on the way could not be evaluated: kept with the node until it ends or begins. */
  readonly problem: string | null
}

/** A node that still waits, with how its parents have ended so far. */
export interface WaitingNode extends NodeKey {
  readonly id: number
  readonly planId: number
  readonly token: number
  readonly total: number
  readonly ok: number
  readonly failed: number
  readonly skipped: number
  readonly problem?: string | null
  /** Parameters that a person has changed, over those that it is given as it begins. */
  readonly changed?: Readonly<Record<string, unknown>>
}

/** Adds what has been passed on to the counters of the nodes it was passed to; those that do not wait any more are left out. */
export async function passOnToNodes(tx: Transaction, deltas: readonly PassedOn[]): Promise<WaitingNode[]> {
  if (deltas.length === 0) return []
  return tx.query(PASS_ON, [
    ...nodeColumns(deltas),
    plainColumn(column(deltas, 'ok')),
    plainColumn(column(deltas, 'failed')),
    plainColumn(column(deltas, 'skipped')),
    column(deltas, 'problem'),
  ])
}

// No EXISTS in a select list: the planner may answer it by reading the whole table once. LIMIT 0 is never looked for: where nothing waits for its turn, the elements that are left would all be read in vain.
const LEFT = sql(
  'node.elementsLeft',
  `select w.tenant_id as "tenantId", w.run_id as "runId", w.node,
     remaining.id is not null as left,
     array(
       select l.id from instance_live l
       where l.tenant_id = w.tenant_id and l.run_id = w.run_id and l.node = w.node and l.id <> l.run_id and l.state = 'WAITING' and l.wait_reason = 'SLOT'
       order by l.shard_index limit w.turns) as next
   from unnest($1::bigint[], $2::bigint[], $3::int[], $4::int[]) as w (tenant_id, run_id, node, turns)
   left join lateral (
     select l.id from instance_live l
     where l.tenant_id = w.tenant_id and l.run_id = w.run_id and l.node = w.node and l.id <> l.run_id limit 1) remaining on true`,
)

export interface ElementsLeft extends NodeKey {
  /** Some have not ended. */
  readonly left: boolean
  /** The first that wait for their turn, at most `turns`. */
  readonly next: readonly number[]
}

/** What is left of fan-outs. */
export function selectElementsLeft(
  tx: Transaction,
  nodes: readonly (NodeKey & { readonly turns: number })[],
): Promise<ElementsLeft[]> {
  return nodes.length === 0 ? Promise.resolve([]) : tx.query(LEFT, [...nodeColumns(nodes), plainColumn(column(nodes, 'turns'))])
}

const FREE = sql(
  'node.freeElements',
  `update instance_live i set state = case when f.paused then 'WAITING' else 'PENDING' end, wait_reason = case when f.paused then 'PAUSED' end,
     waits = ${waited()}
   from ${placed('instance_live', 'id', 'unnest($1::bigint[], $2::bigint[], $3::boolean[]) as batch (tenant_id, id, paused)')} f
   where i.ctid = f.place and (i.state = 'WAITING') is not false and i.wait_reason = 'SLOT'
   returning i.queue_id as "queueId", i.state`,
)

/** Gives elements their turn, which those of paused runs take when these are resumed. Answers the queues of the others. */
export async function freeElements(
  tx: Transaction,
  elements: readonly (InstanceKey & { readonly paused: boolean })[],
): Promise<number[]> {
  if (elements.length === 0) return []
  const freed = await tx.query<{ queueId: number; state: InstanceState }>(FREE, [
    ...runColumns(elements),
    plainColumn(column(elements, 'paused')),
  ])
  return freed.flatMap(({ queueId, state }) => (state === 'PENDING' ? [queueId] : []))
}

// History is cut by the day in the identifier. What belongs to a run is younger than the run: saying so keeps the look-up out of the older days.
const ENDED_OF = (run: string) => `l.tenant_id = w.tenant_id and l.run_id = ${run} and l.id > ${run} and l.id <> l.run_id`
const ENDED_COLUMNS = `h.node, h.id, h.shard_index as "shardIndex", h.shard_total as "shardTotal", h.state, h.params is not null as given`

const OUTCOMES = sql(
  'node.outcomes',
  `select w.tenant_id as "tenantId", w.run_id as "runId", ${ENDED_COLUMNS}, h.error,
     case when h.bytes <= $5 then h.output end as output, case when h.bytes > $5 then h.bytes else 0 end as "bytesTooLarge"
   from unnest($1::bigint[], $2::bigint[], $3::int[], $4::bool[]) as w (tenant_id, run_id, node, outputs)
   cross join lateral (
     select l.id, l.node, l.shard_index, l.shard_total, l.state, l.params, l.error, case when w.outputs then l.output end as output,
       sum(case when w.outputs and l.shard_total > 1 then octet_length(l.output::text) else 0 end) over () as bytes
     from instance_history l where ${ENDED_OF('w.run_id')} and l.node = w.node order by l.id) h`,
)

/** An instance of a node that has ended. */
export interface EndedElement extends NodeKey {
  readonly id: number
  readonly shardIndex: number
  readonly shardTotal: number
  readonly state: InstanceState
  /** It has been given parameters; of a fan-out, it is an element. */
  readonly given: boolean
}

export interface NodeOutcome extends EndedElement {
  /** Null also where it was not asked for, and of a node whose elements' outputs are too large in all to be read. */
  readonly output: unknown
  readonly error: unknown
  /** How large these are then; else 0. */
  readonly bytesTooLarge: number
}

/** What the outputs of a fan-out's elements may be in all to be read: tens of the largest results, for they stand in memory together. */
export const MOST_OUTPUT_BYTES = 8 * 1024 * 1024

/** How nodes of runs have ended, element by element; of a repeated one the last stands last. `outputs`: whether they are needed; default: yes. */
export async function selectNodeOutcomes(
  tx: Transaction,
  nodes: readonly (NodeKey & { readonly outputs?: boolean })[],
): Promise<NodeOutcome[]> {
  if (nodes.length === 0) return []
  return tx.query(OUTCOMES, [...nodeColumns(nodes), nodes.map(({ outputs = true }) => outputs), MOST_OUTPUT_BYTES])
}

const COPIED = INSTANCE_COLUMNS.split(', ')
  .map((name) => (name === 'id' ? 'c.new_id' : name === 'run_id' ? 'c.run_id' : `h.${name}`))
  .join(', ')

const COPY = sql(
  'node.copy',
  `insert into instance_history (${INSTANCE_COLUMNS})
   select ${COPIED} from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) as c (tenant_id, id, new_id, run_id)
   cross join lateral (select * from instance_history l where l.tenant_id = c.tenant_id and l.id = c.id limit 1) h`,
)

/** Writes ended instances of one run into the history of another. */
export function copyNodes(tx: Transaction, copies: readonly (InstanceKey & { newId: number; runId: number })[]): void {
  if (copies.length > 0)
    tx.send(COPY, [...runColumns(copies), plainColumn(column(copies, 'newId')), plainColumn(column(copies, 'runId'))])
}

const ENDED = sql(
  'node.ended',
  `select w.tenant_id as "tenantId", w.id as "runId", ${ENDED_COLUMNS}, h.error ->> 'code' as code
   from unnest($1::bigint[], $2::bigint[]) as w (tenant_id, id)
   cross join lateral (select * from instance_history l where ${ENDED_OF('w.id')} order by l.id) h`,
)

/** What of runs has ended, without anything that could be large; of what was repeated the last stands last. */
export function selectEndedElements(
  tx: Transaction,
  runs: readonly RunKey[],
): Promise<(EndedElement & { /** Of its error. */ readonly code: string | null })[]> {
  return tx.query(ENDED, runColumns(runs))
}

const UNSUCCESSFUL = sql(
  'node.unsuccessful',
  `select w.tenant_id as "tenantId", w.id as "runId", ${ENDED_COLUMNS}
   from unnest($1::bigint[], $2::bigint[]) as w (tenant_id, id)
   cross join lateral (
     select distinct l.node from instance_history l where ${ENDED_OF('w.id')} and l.state in ('FAILED', 'TIMEOUT', 'CANCELLED', 'LOST')) bad
   cross join lateral (select * from instance_history l where ${ENDED_OF('w.id')} and l.node = bad.node order by l.id) h`,
)

/** The nodes of runs of which something ended without success, each with all that has ended of it. */
export function selectUnsuccessfulNodes(tx: Transaction, runs: readonly RunKey[]): Promise<EndedElement[]> {
  return tx.query(UNSUCCESSFUL, runColumns(runs))
}

const DUE = sql(
  'node.due',
  `select l.tenant_id as "tenantId", l.id from instance_live l
   where l.queue_id = 0 and l.due_at is not null and l.due_at <= statement_timestamp() order by l.due_at limit $1`,
)

/** Nodes whose time has come that no executor runs: waits, approvals and events. Unlocked: the caller locks and looks again. */
export function selectDueNodes(tx: Asking, limit: number): Promise<InstanceKey[]> {
  return tx.query(DUE, [limit])
}

const OVERDUE_RUNS = sql(
  'node.overdueRuns',
  `select tenant_id as "tenantId", id from run_live where deadline_at <= statement_timestamp() and (reason in (${literals(RUN_STOPS)})) is not true order by deadline_at limit $1`,
)

export function selectOverdueRuns(tx: Asking, limit: number): Promise<RunKey[]> {
  return tx.query(OVERDUE_RUNS, [limit])
}

const PUT_OFF_RUN = sql('node.putOffRun', `update run_live set deadline_at = at_ms($3) where tenant_id = $1 and id = $2`)

/** A run that cannot be given up is looked at again then. */
export function putOffRun(tx: Transaction, { tenantId, id }: RunKey, until: number): void {
  tx.send(PUT_OFF_RUN, [tenantId, id, until])
}

const PUT_OFF = sql(
  'node.putOff',
  `update instance_live set due_at = case when due_at is not null then at_ms($3) end, deadline_at = case when deadline_at is not null then at_ms($3) end
   where tenant_id = $1 and id = $2`,
)

/** An instance with which that cannot be done for which it is due is looked at again then. */
export function putOffInstance(tx: Transaction, { tenantId, id }: InstanceKey, until: number): void {
  tx.send(PUT_OFF, [tenantId, id, until])
}

// By the node alone, whose id is nobody else's: with the tenant beside it the planner would intersect that with all runs of the tenant.
const PARTS = sql(
  'node.parts',
  `select r.tenant_id as "tenantId", r.id from unnest($1::bigint[], $2::bigint[]) as wanted (tenant_id, id)
   cross join lateral (select l.tenant_id, l.id from run_live l where l.parent_instance_id = wanted.id limit 1) r
   where r.tenant_id = wanted.tenant_id`,
)

/** The live runs that these nodes wait for as for a part of themselves. */
export function selectPartsOf(tx: Transaction, nodes: readonly InstanceKey[]): Promise<RunKey[]> {
  return tx.query(PARTS, runColumns(nodes))
}

const INSERT_EVENT_WAITS = sql(
  'node.insertEventWaits',
  `insert into event_wait (tenant_id, instance_id, name, key) select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) on conflict do nothing`,
)

export function insertEventWaits(
  tx: Transaction,
  waits: readonly { readonly tenantId: number; readonly id: number; readonly name: string; readonly key: string }[],
): void {
  if (waits.length > 0) tx.send(INSERT_EVENT_WAITS, [...runColumns(waits), column(waits, 'name'), column(waits, 'key')])
}

/** What nodes wait for. */
export interface AwaitedEvent {
  readonly tenantId: number
  readonly name: string
  readonly key: string
  /** Of the nodes that began to wait before that; null: of all. */
  readonly before: number | null
}

const AWAITING = `from event_wait w where w.tenant_id = $1 and w.name = $2 and w.key = $3 and ($4::bigint is null or w.since < at_ms($4))`
const EVENT_WAITS = sql('node.eventWaits', `select w.tenant_id as "tenantId", w.instance_id as id ${AWAITING} limit $5`)

/** Nodes that wait for an event. Unlocked, as their runs are locked before what they wait for is: the caller locks and looks again. */
export function selectEventWaits(
  tx: Transaction,
  { tenantId, name, key, before }: AwaitedEvent,
  limit: number,
): Promise<InstanceKey[]> {
  return tx.query(EVENT_WAITS, [tenantId, name, key, before, limit])
}

const COUNT_EVENT_WAITS = sql('node.countEventWaits', `select count(*)::int as count ${AWAITING}`)

export async function countEventWaits(tx: Transaction, { tenantId, name, key, before }: AwaitedEvent): Promise<number> {
  return (await tx.query<{ count: number }>(COUNT_EVENT_WAITS, [tenantId, name, key, before]))[0]!.count
}

const DELETE_EVENT_WAITS = sql(
  'node.deleteEventWaits',
  `delete from event_wait w using (
     select found.place from unnest($1::bigint[], $2::bigint[]) as batch (tenant_id, id)
     cross join lateral (select l.ctid as place from event_wait l where l.tenant_id = batch.tenant_id and l.instance_id = batch.id limit 1) found) told
   where w.ctid = told.place`,
)

/** These nodes wait for no event any more. The caller holds the locks of their runs. */
export function deleteEventWaits(tx: Transaction, nodes: readonly InstanceKey[]): void {
  if (nodes.length > 0) tx.send(DELETE_EVENT_WAITS, runColumns(nodes))
}
