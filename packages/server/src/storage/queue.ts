import type { LabelSelector } from '@carillon/core'
import { column, plainColumn } from './columns.ts'
import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

/** What an executor can take: an app's handler under a selector. */
export interface QueueRow {
  readonly id: number
  readonly appTenantId: number
  readonly appId: number
  readonly handler: string
  readonly selector: LabelSelector
  readonly executorId: number | null
  readonly rateTenantId: number | null
  readonly rateKey: string | null
  /** Not null: nobody takes from it; what comes in is placed with an executor, in a queue of that one alone. */
  readonly routeKey: string | null
  /** The words of its app's capacity rules that speak of what waits here. */
  readonly lane: readonly string[]
}

const SELECT_AFTER = sql(
  'queue.selectAfter',
  `select id, app_tenant_id as "appTenantId", app_id as "appId", handler, selector, executor_id as "executorId", rate_tenant_id as "rateTenantId", rate_key as "rateKey",
     route_key as "routeKey", lane
   from queue where id > $1 order by id limit $2`,
)

/** Queues never change, so a cache only has to ask for those after the last it knows. */
export function selectQueuesAfter(tx: Transaction, id: number, limit: number): Promise<QueueRow[]> {
  return tx.query(SELECT_AFTER, [id, limit])
}

const SELECT_AMONG = sql('queue.selectAmong', `select id from queue where id = any($1::int[])`)

/** Those of these that are still there. */
export async function selectQueuesAmong(tx: Transaction, ids: readonly number[]): Promise<number[]> {
  return column(await tx.query<{ id: number }>(SELECT_AMONG, [ids]), 'id')
}

// An executor that was removed never comes back: its name is registered as another. Whoever pinned something to it while it lived has
// committed long since.
const PRUNE_PINNED = sql(
  'queue.prunePinned',
  `delete from queue q using (
     select k.id from queue k join executor e on e.tenant_id = k.app_tenant_id and e.id = k.executor_id
     where k.executor_id is not null and e.deleted_at < statement_timestamp() - interval '1 hour'
       and k.id not in (select distinct i.queue_id from instance_live i where i.queue_id is not null)
     limit $1) gone
   where q.id = gone.id`,
)

/** Removes the queues from which only executors could take that have been removed. */
export async function prunePinnedQueues(tx: Transaction, limit: number): Promise<void> {
  await tx.query(PRUNE_PINNED, [limit])
}

export type QueueInput = Omit<QueueRow, 'id' | 'executorId'>

const WANTED = `jsonb_to_recordset($1::jsonb)
  q (place int, "appTenantId" bigint, "appId" bigint, handler text, selector jsonb, "rateTenantId" bigint, "rateKey" text, "routeKey" text, lane jsonb)`
const ADD_MISSING = sql(
  'queue.addMissing',
  `insert into queue (app_tenant_id, app_id, handler, selector, rate_tenant_id, rate_key, route_key, lane)
   select distinct q."appTenantId", q."appId", q.handler, q.selector, q."rateTenantId", q."rateKey", q."routeKey", q.lane from ${WANTED}
   order by 1, 2, 3, 4, 5, 6, 7, 8 on conflict do nothing`,
)
const FIND = sql(
  'queue.find',
  `select q.place, k.id from ${WANTED}
   join queue k on k.app_tenant_id = q."appTenantId" and k.app_id = q."appId" and k.handler = q.handler and k.selector = q.selector
     and k.executor_id is null and k.rate_tenant_id is not distinct from q."rateTenantId" and k.rate_key is not distinct from q."rateKey"
     and k.route_key is not distinct from q."routeKey" and k.lane = q.lane`,
)

/** The queues of these properties, made where they are missing; in the order of the input. */
export async function internQueues(tx: Transaction, queues: readonly QueueInput[]): Promise<number[]> {
  const wanted = [JSON.stringify(queues.map((queue, place) => ({ ...queue, place })))]
  // Look first: nearly always they exist, and an insert that does nothing still burns a number.
  let found = await tx.query<{ place: number; id: number }>(FIND, wanted)
  if (found.length < queues.length) {
    await tx.query(ADD_MISSING, wanted)
    found = await tx.query(FIND, wanted)
  }
  const ids = new Map(found.map((row) => [row.place, row.id]))
  return queues.map((_, place) => ids.get(place)!)
}

// Live: with an open session, and neither set aside by a person nor unwell.
const SERVING = `select q.id as queue_id, e.id as executor_id, q.app_tenant_id, q.app_id, q.handler, q.selector, q.rate_tenant_id, q.rate_key, q.lane
  from unnest($1::int[]) as wanted (id)
  cross join lateral (select * from queue k where k.id = wanted.id limit 1) q
  join executor e on e.tenant_id = q.app_tenant_id and e.app_id = q.app_id and e.deleted_at is null
    and e.in_service and e.handlers ? q.handler and selected(e.labels, q.selector)
  where exists (select from executor_session s where s.tenant_id = e.tenant_id and s.executor_id = e.id and s.ended_at is null)`
const ADD_PINNED = sql(
  'queue.addPinned',
  `insert into queue (app_tenant_id, app_id, handler, selector, executor_id, rate_tenant_id, rate_key, lane)
   select s.app_tenant_id, s.app_id, s.handler, s.selector, s.executor_id, s.rate_tenant_id, s.rate_key, s.lane from (${SERVING}) s
   where not exists (
     select from queue k where k.app_tenant_id = s.app_tenant_id and k.app_id = s.app_id and k.handler = s.handler and k.selector = s.selector
       and k.executor_id = s.executor_id and k.rate_tenant_id is not distinct from s.rate_tenant_id and k.rate_key is not distinct from s.rate_key and k.route_key is null
     and k.lane = s.lane)
   order by s.queue_id, s.executor_id on conflict do nothing`,
)
const FIND_PINNED = sql(
  'queue.findPinned',
  `select s.queue_id as "queueId", k.id from (${SERVING}) s
   join queue k on k.app_tenant_id = s.app_tenant_id and k.app_id = s.app_id and k.handler = s.handler and k.selector = s.selector
     and k.executor_id = s.executor_id and k.rate_tenant_id is not distinct from s.rate_tenant_id and k.rate_key is not distinct from s.rate_key and k.route_key is null
     and k.lane = s.lane
   order by s.queue_id, s.executor_id`,
)

/** For each live executor that can take from one of these queues, a queue that only it can take from. */
export async function internPinnedQueues(
  tx: Transaction,
  queueIds: readonly number[],
): Promise<{ queueId: number; id: number }[]> {
  if (queueIds.length === 0) return []
  tx.send(ADD_PINNED, [plainColumn(queueIds)])
  return tx.query(FIND_PINNED, [plainColumn(queueIds)])
}

const OF_EXECUTOR = `unnest($1::int[], $2::bigint[]) as wanted (queue_id, executor_id)
  cross join lateral (select * from queue k where k.id = wanted.queue_id limit 1) q`
const SAME_OF_EXECUTOR = `k.app_tenant_id = q.app_tenant_id and k.app_id = q.app_id and k.handler = q.handler and k.selector = q.selector
  and k.executor_id = wanted.executor_id and k.rate_tenant_id is not distinct from q.rate_tenant_id and k.rate_key is not distinct from q.rate_key and k.route_key is null
  and k.lane = q.lane`
const ADD_OF_EXECUTOR = sql(
  'queue.addOfExecutor',
  `insert into queue (app_tenant_id, app_id, handler, selector, executor_id, rate_tenant_id, rate_key, lane)
   select distinct q.app_tenant_id, q.app_id, q.handler, q.selector, wanted.executor_id, q.rate_tenant_id, q.rate_key, q.lane from ${OF_EXECUTOR}
   where not exists (select from queue k where ${SAME_OF_EXECUTOR}) order by 1, 2, 3, 4, 5, 6, 7, 8 on conflict do nothing`,
)
const FIND_OF_EXECUTOR = sql(
  'queue.findOfExecutor',
  `select wanted.queue_id as "queueId", wanted.executor_id as "executorId", k.id from ${OF_EXECUTOR} join queue k on ${SAME_OF_EXECUTOR}`,
)

/** For queues and executors, the queues of the same work from which only these executors take; made where they are missing. */
export function internQueuesOfExecutors(
  tx: Transaction,
  pairs: readonly QueueOfExecutor[],
): Promise<(QueueOfExecutor & { readonly id: number })[]> {
  const columns = [plainColumn(column(pairs, 'queueId')), plainColumn(column(pairs, 'executorId'))]
  tx.send(ADD_OF_EXECUTOR, columns)
  return tx.query(FIND_OF_EXECUTOR, columns)
}

const STRANDED = sql(
  'queue.stranded',
  `select q.id from queue q
   join executor e on e.tenant_id = q.app_tenant_id and e.id = q.executor_id
   where q.executor_id is not null and q.id = any($1::int[])
     and not (e.in_service and e.deleted_at is null and selected(e.labels, q.selector) and e.handlers ? q.handler and (
       select count(*) from (select from executor_session s where s.tenant_id = e.tenant_id and s.executor_id = e.id and s.ended_at is null limit 1) open) > 0)`,
)

/** Of queues of single executors, those whose executor does not take from them now: it is not in service, or serves something else. */
export async function selectStrandedQueues(tx: Transaction, ids: readonly number[]): Promise<number[]> {
  return ids.length === 0 ? [] : column(await tx.query<{ id: number }>(STRANDED, [plainColumn(ids)]), 'id')
}

const WITH_OTHERS = sql(
  'queue.withOthers',
  `select distinct w.queue_id as "queueId", w.executor_id as "executorId"
   from unnest($1::int[], $2::bigint[]) as w (queue_id, executor_id)
   cross join lateral (select * from queue k where k.id = w.queue_id and k.executor_id is null limit 1) q
   cross join lateral (
     select e.id from executor e
     where e.tenant_id = q.app_tenant_id and e.app_id = q.app_id and e.deleted_at is null and e.id <> w.executor_id
       and e.in_service and e.handlers ? q.handler and selected(e.labels, q.selector)
       and exists (select from executor_session s where s.tenant_id = e.tenant_id and s.executor_id = e.id and s.ended_at is null)
     limit 1) other`,
)

export interface QueueOfExecutor {
  readonly queueId: number
  readonly executorId: number
}

/** Of executors and queues that they take from, those from which another live executor takes too. */
export async function selectWithOthers(tx: Transaction, pairs: readonly QueueOfExecutor[]): Promise<QueueOfExecutor[]> {
  if (pairs.length === 0) return []
  return tx.query(WITH_OTHERS, [plainColumn(column(pairs, 'queueId')), plainColumn(column(pairs, 'executorId'))])
}
