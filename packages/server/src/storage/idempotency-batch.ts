import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

/** Idempotency keys of many requests at once, for the batches of `startRuns`. */
export interface BatchKey {
  readonly tenantId: number
  readonly principal: string
  readonly route: string
  readonly key: string
  readonly requestHash: string
}

// Sorted: two batches that share keys wait for each other in one order. A row that another transaction is just inserting is waited for.
const CLAIM = sql(
  'idempotencyBatch.claim',
  `insert into idempotency (tenant_id, principal, route, key, request_hash)
   select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[]) as k (tenant_id, principal, route, key, request_hash)
   order by tenant_id, principal, route, key
   on conflict do nothing
   returning tenant_id as "tenantId", principal, route, key`,
)

const columns = (keys: readonly BatchKey[]) => [
  keys.map((each) => each.tenantId),
  keys.map((each) => each.principal),
  keys.map((each) => each.route),
  keys.map((each) => each.key),
]

/** Answers the names of the keys that are new with this transaction. */
export async function claimKeys(tx: Transaction, keys: readonly BatchKey[]): Promise<ReadonlySet<string>> {
  if (keys.length === 0) return new Set()
  const rows = await tx.query<Omit<BatchKey, 'requestHash'>>(CLAIM, [...columns(keys), keys.map((each) => each.requestHash)])
  return new Set(rows.map(keyName))
}

export function keyName(key: Omit<BatchKey, 'requestHash'>): string {
  return JSON.stringify([key.tenantId, key.principal, key.route, key.key])
}

const FIND = sql(
  'idempotencyBatch.find',
  `select i.tenant_id as "tenantId", i.principal, i.route, i.key, i.request_hash as "requestHash", i.response
   from unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) as k (tenant_id, principal, route, key)
   join idempotency i on i.tenant_id = k.tenant_id and i.principal = k.principal and i.route = k.route and i.key = k.key`,
)

/** What was answered under these keys. In a statement after `claimKeys`: only its snapshot holds what was waited for. */
export async function findAnswers<Response>(
  tx: Transaction,
  keys: readonly BatchKey[],
): Promise<ReadonlyMap<string, { requestHash: string; response: Response | null }>> {
  if (keys.length === 0) return new Map()
  const rows = await tx.query<BatchKey & { response: Response | null }>(FIND, columns(keys))
  return new Map(rows.map((row) => [keyName(row), row]))
}

const STORE = sql(
  'idempotencyBatch.store',
  `update idempotency i set response = k.response::jsonb
   from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[]) as k (tenant_id, principal, route, key, response)
   where i.tenant_id = k.tenant_id and i.principal = k.principal and i.route = k.route and i.key = k.key`,
)

export function storeAnswers(tx: Transaction, answers: readonly { key: BatchKey; response: unknown }[]): void {
  if (answers.length === 0) return
  tx.send(STORE, [...columns(answers.map((each) => each.key)), answers.map((each) => JSON.stringify(each.response))])
}

const FORGET = sql(
  'idempotencyBatch.forget',
  `delete from idempotency i using unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) as k (tenant_id, principal, route, key)
   where i.tenant_id = k.tenant_id and i.principal = k.principal and i.route = k.route and i.key = k.key`,
)

/** Frees keys whose request was refused: the same request may succeed later. */
export function forgetKeys(tx: Transaction, keys: readonly BatchKey[]): void {
  if (keys.length > 0) tx.send(FORGET, columns(keys))
}

const PRUNE = sql(
  'idempotencyBatch.prune',
  `delete from idempotency where (tenant_id, principal, route, key) in (
     select tenant_id, principal, route, key from idempotency where created_at < statement_timestamp() - $1 * interval '1 ms' order by created_at limit $2)
   returning 1 as gone`,
)

export async function pruneKeys(tx: Transaction, olderThanMs: number, limit: number): Promise<number> {
  return (await tx.query(PRUNE, [olderThanMs, limit])).length
}
