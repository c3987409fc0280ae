import { column, plainColumn } from './columns.ts'
import type { Asking, Transaction } from './database.ts'
import { sql } from './sql.ts'

// Why what waits in queues has not been given out, and since when: one row says it of all that a tenant has waiting in a queue.

export interface QueueKey {
  readonly tenantId: number
  readonly queueId: number
}

export interface WaitingQueue extends QueueKey {
  /** The first in line, by which the reason is known. */
  readonly instanceId: number
}

// Which tenants wait in which queues, by skip scan: an index entry for each, however long its line is.
const WAITING = sql(
  'queueWait.waiting',
  `with recursive lane as (
     (select queue_id, tenant_id from instance_live where state = 'PENDING' and (queue_id, tenant_id) > ($1::int, $2::bigint)
      order by queue_id, tenant_id limit 1)
     union all
     select next.queue_id, next.tenant_id from lane
     cross join lateral (
       select l.queue_id, l.tenant_id from instance_live l
       where l.state = 'PENDING' and (l.queue_id, l.tenant_id) > (lane.queue_id, lane.tenant_id) order by l.queue_id, l.tenant_id limit 1) next)
   select lane.tenant_id as "tenantId", lane.queue_id as "queueId", first.id as "instanceId"
   from lane
   cross join lateral (
     select l.id, l.created_at from instance_live l
     where l.queue_id = lane.queue_id and l.tenant_id = lane.tenant_id and l.state = 'PENDING' order by l.sort_key limit 1) first
   where first.created_at < statement_timestamp() - interval '1 s'
   limit $3`,
)

/** Where something waits that is older than a second: of the queues behind this one so many. */
export function selectWaitingQueues(tx: Asking, after: QueueKey, limit: number): Promise<WaitingQueue[]> {
  return tx.query(WAITING, [after.queueId, after.tenantId, limit])
}

export interface OpenQueueWait extends QueueKey {
  readonly reason: string
}

const OPEN = sql(
  'queueWait.open',
  `select tenant_id as "tenantId", queue_id as "queueId", reason from queue_wait where until is null`,
)

/** What was last known to hold up queues: as many as something waits in. */
export function selectOpenQueueWaits(tx: Asking): Promise<OpenQueueWait[]> {
  return tx.query(OPEN)
}

const END = sql(
  'queueWait.end',
  `update queue_wait w set until = greatest(w.since, coalesce(at_ms(e.at), statement_timestamp()))
   from unnest($1::bigint[], $2::int[], $3::bigint[]) as e (tenant_id, queue_id, at)
   where w.tenant_id = e.tenant_id and w.queue_id = e.queue_id and w.until is null`,
)

/** `at` null: now. */
export function endQueueWaits(tx: Transaction, ends: readonly (QueueKey & { readonly at: number | null })[]): void {
  if (ends.length > 0)
    tx.send(END, [plainColumn(column(ends, 'tenantId')), plainColumn(column(ends, 'queueId')), plainColumn(column(ends, 'at'))])
}

const BEGIN = sql(
  'queueWait.begin',
  `insert into queue_wait (tenant_id, queue_id, since, reason, detail, held_by)
   select tenant_id, queue_id, at_ms(since), reason, detail, held_by
   from unnest($1::bigint[], $2::int[], $3::bigint[], $4::text[], $5::text[], $6::bigint[]) as n (tenant_id, queue_id, since, reason, detail, held_by)
   on conflict do nothing`,
)

export interface NewQueueWait extends QueueKey {
  readonly since: number
  readonly reason: string
  readonly detail: string
  readonly heldBy: number | null
}

export function beginQueueWaits(tx: Transaction, waits: readonly NewQueueWait[]): void {
  if (waits.length === 0) return
  tx.send(BEGIN, [
    plainColumn(column(waits, 'tenantId')),
    plainColumn(column(waits, 'queueId')),
    plainColumn(column(waits, 'since')),
    column(waits, 'reason'),
    column(waits, 'detail'),
    plainColumn(column(waits, 'heldBy')),
  ])
}

const EMPTIED = sql(
  'queueWait.emptied',
  `select w.tenant_id as "tenantId", w.queue_id as "queueId"
   from queue_wait w
   left join lateral (
     select l.id from instance_live l where l.queue_id = w.queue_id and l.tenant_id = w.tenant_id and l.state = 'PENDING' limit 1) waits on true
   where w.until is null and waits.id is null`,
)

/** The queues that were held up, and in which nothing waits any more. */
export function selectEmptiedQueues(tx: Asking): Promise<QueueKey[]> {
  return tx.query(EMPTIED)
}

/** Most rows that are read of one stay in a queue; of more the first are shown. */
const MOST_OF_STAY = 100

const OF_STAYS = sql(
  'queueWait.ofStays',
  `select s.place::int - 1 as stay, to_ms(w.since) as since, to_ms(w.until) as until, w.reason, w.detail, w.held_by as "heldBy"
   from unnest($2::int[], $3::bigint[], $4::bigint[]) with ordinality as s (queue_id, from_ms, to_ms, place)
   cross join lateral (
     select * from queue_wait l
     where l.tenant_id = $1 and l.queue_id = s.queue_id and l.since < at_ms(s.to_ms) and (l.until is null or l.until > at_ms(s.from_ms))
     order by l.since limit ${MOST_OF_STAY}) w
   order by s.place, w.since`,
)

export interface Stay {
  readonly queueId: number
  readonly from: number
  readonly to: number
}

export interface StayWait {
  /** Its place in the list of stays. */
  readonly stay: number
  readonly since: number
  readonly until: number | null
  readonly reason: string
  readonly detail: string
  readonly heldBy: number | null
}

/** What held up the queues in which something of a tenant stood, while it stood there; in order. */
export async function waitsOfStays(tx: Transaction, tenantId: number, stays: readonly Stay[]): Promise<StayWait[]> {
  if (stays.length === 0) return []
  return tx.query(OF_STAYS, [
    tenantId,
    plainColumn(column(stays, 'queueId')),
    plainColumn(column(stays, 'from')),
    plainColumn(column(stays, 'to')),
  ])
}

const PRUNE = sql(
  'queueWait.prune',
  `with gone as (
     delete from queue_wait where (tenant_id, queue_id, since) in (
       select tenant_id, queue_id, since from queue_wait where until < statement_timestamp() - $1 * interval '1 day' order by until limit $2)
     returning 1)
   select count(*)::int as gone from gone`,
)

/** Forgets what ended so many days ago; answers how many rows. */
export async function pruneQueueWaits(tx: Transaction, days: number, limit: number): Promise<number> {
  return (await tx.query<{ gone: number }>(PRUNE, [days, limit]))[0]!.gone
}
