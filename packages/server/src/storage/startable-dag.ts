import type { Transaction } from './database.ts'
import { sql } from './sql.ts'
import type { StartableTask } from './task.ts'

const SELECT = sql(
  'dag.startable',
  `select d.tenant_id as "tenantId", d.id, d.code, v.plan_id as "planId", d.enabled, te.state = 'ACTIVE' as "tenantActive", g.plan_id as "grayPlanId",
     d.gray_percent as "grayPercent"
   from unnest($1::bigint[], $2::bigint[]) as wanted (tenant_id, id)
   cross join lateral (select * from dag k where k.tenant_id = wanted.tenant_id and k.id = wanted.id and k.deleted_at is null limit 1) d
   cross join lateral (select * from tenant k where k.id = d.tenant_id limit 1) te
   left join lateral (select * from dag_version k where k.tenant_id = d.tenant_id and k.id = d.active_version_id limit 1) v on true
   left join lateral (select * from dag_version k where k.tenant_id = d.tenant_id and k.id = d.gray_version_id limit 1) g on true`,
)

export interface StartableDag extends Omit<StartableTask, 'planId'> {
  /** Of its ACTIVE version; null: none has been activated. */
  readonly planId: number | null
  readonly grayPlanId: number | null
  readonly grayPercent: number | null
}

/** DAGs as a run starts from them. */
export async function selectStartableDags(
  tx: Transaction,
  keys: readonly { readonly tenantId: number; readonly id: number }[],
): Promise<StartableDag[]> {
  if (keys.length === 0) return []
  return tx.query(SELECT, [keys.map((key) => key.tenantId), keys.map((key) => key.id)])
}
