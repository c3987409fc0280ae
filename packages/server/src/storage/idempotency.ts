import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

export interface IdempotencyKey {
  readonly principal: string
  readonly route: string
  readonly key: string
  readonly requestHash: string
}

const claim = sql(
  'idempotency.claim',
  `insert into idempotency (tenant_id, principal, route, key, request_hash) values ($1, $2, $3, $4, $5)
   on conflict do nothing returning 1 as claimed`,
)
/** False when the key was used before; a concurrent use is waited for, because its transaction holds the row. */
export async function claimKey(tx: Transaction, tenantId: number, key: IdempotencyKey): Promise<boolean> {
  const rows = await tx.query(claim, [tenantId, key.principal, key.route, key.key, key.requestHash])
  return rows.length === 1
}

const find = sql(
  'idempotency.find',
  `select request_hash as "requestHash", response from idempotency where tenant_id = $1 and principal = $2 and route = $3 and key = $4`,
)
/** In a statement of its own after `claimKey`: only then does its snapshot hold what was waited for. */
export async function findAnswer(
  tx: Transaction,
  tenantId: number,
  key: IdempotencyKey,
): Promise<{ requestHash: string; response: unknown } | undefined> {
  const rows = await tx.query<{ requestHash: string; response: unknown }>(find, [tenantId, key.principal, key.route, key.key])
  return rows[0]
}

const store = sql(
  'idempotency.store',
  `update idempotency set response = $5::jsonb where tenant_id = $1 and principal = $2 and route = $3 and key = $4`,
)
export async function storeAnswer(tx: Transaction, tenantId: number, key: IdempotencyKey, answer: unknown): Promise<void> {
  await tx.query(store, [tenantId, key.principal, key.route, key.key, JSON.stringify(answer)])
}
