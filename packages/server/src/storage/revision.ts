import type { Transaction } from './database.ts'
import { listing } from './listing.ts'
import { sql } from './sql.ts'

export interface RevisionInput {
  readonly objectKind: string
  readonly objectId: number
  readonly version: number
  readonly principal: string
  readonly operation: string
  readonly body: unknown
}

const insert = sql(
  'revision.insert',
  `insert into revision (tenant_id, object_kind, object_id, version, principal, operation, body)
   values ($1, $2, $3, $4, $5, $6, $7::jsonb)`,
)
export async function insertRevision(tx: Transaction, tenantId: number, revision: RevisionInput): Promise<void> {
  const { objectKind, objectId, version, principal, operation, body } = revision
  await tx.query(insert, [tenantId, objectKind, objectId, version, principal, operation, JSON.stringify(body)])
}

const body = sql(
  'revision.body',
  `select body from revision where tenant_id = $1 and object_kind = $2 and object_id = $3 and version = $4`,
)
export async function findRevisionBody(
  tx: Transaction,
  tenantId: number,
  objectKind: string,
  objectId: number,
  version: number,
): Promise<Record<string, unknown> | undefined> {
  const rows = await tx.query<{ body: Record<string, unknown> }>(body, [tenantId, objectKind, objectId, version])
  return rows[0]?.body
}

export interface RevisionRow {
  readonly version: number
  readonly at: number
  readonly principal: string
  readonly operation: string
  readonly body: Record<string, unknown>
}

export const listRevisions = listing<RevisionRow>({
  name: 'revision.list',
  text: `select t.version, t.at, t.principal, t.operation, t.body from revision t where t.tenant_id = $1`,
  filters: { objectKind: 't.object_kind = ?::text', objectId: 't.object_id = ?::bigint' },
  orders: { newest: { by: 't.version', type: 'bigint', descending: true, field: 'version' } },
})
