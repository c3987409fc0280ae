import { column } from './columns.ts'
import type { Transaction } from './database.ts'
import { listing } from './listing.ts'
import { sql } from './sql.ts'

/** One change or control action, as it is kept for ever. `before` and `after` come with their secrets already masked. */
export interface AuditEntry {
  readonly tenantId: number
  /** `token:<name>` or `user:<login>` */
  readonly principal: string
  readonly address: string | null
  readonly requestId: string | null
  /** `task.update`, `run.cancel`, … */
  readonly operation: string
  readonly objectKind: string
  readonly objectId: string | null
  readonly before: unknown
  readonly after: unknown
}

const insert = sql(
  'audit.insert',
  `insert into audit (tenant_id, principal, address, request_id, operation, object_kind, object_id, before, after)
   select tenant_id, principal, address, request_id, operation, object_kind, object_id, before::jsonb, after::jsonb
   from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
     as e (tenant_id, principal, address, request_id, operation, object_kind, object_id, before, after)`,
)
/** In the transaction of the change itself, so that neither stands without the other. */
export async function insertAudit(tx: Transaction, entry: AuditEntry): Promise<void> {
  await tx.query(insert, columnsOf([entry]))
}

/** As `insertAudit`, for the changes of several requests that share a transaction. */
export function insertAudits(tx: Transaction, entries: readonly AuditEntry[]): void {
  if (entries.length > 0) tx.send(insert, columnsOf(entries))
}

function columnsOf(entries: readonly AuditEntry[]): unknown[] {
  const json = (value: unknown) => (value === null || value === undefined ? null : JSON.stringify(value))
  return [
    column(entries, 'tenantId'),
    column(entries, 'principal'),
    column(entries, 'address'),
    column(entries, 'requestId'),
    column(entries, 'operation'),
    column(entries, 'objectKind'),
    column(entries, 'objectId'),
    column(entries, 'before').map(json),
    column(entries, 'after').map(json),
  ]
}

export interface AuditRow {
  readonly id: number
  readonly at: number
  readonly principal: string
  readonly address: string | null
  readonly requestId: string | null
  readonly operation: string
  readonly objectKind: string
  readonly objectId: string | null
  readonly before: unknown
  readonly after: unknown
}

export const listAudit = listing<AuditRow>({
  name: 'audit.list',
  text: `select t.id, t.at, t.principal, t.address, t.request_id as "requestId", t.operation, t.object_kind as "objectKind",
           t.object_id as "objectId", t.before, t.after
         from audit t where t.tenant_id = $1`,
  filters: {
    objectKind: 't.object_kind = ?::text',
    object: 't.object_id = ?::text',
    operation: 't.operation = ?::text',
    principal: 't.principal = ?::text',
    from: 't.at >= at_ms(?::bigint)',
    to: 't.at < at_ms(?::bigint)',
  },
  orders: { '-id': { by: 't.id', type: 'bigint', descending: true, field: 'id' } },
})
