import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

const INSERT = sql(
  'outbox.insert',
  `insert into outbox (tenant_id, kind, run_id, payload) select tenant_id, kind, run_id, payload::jsonb
   from unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[]) as o (tenant_id, kind, run_id, payload)`,
)

export interface OutboxEntry {
  readonly tenantId: number
  readonly kind: 'DOWNSTREAM' | 'BEGIN_RUN' | 'START_PART' | 'PART_ENDED' | 'STOP_PART'
  readonly runId: number
  readonly payload: unknown
}

export function insertOutbox(tx: Transaction, entries: readonly OutboxEntry[]): void {
  if (entries.length === 0) return
  tx.send(INSERT, [
    entries.map((each) => each.tenantId),
    entries.map((each) => each.kind),
    entries.map((each) => each.runId),
    entries.map((each) => JSON.stringify(each.payload)),
  ])
}

const DUE_KINDS = sql('outbox.dueKinds', `select distinct kind from outbox where due_at <= statement_timestamp()`)

/** What there is to do at present. */
export async function selectDueKinds(tx: Transaction): Promise<OutboxEntry['kind'][]> {
  return (await tx.query<Pick<OutboxEntry, 'kind'>>(DUE_KINDS)).map((row) => row.kind)
}

const TAKE = sql(
  'outbox.take',
  `delete from outbox where (tenant_id, id) in (
     select tenant_id, id from outbox where kind = $1 and due_at <= statement_timestamp() order by due_at, id limit $2 for update skip locked)
   returning tenant_id as "tenantId", id, run_id as "runId", payload`,
)

/** Takes due entries out for good: their effect must be in the same transaction. */
export function takeOutbox<Payload>(
  tx: Transaction,
  kind: OutboxEntry['kind'],
  limit: number,
): Promise<{ tenantId: number; id: number; runId: number; payload: Payload }[]> {
  return tx.query(TAKE, [kind, limit])
}
