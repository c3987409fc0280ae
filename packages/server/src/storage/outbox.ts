import { column, keyColumns, plainColumn } from './columns.ts'
import type { Asking, Transaction } from './database.ts'
import type { InstanceKey } from './instance.ts'
import { sql } from './sql.ts'
import { storableJson, storableText } from './storable-json.ts'
import { dueTenants, share } from './turns.ts'

const INSERT = sql(
  'outbox.insert',
  `insert into outbox (tenant_id, kind, run_id, payload) select tenant_id, kind, run_id, payload::jsonb
   from unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[]) as o (tenant_id, kind, run_id, payload)`,
)

export interface OutboxEntry {
  readonly tenantId: number
  readonly kind: 'DOWNSTREAM' | 'BEGIN_RUN' | 'START_PART' | 'PART_ENDED' | 'STOP_PART' | 'TELL_EVENT'
  /** Whose doing it is; 0: no run's. */
  readonly runId: number
  readonly payload: unknown
}

export function insertOutbox(tx: Transaction, entries: readonly OutboxEntry[]): void {
  if (entries.length === 0) return
  tx.send(INSERT, [
    entries.map((each) => each.tenantId),
    entries.map((each) => each.kind),
    entries.map((each) => each.runId),
    entries.map((each) => storableJson(each.payload)),
  ])
}

// The first entry of each kind and tenant by skip scan: the cost is their number, however much each has left.
const DUE_KINDS = sql(
  'outbox.dueKinds',
  `with recursive turn as (
     (select kind, tenant_id, due_at from outbox order by kind, tenant_id, due_at limit 1)
     union all
     select next.kind, next.tenant_id, next.due_at from turn
     cross join lateral (
       select o.kind, o.tenant_id, o.due_at from outbox o where (o.kind, o.tenant_id) > (turn.kind, turn.tenant_id)
       order by o.kind, o.tenant_id, o.due_at limit 1) next)
   select distinct kind from turn where due_at <= statement_timestamp()`,
)

/** What there is to do at present. */
export async function selectDueKinds(tx: Asking): Promise<OutboxEntry['kind'][]> {
  return (await tx.query<Pick<OutboxEntry, 'kind'>>(DUE_KINDS)).map((row) => row.kind)
}

const TAKEN = `o.tenant_id as "tenantId", o.id, o.run_id as "runId", o.payload, o.tries`

const TAKE = sql(
  'outbox.take',
  `with recursive ${dueTenants('outbox', 'kind = $1', '$2')},
   due as (
     select each.place from due_tenant
     cross join lateral (
       select o.ctid as place from outbox o where o.kind = $1 and o.tenant_id = due_tenant.tenant_id and o.due_at <= statement_timestamp()
       order by o.due_at, o.id limit ${share('$2')} for update skip locked) each),
   gone as (delete from outbox o using due where o.ctid = due.place returning o.*)
   select ${TAKEN} from gone o order by o.due_at, o.id`,
)

export interface OutboxKey {
  readonly tenantId: number
  readonly id: number
}

export interface TakenEntry<Payload> extends OutboxKey {
  readonly runId: number
  readonly payload: Payload
  /** How often it was taken in vain. */
  readonly tries: number
}

/**
 * Takes about `limit` due entries out for good, tenants in turn, those of each in the order in which they were left: their effect must be in
 * the same transaction.
 */
export function takeOutbox<Payload>(tx: Transaction, kind: OutboxEntry['kind'], limit: number): Promise<TakenEntry<Payload>[]> {
  return tx.query(TAKE, [kind, limit])
}

const TAKE_THESE = sql(
  'outbox.takeThese',
  `with due as (
     select each.place from unnest($1::bigint[], $2::bigint[]) as batch (tenant_id, id)
     cross join lateral (
       select o.ctid as place from outbox o where o.tenant_id = batch.tenant_id and o.id = batch.id and o.due_at <= statement_timestamp()
       limit 1 for update skip locked) each),
   gone as (delete from outbox o using due where o.ctid = due.place returning o.*)
   select ${TAKEN} from gone o order by o.due_at, o.id`,
)

/** As `takeOutbox`, of these what is left and due. */
export function takeTheseOutbox<Payload>(tx: Transaction, keys: readonly OutboxKey[]): Promise<TakenEntry<Payload>[]> {
  return tx.query(TAKE_THESE, keyColumns(keys))
}

// One look at what a tenant has left to start, whatever the number of nodes: an instance's identifier is nobody else's.
const FORGET_PARTS = sql(
  'outbox.forgetParts',
  `delete from outbox where kind = 'START_PART' and tenant_id = any($1::bigint[]) and (payload ->> 'instanceId')::bigint = any($2::bigint[])`,
)

/** The parts of these nodes are not to be started. Waits for whoever is starting one: what is read afterwards knows its run. */
export function forgetPartsToStart(tx: Transaction, nodes: readonly InstanceKey[]): void {
  tx.send(FORGET_PARTS, [plainColumn([...new Set(column(nodes, 'tenantId'))]), plainColumn(column(nodes, 'id'))])
}

const POSTPONE = sql(
  'outbox.postpone',
  `update outbox set tries = tries + 1, error = $4, due_at = statement_timestamp() + $3 * interval '1 ms' where tenant_id = $1 and id = $2`,
)

/** Puts off an entry whose effect has failed. It is never given up: what it stands for would be lost. */
export async function postponeOutbox(tx: Transaction, key: OutboxKey, ms: number, error: string): Promise<void> {
  await tx.query(POSTPONE, [key.tenantId, key.id, ms, storableText(error)])
}
