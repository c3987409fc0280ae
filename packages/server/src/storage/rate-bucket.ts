import type { Transaction } from './database.ts'
import type { GateKey } from './gate.ts'
import { sql } from './sql.ts'

const REFILL = sql(
  'rateBucket.refill',
  `with locked as (
     select b.tenant_id, b.key from rate_bucket b
     join unnest($1::bigint[], $2::text[]) as wanted (tenant_id, key) on b.tenant_id = wanted.tenant_id and b.key = wanted.key
     order by b.tenant_id, b.key for no key update of b)
   update rate_bucket b
   set tokens = least(b.burst, b.tokens + greatest(0, extract(epoch from statement_timestamp() - b.refilled_at)) * b.per_second),
       refilled_at = greatest(b.refilled_at, statement_timestamp())
   from locked where b.tenant_id = locked.tenant_id and b.key = locked.key
   returning b.tenant_id as "tenantId", b.key, b.tokens`,
)

/** Locks these buckets and fills them up to now. Whole tokens may be spent by `spendTokens` in the same transaction. */
export function refillBuckets(
  tx: Transaction,
  keys: readonly GateKey[],
): Promise<{ tenantId: number; key: string; tokens: number }[]> {
  return tx.query(REFILL, [keys.map((each) => each.tenantId), keys.map((each) => each.key)])
}

const SPEND = sql(
  'rateBucket.spend',
  `update rate_bucket b set tokens = b.tokens - spent.count
   from unnest($1::bigint[], $2::text[], $3::int[]) as spent (tenant_id, key, count)
   where b.tenant_id = spent.tenant_id and b.key = spent.key`,
)

export function spendTokens(tx: Transaction, spent: readonly (GateKey & { count: number })[]): void {
  if (spent.length === 0) return
  tx.send(SPEND, [spent.map((each) => each.tenantId), spent.map((each) => each.key), spent.map((each) => each.count)])
}

const upsert = sql(
  'rateBucket.upsert',
  `insert into rate_bucket (tenant_id, key, per_second, burst, tokens)
   values ($1, $2, $3::float8, greatest(1, $3::float8), greatest(1, $3::float8))
   on conflict (tenant_id, key) do update
     set per_second = excluded.per_second, burst = excluded.burst, tokens = least(rate_bucket.tokens, excluded.burst)
     where rate_bucket.per_second <> excluded.per_second`,
)
const remove = sql('rateBucket.delete', `delete from rate_bucket where tenant_id = $1 and key = $2`)

/** Limits the starts under a key (`app:<id>`, `task:<id>`); null lifts the limit. */
export async function setRate(tx: Transaction, tenantId: number, key: string, perSecond: number | null): Promise<void> {
  if (perSecond === null) await tx.query(remove, [tenantId, key])
  else await tx.query(upsert, [tenantId, key, perSecond])
}
