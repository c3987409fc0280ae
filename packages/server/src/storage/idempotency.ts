import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

/** The key under which a caller asked for something, and what it asked for. */
export interface IdempotencyKey {
  readonly principal: string
  readonly route: string
  readonly key: string
  readonly requestHash: string
}

export interface TenantKey extends IdempotencyKey {
  readonly tenantId: number
}

// Sorted: two batches that share keys wait for each other in one order. A row that another transaction is just inserting is waited for.
const CLAIM = sql(
  'idempotency.claim',
  `insert into idempotency (tenant_id, principal, route, key, request_hash)
   select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[]) as k (tenant_id, principal, route, key, request_hash)
   order by tenant_id, principal, route, key
   on conflict do nothing
   returning tenant_id as "tenantId", principal, route, key`,
)

const columns = (keys: readonly TenantKey[]) => [
  keys.map((each) => each.tenantId),
  keys.map((each) => each.principal),
  keys.map((each) => each.route),
  keys.map((each) => each.key),
]

/** Answers the names of the keys that are new with this transaction. A concurrent use is waited for, because its transaction holds the row. */
export async function claimKeys(tx: Transaction, keys: readonly TenantKey[]): Promise<ReadonlySet<string>> {
  if (keys.length === 0) return new Set()
  const rows = await tx.query<Omit<TenantKey, 'requestHash'>>(CLAIM, [...columns(keys), keys.map((each) => each.requestHash)])
  return new Set(rows.map(keyName))
}

export function keyName(key: Omit<TenantKey, 'requestHash'>): string {
  return JSON.stringify([key.tenantId, key.principal, key.route, key.key])
}

const FIND = sql(
  'idempotency.find',
  `select i.tenant_id as "tenantId", i.principal, i.route, i.key, i.request_hash as "requestHash", i.response
   from unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) as k (tenant_id, principal, route, key)
   cross join lateral (
     select * from idempotency l where l.tenant_id = k.tenant_id and l.principal = k.principal and l.route = k.route and l.key = k.key limit 1) i`,
)

/** What was answered under these keys. In a statement after `claimKeys`: only its snapshot holds what was waited for. */
export async function findAnswers<Response>(
  tx: Transaction,
  keys: readonly TenantKey[],
): Promise<ReadonlyMap<string, { requestHash: string; response: Response | null }>> {
  if (keys.length === 0) return new Map()
  const rows = await tx.query<TenantKey & { response: Response | null }>(FIND, columns(keys))
  return new Map(rows.map((row) => [keyName(row), row]))
}

const STORE = sql(
  'idempotency.store',
  `update idempotency i set response = k.response::jsonb
   from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[]) as k (tenant_id, principal, route, key, response)
   where i.tenant_id = k.tenant_id and i.principal = k.principal and i.route = k.route and i.key = k.key`,
)

export function storeAnswers(tx: Transaction, answers: readonly { key: TenantKey; response: unknown }[]): void {
  if (answers.length === 0) return
  tx.send(STORE, [...columns(answers.map((each) => each.key)), answers.map((each) => JSON.stringify(each.response))])
}

const FORGET = sql(
  'idempotency.forget',
  `delete from idempotency i using unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) as k (tenant_id, principal, route, key)
   where i.tenant_id = k.tenant_id and i.principal = k.principal and i.route = k.route and i.key = k.key`,
)

/** Frees keys whose request was refused: the same request may succeed later. */
export function forgetKeys(tx: Transaction, keys: readonly TenantKey[]): void {
  if (keys.length > 0) tx.send(FORGET, columns(keys))
}

const PRUNE = sql(
  'idempotency.prune',
  `delete from idempotency where (tenant_id, principal, route, key) in (
     select tenant_id, principal, route, key from idempotency where created_at < statement_timestamp() - $1 * interval '1 ms' order by created_at limit $2)
   returning 1 as gone`,
)

export async function pruneKeys(tx: Transaction, olderThanMs: number, limit: number): Promise<number> {
  return (await tx.query(PRUNE, [olderThanMs, limit])).length
}
