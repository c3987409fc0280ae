import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

const INSERT = sql(
  'runParam.insert',
  `insert into run_param (tenant_id, run_id, key, value)
   select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) as p (tenant_id, run_id, key, value)
   on conflict do nothing`,
)

export interface RunParam {
  readonly tenantId: number
  readonly runId: number
  readonly key: string
  readonly value: string
}

/** Parameters by whose value runs are found: rows, because row-level security keeps jsonb operators from using an index. */
export function insertRunParams(tx: Transaction, params: readonly RunParam[]): void {
  if (params.length === 0) return
  tx.send(INSERT, [
    params.map((each) => each.tenantId),
    params.map((each) => each.runId),
    params.map((each) => each.key),
    params.map((each) => each.value),
  ])
}
