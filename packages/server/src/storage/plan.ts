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

const insert = sql(
  'plan.insert',
  `insert into plan (tenant_id, target_kind, target_id, body)
   select $1, p.body ->> 'targetKind', (p.body ->> 'targetId')::bigint, p.body
   from unnest($2::jsonb[]) with ordinality p (body, place) order by p.place
   returning id, target_id as "targetId"`,
)
/** Plans never change; an edit inserts new ones. */
export async function insertPlans(tx: Transaction, tenantId: number, plans: readonly Plan[]): Promise<Map<number, number>> {
  const rows = await tx.query<{ id: number; targetId: number }>(insert, [tenantId, plans.map((plan) => JSON.stringify(plan))])
  return new Map(rows.map((row) => [row.targetId, row.id]))
}

const bodies = sql('plan.bodies', `select id, body from plan where tenant_id = $1 and id = any($2::bigint[])`)
export async function findPlans(tx: Transaction, tenantId: number, ids: readonly number[]): Promise<Map<number, Plan>> {
  const rows = await tx.query<{ id: number; body: Plan }>(bodies, [tenantId, ids])
  return new Map(rows.map((row) => [row.id, row.body]))
}

const insertOfVersions = sql(
  'plan.insertOfVersions',
  `insert into plan (tenant_id, target_kind, target_id, body)
   select $1, p.body ->> 'targetKind', (p.body ->> 'targetId')::bigint, p.body
   from unnest($2::jsonb[]) with ordinality p (body, place) order by p.place
   returning id, (body -> 'dag' ->> 'versionId')::bigint as "versionId"`,
)
/** Plans of versions of DAGs, of which one DAG may have several; their identifiers by version. */
export async function insertVersionPlans(
  tx: Transaction,
  tenantId: number,
  plans: readonly Plan[],
): Promise<Map<number, number>> {
  const bodies = plans.map((plan) => JSON.stringify(plan))
  const rows = await tx.query<{ id: number; versionId: number }>(insertOfVersions, [tenantId, bodies])
  return new Map(rows.map((row) => [row.versionId, row.id]))
}
