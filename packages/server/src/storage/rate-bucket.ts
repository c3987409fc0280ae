import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

const upsert = sql(
  'rate_bucket.upsert',
  `insert into rate_bucket (tenant_id, key, per_second, burst, tokens)
   values ($1, $2, $3::float8, greatest(1, $3::float8), greatest(1, $3::float8))
   on conflict (tenant_id, key) do update
     set per_second = excluded.per_second, burst = excluded.burst, tokens = least(rate_bucket.tokens, excluded.burst)
     where rate_bucket.per_second <> excluded.per_second`,
)
const remove = sql('rate_bucket.delete', `delete from rate_bucket where tenant_id = $1 and key = $2`)

/** Limits the starts under a key (`app:<id>`, `task:<id>`); null lifts the limit. */
export async function setRate(tx: Transaction, tenantId: number, key: string, perSecond: number | null): Promise<void> {
  if (perSecond === null) await tx.query(remove, [tenantId, key])
  else await tx.query(upsert, [tenantId, key, perSecond])
}
