import {
  instanceStatesBefore,
  type FinalRunState,
  type InstanceState,
  type RunState,
  type StopReason,
  type WaitReason,
} from '@carillon/core'
import { column, plainColumn } from './columns.ts'
import type { Asking, Transaction } from './database.ts'
import { placed } from './placed.ts'
import { RUN_COLUMNS } from './run.ts'
import { literals, sql } from './sql.ts'
import { storableText } from './storable-json.ts'
import { dueTenants, share } from './turns.ts'

/** Columns that instance_live and instance_history share, in the order in which rows move from one to the other. */
export const INSTANCE_COLUMNS =
  'tenant_id, id, run_id, plan_id, node, shard_index, shard_total, state, wait_reason, queue_id, sort_key, due_at, attempt, lost, token, session_id, executor_id, ' +
  'claim_seq, reserved_at, started_at, deadline_at, stop_reason, params, output, error, progress, progress_message, parents, parents_ok, parents_failed, ' +
  'parents_skipped, created_at, ended_at, waits'

/** The only instance of its run: it has the run's identifier. */
export const isOnly = (instance: { readonly id: number; readonly runId: number }) => instance.id === instance.runId

export interface InstanceKey {
  readonly tenantId: number
  readonly id: number
}

/** What instance `i` has waited for, with what it waits for no longer once this statement has run: see `wait-history.ts`. */
export const waited = (heldBy = 'null') => `waited(i.waits, i.created_at, i.attempt, i.wait_reason, ${heldBy})`
/** The same of one that leaves a queue without having been given out. */
const PENDED = `waited(i.waits, i.created_at, i.attempt, 'PENDING', i.queue_id)`

const keyColumns = (keys: readonly InstanceKey[]) => [plainColumn(column(keys, 'tenantId')), plainColumn(column(keys, 'id'))]

// ───────────────────────────────────────────────────────────────── start

const INSERT = sql(
  'instance.insert',
  `insert into instance_live (tenant_id, id, run_id, plan_id, node, state, wait_reason, queue_id, sort_key, created_at)
   select tenant_id, id, run_id, plan_id, node, case when wait_reason is null then 'PENDING' else 'WAITING' end, wait_reason, queue_id, sort_key, at_ms($9)
   from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::int[], $6::text[], $7::int[], $8::bigint[])
     as n (tenant_id, id, run_id, plan_id, node, wait_reason, queue_id, sort_key)`,
)

export interface NewInstance {
  readonly tenantId: number
  readonly id: number
  readonly runId: number
  readonly planId: number
  readonly node: number
  readonly waitReason: WaitReason | null
  readonly queueId: number
  readonly sortKey: number
}

export function insertInstances(tx: Transaction, instances: readonly NewInstance[], now: number): void {
  if (instances.length === 0) return
  tx.send(INSERT, [
    ...keyColumns(instances),
    plainColumn(column(instances, 'runId')),
    plainColumn(column(instances, 'planId')),
    plainColumn(column(instances, 'node')),
    column(instances, 'waitReason'),
    plainColumn(column(instances, 'queueId')),
    plainColumn(column(instances, 'sortKey')),
    now,
  ])
}

// ───────────────────────────────────────────────────────────────── claim

// Keys are looked up through LATERAL … LIMIT 1, here and below: joined plainly, the planner may join a third table on tenant_id alone while
// the statistics say that the tables are nearly empty, which in a hot table they often do just before they no longer are.
const RUN_OF_INSTANCE = `cross join lateral (
     select * from run_live l where l.tenant_id = i.tenant_id and l.id = i.run_id limit 1) r`

const CLAIMABLE_COLUMNS = `i.tenant_id as "tenantId", i.id, i.run_id as "runId", i.plan_id as "planId", i.node, i.attempt, i.token, i.queue_id as "queueId",
  i.shard_index as "shardIndex", i.shard_total as "shardTotal", coalesce(i.params, r.params) as params, r.fire_at as "fireAt", i.avoid_executor_id as "avoidExecutorId"`

export interface Claimable {
  readonly tenantId: number
  readonly id: number
  readonly runId: number
  readonly planId: number
  readonly node: number
  readonly attempt: number
  /** Before a reservation that of the last one (0 = none), after it its own. */
  readonly token: number
  readonly queueId: number
  readonly shardIndex: number
  readonly shardTotal: number
  readonly params: unknown
  readonly fireAt: number | null
  /** It failed there: another is better. */
  readonly avoidExecutorId: number | null
}

// One tenant: the first of each of its queues, then the first of those. Locking inside the LATERAL takes at most the limit of each queue.
const LOCK_PENDING = sql(
  'instance.lockPending',
  `select ${CLAIMABLE_COLUMNS}
   from (
     select p.*
     from unnest($2::int[], $3::int[]) as lane (queue_id, most)
     cross join lateral (
       select l.* from instance_live l
       where l.queue_id = lane.queue_id and l.tenant_id = $1 and l.state = 'PENDING'
         and (l.avoid_executor_id is distinct from $5 or l.avoid_until <= statement_timestamp())
       order by l.sort_key limit lane.most
       for no key update skip locked) p
     order by p.sort_key limit $4) i
   ${RUN_OF_INSTANCE}
   order by i.sort_key`,
)

/** Takes and locks the first PENDING instances of one tenant's queues: priority with aging first, as `sort_key` says. What is to run elsewhere than on this executor (0: nobody yet) is passed over. */
export function lockPending(
  tx: Transaction,
  tenantId: number,
  lanes: readonly { queueId: number; most: number }[],
  limit: number,
  executorId: number,
): Promise<Claimable[]> {
  return tx.query(LOCK_PENDING, [tenantId, lanes.map((lane) => lane.queueId), lanes.map((lane) => lane.most), limit, executorId])
}

// Which tenants have PENDING rows in these queues, in turn after the cursor: a skip scan that touches one index entry per tenant and
// queue, however long the backlog of each is.
const TENANTS_WAITING = sql(
  'instance.tenantsWaiting',
  `with recursive waiting as (
     select lane.queue_id, first.tenant_id
     from unnest($1::int[]) as lane (queue_id)
     cross join lateral (
       select l.tenant_id from instance_live l where l.queue_id = lane.queue_id and l.tenant_id > $2 and l.state = 'PENDING'
       order by l.tenant_id limit 1) first
     union all
     select waiting.queue_id, next.tenant_id
     from waiting
     cross join lateral (
       select l.tenant_id from instance_live l where l.queue_id = waiting.queue_id and l.tenant_id > waiting.tenant_id and l.state = 'PENDING'
       order by l.tenant_id limit 1) next)
   select distinct waiting.tenant_id as "tenantId", t.weight
   from waiting join tenant t on t.id = waiting.tenant_id and t.state = 'ACTIVE'
   where ($4::bigint[] is null or waiting.tenant_id = any($4)) and waiting.tenant_id <> all($5::bigint[])
   order by waiting.tenant_id limit $3`,
)

/**
 * The tenants after `cursor` that wait in these queues, with their weights; suspended tenants are a closed lane. `only` these (null: any),
 * `except` these.
 */
export function selectTenantsWaiting(
  tx: Transaction,
  queueIds: readonly number[],
  cursor: number,
  limit: number,
  { only, except }: { readonly only: readonly number[] | null; readonly except: readonly number[] },
): Promise<{ tenantId: number; weight: number }[]> {
  return tx.query(TENANTS_WAITING, [queueIds, cursor, limit, only, except])
}

// As lockPending, for several tenants with a share each.
const LOCK_PENDING_SHARED = sql(
  'instance.lockPendingShared',
  `select ${CLAIMABLE_COLUMNS}
   from (
     select p.*
     from unnest($1::bigint[], $2::int[]) with ordinality as turn (tenant_id, most, place)
     cross join lateral (
       select each.* from unnest($3::int[]) as lane (queue_id)
       cross join lateral (
         select l.* from instance_live l
         where l.queue_id = lane.queue_id and l.tenant_id = turn.tenant_id and l.state = 'PENDING'
           and (l.avoid_executor_id is distinct from $5 or l.avoid_until <= statement_timestamp())
         order by l.sort_key limit turn.most
         for no key update skip locked) each
       order by each.sort_key limit turn.most) p
     order by turn.place limit $4) i
   ${RUN_OF_INSTANCE}`,
)

export function lockPendingShared(
  tx: Transaction,
  turns: readonly { tenantId: number; most: number }[],
  queueIds: readonly number[],
  limit: number,
  executorId: number,
): Promise<Claimable[]> {
  return tx.query(LOCK_PENDING_SHARED, [
    turns.map((turn) => turn.tenantId),
    turns.map((turn) => turn.most),
    queueIds,
    limit,
    executorId,
  ])
}

const LOCK_OF_QUEUES = sql(
  'instance.lockOfQueues',
  `select ${CLAIMABLE_COLUMNS}
   from unnest($1::int[]) as lane (queue_id)
   cross join lateral (
     select l.* from instance_live l where l.queue_id = lane.queue_id and l.state = 'PENDING'
     order by l.tenant_id, l.sort_key limit $2
     for no key update skip locked) i
   ${RUN_OF_INSTANCE}`,
)

/** Takes and locks the first PENDING instances of each of these queues, whosever they are. */
export function lockOfQueues(tx: Transaction, queueIds: readonly number[], each: number): Promise<Claimable[]> {
  return tx.query(LOCK_OF_QUEUES, [plainColumn(queueIds), each])
}

const LOCK_PLACED_TOO_LONG = sql(
  'instance.lockPlacedTooLong',
  `select ${CLAIMABLE_COLUMNS}
   from (select * from instance_live l where l.state = 'PENDING' and l.placed_until <= statement_timestamp() order by l.placed_until limit $1
     for no key update skip locked) i
   ${RUN_OF_INSTANCE}`,
)

/** PENDING instances that their executors have not taken in time, locked. */
export function lockPlacedTooLong(tx: Transaction, limit: number): Promise<Claimable[]> {
  return tx.query(LOCK_PLACED_TOO_LONG, [limit])
}

const MOVE = sql(
  'instance.move',
  `update instance_live i
   set queue_id = moved.queue_id, placed_until = at_ms(moved.placed_until), avoid_executor_id = moved.avoid_executor_id, avoid_until = at_ms(moved.avoid_until),
     waits = ${PENDED}
   from ${placed('instance_live', 'id', 'unnest($1::bigint[], $2::bigint[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[]) as batch (tenant_id, id, queue_id, placed_until, avoid_executor_id, avoid_until)')} moved
   where i.ctid = moved.place and (i.state = 'PENDING') is not false`,
)

export interface Move extends InstanceKey {
  readonly queueId: number
  readonly placedUntil: number | null
  readonly avoidExecutorId: number | null
  readonly avoidUntil: number | null
}

/** Puts locked PENDING instances into other queues; their places in the order stay. */
export function moveInstances(tx: Transaction, moves: readonly Move[]): void {
  if (moves.length === 0) return
  tx.send(MOVE, [
    ...keyColumns(moves),
    plainColumn(column(moves, 'queueId')),
    plainColumn(column(moves, 'placedUntil')),
    plainColumn(column(moves, 'avoidExecutorId')),
    plainColumn(column(moves, 'avoidUntil')),
  ])
}

const WAITING_COUNT = sql(
  'instance.waitingCount',
  `select lane.queue_id as "queueId", (
     select count(*) from (select from instance_live l where l.queue_id = lane.queue_id and l.state = 'PENDING' limit $2) counted)::int as waiting
   from unnest($1::int[]) as lane (queue_id)`,
)

/** How many PENDING instances each queue has, counted up to `most`. */
export async function countWaiting(tx: Transaction, queueIds: readonly number[], most: number): Promise<Map<number, number>> {
  if (queueIds.length === 0) return new Map()
  const rows = await tx.query<{ queueId: number; waiting: number }>(WAITING_COUNT, [plainColumn(queueIds), most])
  return new Map(rows.map((row) => [row.queueId, row.waiting]))
}

const RESERVE = sql(
  'instance.reserve',
  `update instance_live i
   set state = 'RESERVED', token = i.token + 1, session_id = given.session_id, executor_id = given.executor_id, claim_seq = given.claim_seq,
       reserved_at = at_ms($6), deadline_at = at_ms($7)
   from ${placed('instance_live', 'id', 'unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) as batch (tenant_id, id, session_id, executor_id, claim_seq)')} given
   where i.ctid = given.place and (i.state in (${literals(instanceStatesBefore('RESERVED'))})) is not false`,
)

export interface Reservation {
  readonly tenantId: number
  readonly id: number
  readonly sessionId: number
  readonly executorId: number
  readonly claimSeq: number
}

/** Gives locked PENDING instances to executors under a new token. They must report a start before `startBy`. */
export function reserveInstances(tx: Transaction, reservations: readonly Reservation[], now: number, startBy: number): void {
  tx.send(RESERVE, [
    ...keyColumns(reservations),
    plainColumn(column(reservations, 'sessionId')),
    plainColumn(column(reservations, 'executorId')),
    plainColumn(column(reservations, 'claimSeq')),
    now,
    startBy,
  ])
}

const RESERVED_BY = sql(
  'instance.reservedBy',
  `select ${CLAIMABLE_COLUMNS}
   from instance_live i ${RUN_OF_INSTANCE}
   where i.session_id = $1 and i.claim_seq = $2 and i.state in ('RESERVED', 'RUNNING')`,
)

/** What a claim was answered before, for an executor that lost the answer. */
export function selectReservedBy(tx: Transaction, sessionId: number, claimSeq: number): Promise<Claimable[]> {
  return tx.query(RESERVED_BY, [sessionId, claimSeq])
}

const HELD_COUNT = sql(
  'instance.heldCount',
  `select s.id as "sessionId", (select count(*) from instance_live i where i.session_id = s.id and i.state in ('RESERVED', 'RUNNING'))::int as held
   from unnest($1::bigint[]) as s (id)`,
)

/** How many instances each session holds, counted from the rows themselves. Call it under the sessions' locks. */
export async function countHeld(tx: Transaction, sessionIds: readonly number[]): Promise<Map<number, number>> {
  const rows = await tx.query<{ sessionId: number; held: number }>(HELD_COUNT, [sessionIds])
  return new Map(rows.map((row) => [row.sessionId, row.held]))
}

const QUEUES_WAITING = sql(
  'instance.queuesWaiting',
  `select lane.queue_id as "queueId" from unnest($1::int[]) as lane (queue_id)
   where exists (select from instance_live l where l.queue_id = lane.queue_id and l.state = 'PENDING')`,
)

export async function selectQueuesWaiting(tx: Asking, queueIds: readonly number[]): Promise<number[]> {
  return (await tx.query<{ queueId: number }>(QUEUES_WAITING, [queueIds])).map((row) => row.queueId)
}

// ───────────────────────────────────────────────────────────────── while it runs

/** A live instance under the caller's lock, with what decisions about it need. */
export interface LockedInstance {
  readonly tenantId: number
  readonly id: number
  readonly runId: number
  readonly planId: number
  readonly node: number
  readonly state: InstanceState
  readonly waitReason: WaitReason | null
  readonly queueId: number
  readonly attempt: number
  readonly lost: number
  readonly token: number
  readonly sessionId: number | null
  readonly executorId: number | null
  readonly shardTotal: number
  readonly stopReason: StopReason | null
  readonly deadlineAt: number | null
  readonly runState: RunState
  readonly runReason: string | null
  readonly scheduleId: number | null
  readonly wakesSchedule: boolean
  readonly concurrencyKey: string | null
  readonly depth: number
  readonly parentInstanceId: number | null
}

const LOCKED_COLUMNS = `i.tenant_id as "tenantId", i.id, i.run_id as "runId", i.plan_id as "planId", i.node, i.state, i.wait_reason as "waitReason",
  i.queue_id as "queueId", i.attempt, i.lost, i.token, i.session_id as "sessionId", i.executor_id as "executorId", i.shard_total as "shardTotal", i.stop_reason as "stopReason",
  i.deadline_at as "deadlineAt", r.state as "runState", r.reason as "runReason", r.schedule_id as "scheduleId", r.wakes_schedule as "wakesSchedule", r.concurrency_key as "concurrencyKey", r.depth, r.parent_instance_id as "parentInstanceId"`

// A LATERAL is read in the order of what it hangs on: so the instances are locked in the order of locks, each found by its key.
const wanted = (how: 'limit 1' | 'for no key update') =>
  `from (select * from unnest($1::bigint[], $2::bigint[]) as batch (tenant_id, id) order by tenant_id, id) wanted
   cross join lateral (select * from instance_live l where l.tenant_id = wanted.tenant_id and l.id = wanted.id ${how}) i`

const LOCK = sql('instance.lock', `select i.id ${wanted('for no key update')}`)
const LOCKED = sql('instance.locked', `select ${LOCKED_COLUMNS} ${wanted('limit 1')} ${RUN_OF_INSTANCE}`)

/**
 * Locks live instances. The caller has locked the gates of their runs. They and their runs are read by the next statement: the snapshot of
 * the locking one is older than its wait, and a pause that it waited for would go unseen.
 */
export async function lockLiveInstances(tx: Transaction, keys: readonly InstanceKey[]): Promise<LockedInstance[]> {
  const [locked, read] = await Promise.all([
    tx.query<{ id: number }>(LOCK, keyColumns(keys)),
    tx.query<LockedInstance>(LOCKED, keyColumns(keys)),
  ])
  // One that appeared between the two statements is not locked.
  const held = new Set(column(locked, 'id'))
  return read.filter((instance) => held.has(instance.id))
}

const GATES = sql(
  'instance.gates',
  `select distinct r.tenant_id as "tenantId", r.concurrency_key as key, case when i.id <> i.run_id then i.run_id end as "largeRunId"
   ${wanted('limit 1')} ${RUN_OF_INSTANCE} where r.concurrency_key is not null or i.id <> i.run_id`,
)

/** What is locked before these instances: the gate of a keyed run, and a run of several. */
export function selectGatesOfInstances(
  tx: Transaction,
  keys: readonly InstanceKey[],
): Promise<{ tenantId: number; key: string | null; largeRunId: number | null }[]> {
  return tx.query(GATES, keyColumns(keys))
}

const START = sql(
  'instance.start',
  `update instance_live i set state = 'RUNNING', started_at = at_ms($6), deadline_at = case when i.stop_reason is null then at_ms(s.deadline_at) else i.deadline_at end
   from ${placed('instance_live', 'id', 'unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) as batch (tenant_id, id, token, session_id, deadline_at)')} s
   where i.ctid = s.place and i.token = s.token and i.session_id = s.session_id and (i.state = 'RESERVED') is not false`,
)

export function startInstances(
  tx: Transaction,
  starts: readonly { tenantId: number; id: number; token: number; sessionId: number; deadlineAt: number | null }[],
  now: number,
): void {
  if (starts.length === 0) return
  tx.send(START, [
    ...keyColumns(starts),
    plainColumn(column(starts, 'token')),
    plainColumn(column(starts, 'sessionId')),
    plainColumn(column(starts, 'deadlineAt')),
    now,
  ])
}

const PROGRESS = sql(
  'instance.progress',
  `update instance_live i set progress = p.percent, progress_message = p.message
   from ${placed('instance_live', 'id', 'unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::int[], $6::text[]) as batch (tenant_id, id, token, session_id, percent, message)')} p
   where i.ctid = p.place and i.token = p.token and i.session_id = p.session_id and (i.state in ('RESERVED', 'RUNNING')) is not false`,
)

export function recordProgress(
  tx: Transaction,
  items: readonly { tenantId: number; id: number; token: number; sessionId: number; percent: number; message: string | null }[],
): void {
  if (items.length === 0) return
  tx.send(PROGRESS, [
    items.map((each) => each.tenantId),
    items.map((each) => each.id),
    items.map((each) => each.token),
    items.map((each) => each.sessionId),
    items.map((each) => each.percent),
    items.map((each) => (each.message === null ? null : storableText(each.message))),
  ])
}

/** To an executor, time that is over is over, the attempt's or its run's. */
type ToldReason = Exclude<StopReason, 'RUN_TIMEOUT'>
const TOLD_REASON = `case i.stop_reason when 'RUN_TIMEOUT' then 'TIMEOUT' else i.stop_reason end`

const STOPS = sql(
  'instance.stops',
  `select i.id as instance, i.token, ${TOLD_REASON} as reason from instance_live i
   where i.session_id = $1 and i.state in ('RESERVED', 'RUNNING') and i.stop_reason is not null`,
)

/** What a session's executor has been asked to stop. */
export function selectStops(
  tx: Transaction,
  sessionId: number,
): Promise<{ instance: number; token: number; reason: ToldReason }[]> {
  return tx.query(STOPS, [sessionId])
}

const HELD = sql(
  'instance.held',
  `select i.session_id as "sessionId", i.id as instance, i.token, ${TOLD_REASON} as "stopReason"
   from unnest($1::bigint[]) as s (id)
   cross join lateral (select * from instance_live l where l.session_id = s.id and l.state in ('RESERVED', 'RUNNING')) i`,
)

export interface HeldInstance {
  readonly sessionId: number
  readonly instance: number
  readonly token: number
  readonly stopReason: ToldReason | null
}

export function selectHeld(tx: Transaction, sessionIds: readonly number[]): Promise<HeldInstance[]> {
  return tx.query(HELD, [plainColumn(sessionIds)])
}

const REQUEST_STOP = sql(
  'instance.requestStop',
  `update instance_live i set stop_reason = s.reason, deadline_at = case when i.stop_reason is null then at_ms($4) else i.deadline_at end
   from ${placed('instance_live', 'id', 'unnest($1::bigint[], $2::bigint[], $3::text[]) as batch (tenant_id, id, reason)')} s
   where i.ctid = s.place and (i.state in ('RESERVED', 'RUNNING')) is not false and (i.stop_reason is null or i.stop_reason = 'TIMEOUT')`,
)

/**
 * Marks running instances to be stopped; when `deadline` passes without an answer they are ended without one. What is being stopped for good stays
 * so; an attempt that had run out of time, and could have been followed by another, is stopped for good within the grace period it has.
 */
export function requestStop(
  tx: Transaction,
  stops: readonly { tenantId: number; id: number; reason: StopReason }[],
  deadline: number,
): void {
  if (stops.length === 0) return
  tx.send(REQUEST_STOP, [...keyColumns(stops), stops.map((stop) => stop.reason), deadline])
}

// ───────────────────────────────────────────────────────────────── waiting

const HOLD = sql(
  'instance.hold',
  `update instance_live i set state = 'WAITING', wait_reason = $3, waits = ${PENDED}
   from ${placed('instance_live', 'id', 'unnest($1::bigint[], $2::bigint[]) as batch (tenant_id, id)')} h
   where i.ctid = h.place and (i.state = 'PENDING') is not false`,
)

export function holdInstances(tx: Transaction, keys: readonly InstanceKey[], reason: WaitReason): void {
  if (keys.length > 0) tx.send(HOLD, [...keyColumns(keys), reason])
}

const FREE = sql(
  'instance.free',
  `update instance_live i set state = 'PENDING', wait_reason = null, waits = ${waited('f.held_by')}
   from ${placed('instance_live', 'run_id', 'unnest($1::bigint[], $2::bigint[], $4::bigint[]) as batch (tenant_id, run_id, held_by)')} f
   where i.ctid = f.place and (i.state = 'WAITING') is not false and i.wait_reason = $3
   returning i.queue_id as "queueId"`,
)

export interface FreedRun extends InstanceKey {
  /** The run for which it was made to wait. */
  readonly heldBy?: number | null
}

/** Lets the only instances of these runs go on, if that is what they waited for. Answers their queues. */
export async function freeInstances(tx: Transaction, runs: readonly FreedRun[], reason: WaitReason): Promise<number[]> {
  if (runs.length === 0) return []
  const heldBy = plainColumn(runs.map((run) => run.heldBy ?? null))
  return (await tx.query<{ queueId: number }>(FREE, [...keyColumns(runs), reason, heldBy])).map((row) => row.queueId)
}

const PROMOTE_DUE = sql(
  'instance.promoteDue',
  `with recursive ${dueTenants('instance_live', 'due_at is not null', '$1')},
   due as (
     select each.* from due_tenant
     cross join lateral (
       select l.tenant_id, l.run_id, l.ctid as place from instance_live l
       where l.tenant_id = due_tenant.tenant_id and l.due_at <= statement_timestamp() and l.queue_id <> 0
       order by l.due_at limit ${share('$1')} for no key update skip locked) each)
   update instance_live i
   set state = case when r.state = 'PAUSED' then 'WAITING' else 'PENDING' end, wait_reason = case when r.state = 'PAUSED' then 'PAUSED' end, due_at = null,
     waits = ${waited()}
   from due cross join lateral (select l.tenant_id, l.id, l.state from run_live l where l.tenant_id = due.tenant_id and l.id = due.run_id limit 1) r
   where i.ctid = due.place
   returning i.tenant_id as "tenantId", i.id, i.run_id as "runId", i.queue_id as "queueId", i.state, i.avoid_executor_id is not null as elsewhere`,
)

const HOLD_PAUSED = sql(
  'instance.holdPaused',
  `update instance_live i set state = 'WAITING', wait_reason = 'PAUSED'
   from ${placed('instance_live', 'id', 'unnest($1::bigint[], $2::bigint[], $3::bigint[]) as batch (tenant_id, id, run_id)')} h
   cross join lateral (select l.state from run_live l where l.tenant_id = h.tenant_id and l.id = h.run_id limit 1) r
   where i.ctid = h.place and (i.state = 'PENDING') is not false and r.state = 'PAUSED'
   returning i.tenant_id as "tenantId", i.id`,
)

export interface PromotedInstance extends InstanceKey {
  readonly runId: number
  readonly queueId: number
  readonly state: InstanceState
  /** Not every executor that is woken may take it. */
  readonly elsewhere: boolean
}

/** About `limit` retries whose pause is over become PENDING, tenants in turn; those of paused runs WAITING for that. */
export async function promoteDueInstances(tx: Transaction, limit: number): Promise<PromotedInstance[]> {
  const promoted = await tx.query<PromotedInstance>(PROMOTE_DUE, [limit])
  if (promoted.length === 0) return promoted
  // A run that was paused while its instance was being locked is seen by this statement only.
  const keys = [...keyColumns(promoted), plainColumn(column(promoted, 'runId'))]
  const paused = new Set((await tx.query<InstanceKey>(HOLD_PAUSED, keys)).map((key) => key.id))
  return promoted.map((each) => (paused.has(each.id) ? { ...each, state: 'WAITING' } : each))
}

// ───────────────────────────────────────────────────────────────── the end of an attempt

const RETRY = sql(
  'instance.retry',
  `with again as ${placed(
    'instance_live',
    'id',
    'unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::boolean[], $8::text[], $10::bigint[]) as batch (tenant_id, id, token, outcome, error, due_at, was_lost, wait_reason, avoid_until)',
  )},
   kept as (
     insert into attempt (tenant_id, instance_id, number, token, session_id, executor_id, outcome, reserved_at, started_at, ended_at, error)
     select i.tenant_id, i.id, i.attempt, i.token, i.session_id, i.executor_id, again.outcome, i.reserved_at, i.started_at, at_ms($9), again.error::jsonb
     from again join instance_live i on i.ctid = again.place and i.token = again.token
     where again.outcome is not null and (i.state in ('RESERVED', 'RUNNING')) is not false)
   update instance_live i
   set state = case when again.wait_reason is null then 'PENDING' else 'WAITING' end, wait_reason = again.wait_reason, due_at = at_ms(again.due_at),
       attempt = i.attempt + case when again.outcome is null then 0 else 1 end, lost = i.lost + case when again.was_lost then 1 else 0 end,
       session_id = null, executor_id = null, claim_seq = null, reserved_at = null, started_at = null, deadline_at = null, stop_reason = null,
       progress = null, progress_message = null,
       avoid_executor_id = case when again.avoid_until is not null then i.executor_id end, avoid_until = at_ms(again.avoid_until)
   from again
   where i.ctid = again.place and i.token = again.token and (i.state in ('RESERVED', 'RUNNING')) is not false`,
)

export interface RetriedInstance {
  readonly tenantId: number
  readonly id: number
  readonly token: number
  /** Null: it was handed back unstarted, and the attempt is still to come. */
  readonly outcome: 'FAILED' | 'TIMEOUT' | 'LOST' | null
  readonly error: string | null
  readonly dueAt: number | null
  readonly wasLost: boolean
  readonly waitReason: WaitReason | null
  /** Until then it is not given to the executor that it has just left. */
  readonly avoidUntil: number | null
}

/** Keeps the attempt that has just ended and makes the instance ready for the next one. */
export function retryInstances(tx: Transaction, items: readonly RetriedInstance[], now: number): void {
  if (items.length === 0) return
  tx.send(RETRY, [
    ...keyColumns(items),
    plainColumn(column(items, 'token')),
    column(items, 'outcome'),
    column(items, 'error'),
    plainColumn(column(items, 'dueAt')),
    plainColumn(column(items, 'wasLost')),
    column(items, 'waitReason'),
    now,
    plainColumn(column(items, 'avoidUntil')),
  ])
}

export const MOVED_INSTANCE = INSTANCE_COLUMNS.split(', ')
  .map((column) => {
    if (column === 'state') return 'e.state'
    if (column === 'output' || column === 'error') return `e.${column}::jsonb`
    if (column === 'wait_reason') return 'null::text'
    if (column === 'due_at' || column === 'deadline_at') return 'null::timestamptz'
    if (column === 'ended_at') return 'at_ms($7)'
    if (column === 'started_at') return 'coalesce(i.started_at, at_ms(e.started_at))'
    if (column === 'waits') return `case i.state when 'WAITING' then ${waited()} when 'PENDING' then ${PENDED} else i.waits end`
    return `i.${column}`
  })
  .map((value, place) => `${value} as ${INSTANCE_COLUMNS.split(', ')[place]}`)
  .join(', ')

const MOVED_RUN = RUN_COLUMNS.split(', ')
  .map((column) => {
    if (column === 'state') return 'e.run_state'
    if (column === 'reason') return 'e.run_reason'
    if (column === 'ended_at') return 'at_ms($7)'
    if (column === 'started_at') return 'coalesce(r.started_at, at_ms(e.reported_start))'
    return `r.${column}`
  })
  .join(', ')

const END_SINGLE = sql(
  'instance.endSingle',
  `with ended as ${placed(
    'instance_live',
    'id',
    'unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $8::text[], $9::text[], $10::bigint[]) as batch (tenant_id, id, token, state, output, error, run_state, run_reason, started_at)',
  )},
   instance_gone as (
     delete from instance_live i using ended e where i.ctid = e.place and i.token = e.token
     returning ${MOVED_INSTANCE}, e.run_state, e.run_reason, e.started_at as reported_start),
   instance_kept as (insert into instance_history (${INSTANCE_COLUMNS}) select ${INSTANCE_COLUMNS} from instance_gone),
   run_gone as (
     delete from run_live r using (
       select gone.*, found.place as run_place from instance_gone gone
       cross join lateral (select l.ctid as place from run_live l where l.tenant_id = gone.tenant_id and l.id = gone.id limit 1) found) e
     where r.ctid = e.run_place
     returning ${MOVED_RUN})
   insert into run_history (${RUN_COLUMNS}) select * from run_gone`,
)

export interface EndedInstance {
  readonly instance: InstanceKey & { readonly token: number }
  readonly state: InstanceState
  readonly output: string | null
  readonly error: string | null
  readonly runState: FinalRunState
  readonly runReason: string | null
  /** Where no start was reported before the end. */
  readonly startedAt: number | null
}

/** Ends single-instance runs with their instances, where the instance still is under that token: both rows move to history in one statement. The caller holds the instances' locks. */
export function endSingleInstances(tx: Transaction, items: readonly EndedInstance[], now: number): void {
  if (items.length === 0) return
  const instances = column(items, 'instance')
  tx.send(END_SINGLE, [
    ...keyColumns(instances),
    plainColumn(column(instances, 'token')),
    column(items, 'state'),
    column(items, 'output'),
    column(items, 'error'),
    now,
    column(items, 'runState'),
    column(items, 'runReason'),
    plainColumn(column(items, 'startedAt')),
  ])
}

const ENDED = sql(
  'instance.ended',
  `select tenant_id as "tenantId", id, token, session_id as "sessionId", state as outcome from instance_history
   where (tenant_id, id) in (select * from unnest($1::bigint[], $2::bigint[]))
   union all
   select tenant_id, instance_id, token, session_id, outcome from attempt
   where (tenant_id, instance_id) in (select * from unnest($1::bigint[], $2::bigint[]))`,
)

/** How attempts of these instances ended, by the token under which they ran. */
export function selectEndedAttempts(
  tx: Transaction,
  keys: readonly InstanceKey[],
): Promise<{ tenantId: number; id: number; token: number; sessionId: number | null; outcome: InstanceState }[]> {
  return tx.query(ENDED, keyColumns(keys))
}

// ───────────────────────────────────────────────────────────────── what went wrong meanwhile

const OVERDUE = sql(
  'instance.overdue',
  `select i.tenant_id as "tenantId", i.id
   from executor_session s
   cross join lateral (
     select l.tenant_id, l.id from instance_live l
     where l.session_id = s.id and l.state in ('RESERVED', 'RUNNING') and l.deadline_at <= statement_timestamp()
     order by l.deadline_at limit 100) i
   where s.ended_at is null
   union all
   (select tenant_id, id from instance_live
    where session_id is null and state in ('RESERVED', 'RUNNING') and deadline_at <= statement_timestamp()
    order by deadline_at limit 100)
   limit $1`,
)

/** Instances of open sessions, and those without any, whose deadline has passed. Unlocked: the caller locks and looks again. */
export function selectOverdueInstances(tx: Asking, limit: number): Promise<InstanceKey[]> {
  return tx.query(OVERDUE, [limit])
}

// Which sessions hold anything, by skip scan; of those the ones that are no longer open.
const ABANDONED = sql(
  'instance.abandoned',
  `with recursive holder as (
     (select session_id from instance_live where state in ('RESERVED', 'RUNNING') order by session_id limit 1)
     union all
     select next.session_id from holder
     cross join lateral (
       select l.session_id from instance_live l where l.session_id > holder.session_id and l.state in ('RESERVED', 'RUNNING') order by l.session_id limit 1) next)
   select i.tenant_id as "tenantId", i.id, holder.session_id as "sessionId"
   from holder
   cross join lateral (
     select l.tenant_id, l.id from instance_live l where l.session_id = holder.session_id and l.state in ('RESERVED', 'RUNNING') limit $1) i
   where not exists (select from executor_session s where s.id = holder.session_id and s.ended_at is null)
   limit $1`,
)

/** Instances held by sessions that have ended. Unlocked: the caller locks and looks again. */
export function selectAbandonedInstances(tx: Asking, limit: number): Promise<(InstanceKey & { sessionId: number })[]> {
  return tx.query(ABANDONED, [limit])
}

// The queues in which anything is PENDING, by skip scan; of those of single executors the ones whose executor has gone. The status of an
// executor changes as it goes, unless a person has set that: then its sessions say it. These are read at most once, however many executors
// there are to be looked at, and not at all while each of them is in service. What one serves it said when it registered, or a person did since.
const OF_GONE_EXECUTORS = sql(
  'instance.ofGoneExecutors',
  `with recursive lane as (
     (select queue_id from instance_live where state = 'PENDING' order by queue_id limit 1)
     union all
     select next.queue_id from lane
     cross join lateral (
       select l.queue_id from instance_live l where l.queue_id > lane.queue_id and l.state = 'PENDING' order by l.queue_id limit 1) next)
   select i.tenant_id as "tenantId", i.id, q.id as "queueId", e.instance as executor,
     case when e.deleted_at is not null then 'REMOVED' when e.serves then 'GONE' else 'NOT_SERVED' end as why
   from lane
   cross join lateral (select * from queue k where k.id = lane.queue_id and k.executor_id is not null limit 1) q
   cross join lateral (
     select x.*, x.handlers ? q.handler and (q.selector = '{}' or selected(x.labels, q.selector)) as serves
     from executor x where x.tenant_id = q.app_tenant_id and x.id = q.executor_id limit 1) e
   cross join lateral (
     select l.tenant_id, l.id from instance_live l
     where l.queue_id = q.id and l.state = 'PENDING' and (l.avoid_until is null or l.avoid_until <= statement_timestamp())
     order by l.tenant_id, l.sort_key limit $2) i
   where e.deleted_at is not null or (
     not e.serves and case when e.registered_by is null then e.registered_at else e.updated_at end <= statement_timestamp() - $1 * interval '1 ms') or (
     case
       when e.status_set_by is null then not e.in_service and e.status_set_at <= statement_timestamp() - $1 * interval '1 ms'
       else e.id not in (select s.executor_id from executor_session s where s.ended_at > statement_timestamp() - $1 * interval '1 ms')
     end
     and e.id not in (select s.executor_id from executor_session s where s.ended_at is null))
   limit $2`,
)

export interface LeftBehind extends InstanceKey {
  readonly queueId: number
  /** By which name its executor registered, the only one that could take it. */
  readonly executor: string
  /** It was removed, has had no session for so long, or has not served the handler under the selector for so long. */
  readonly why: 'REMOVED' | 'GONE' | 'NOT_SERVED'
}

/**
 * PENDING instances of executors that have been removed, or for `forMs` have had no session, or not served what these are of. Unlocked: the
 * caller locks and looks again.
 */
export function selectOfGoneExecutors(tx: Asking, forMs: number, limit: number): Promise<LeftBehind[]> {
  return tx.query(OF_GONE_EXECUTORS, [forMs, limit])
}

const PUT_OFF_PENDING = sql(
  'instance.putOffPending',
  `update instance_live set avoid_until = at_ms($3) where tenant_id = $1 and id = $2 and state = 'PENDING'`,
)

/** One that cannot be ended is looked at again then; an executor that comes back may take it before. */
export function putOffPending(tx: Transaction, { tenantId, id }: InstanceKey, until: number): void {
  tx.send(PUT_OFF_PENDING, [tenantId, id, until])
}
