import type { Plan } from '@carillon/core'
import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

const SELECT = sql(
  'plan.select',
  `select p.tenant_id as "tenantId", p.id, p.body
   from unnest($1::bigint[], $2::bigint[]) as wanted (tenant_id, id)
   join plan p on p.tenant_id = wanted.tenant_id and p.id = wanted.id`,
)

export interface PlanKey {
  readonly tenantId: number
  readonly planId: number
}

export function selectPlans(tx: Transaction, keys: readonly PlanKey[]): Promise<{ tenantId: number; id: number; body: Plan }[]> {
  return tx.query(SELECT, [keys.map((key) => key.tenantId), keys.map((key) => key.planId)])
}
