import type { DagPolicies } from '@carillon/contract'
import type { Role } from '@carillon/core'
import type { Transaction } from './database.ts'
import { sql } from './sql.ts'
import { versionedTable, type VersionedRow } from './versioned-table.ts'

export interface DagFields {
  readonly code: string
  readonly name: string
  readonly description: string
  readonly owner: string
  readonly policies: DagPolicies
  readonly labels: Record<string, string>
  readonly runnableBy: readonly Role[] | null
  readonly enabled: boolean
  readonly paused: boolean
  readonly pauseReason: string | null
  readonly activeVersionId: number | null
  readonly grayVersionId: number | null
  readonly grayPercent: number | null
}

export interface DagRow extends DagFields, VersionedRow {
  readonly name: string
  readonly code: string
  /** Of the versions that take traffic. */
  readonly activeNumber: number | null
  readonly grayNumber: number | null
}

const NUMBER_OF = (column: string) =>
  `(select v.number from dag_version v where v.tenant_id = t.tenant_id and v.id = t.${column})`

export const dags = versionedTable<DagRow, DagFields>({
  table: 'dag',
  columns: {
    code: 'text',
    name: 'text',
    description: 'text',
    owner: 'text',
    policies: 'jsonb',
    labels: 'jsonb',
    runnableBy: 'jsonb',
    enabled: 'boolean',
    paused: 'boolean',
    pauseReason: 'text',
    activeVersionId: 'bigint',
    grayVersionId: 'bigint',
    grayPercent: 'int',
  },
  also: `, ${NUMBER_OF('active_version_id')} as "activeNumber", ${NUMBER_OF('gray_version_id')} as "grayNumber"`,
  filters: {
    owner: 't.owner = ?::text',
    enabled: 't.enabled = ?::boolean',
    paused: 't.paused = ?::boolean',
    active: '(t.active_version_id is not null) = ?::boolean',
  },
})

const nextNumber = sql(
  'dag.nextNumber',
  `update dag set last_number = last_number + 1 where tenant_id = $1 and id = $2 returning last_number as number`,
)
/** The number of the version that comes next; of a locked DAG. No change of the DAG itself, so its own version stays. */
export async function nextVersionNumber(tx: Transaction, tenantId: number, dagId: number): Promise<number> {
  return (await tx.query<{ number: number }>(nextNumber, [tenantId, dagId]))[0]!.number
}

const schedulesOf = sql(
  'schedule.codesOfDag',
  `select code from schedule where tenant_id = $1 and target_kind = 'DAG' and target_id = $2 and deleted_at is null order by code limit 5`,
)
export async function schedulesOfDag(tx: Transaction, tenantId: number, dagId: number): Promise<string[]> {
  return (await tx.query<{ code: string }>(schedulesOf, [tenantId, dagId])).map((row) => row.code)
}

const STARTABLE = sql(
  'dag.startable',
  `select d.tenant_id as "tenantId", d.id, d.code, d.enabled, d.paused, te.state = 'ACTIVE' as "tenantActive",
     a.id as "versionId", a.plan_id as "planId", d.gray_percent as "grayPercent", g.id as "grayVersionId", g.plan_id as "grayPlanId"
   from unnest($1::bigint[], $2::bigint[]) as wanted (tenant_id, id)
   cross join lateral (select * from dag k where k.tenant_id = wanted.tenant_id and k.id = wanted.id and k.deleted_at is null limit 1) d
   cross join lateral (select * from tenant k where k.id = d.tenant_id limit 1) te
   left join lateral (select * from dag_version k where k.tenant_id = d.tenant_id and k.id = d.active_version_id limit 1) a on true
   left join lateral (select * from dag_version k where k.tenant_id = d.tenant_id and k.id = d.gray_version_id limit 1) g on true`,
)

/** What starting a run of a DAG needs: `chooseVersion` of core says which of the two versions, by the run's key. */
export interface StartableDag {
  readonly tenantId: number
  readonly id: number
  readonly code: string
  readonly enabled: boolean
  readonly paused: boolean
  readonly tenantActive: boolean
  /** null: none has been activated. */
  readonly versionId: number | null
  readonly planId: number | null
  readonly grayPercent: number | null
  readonly grayVersionId: number | null
  readonly grayPlanId: number | null
}

export async function selectStartableDags(
  tx: Transaction,
  keys: readonly { tenantId: number; id: number }[],
): Promise<StartableDag[]> {
  if (keys.length === 0) return []
  return tx.query(STARTABLE, [keys.map((key) => key.tenantId), keys.map((key) => key.id)])
}

const TRIGGERABLE = sql(
  'dag.triggerable',
  `select d.id, d.code, d.runnable_by as "runnableBy", a.plan_id as "planId", d.gray_percent as "grayPercent", g.plan_id as "grayPlanId"
   from dag d
   left join dag_version a on a.tenant_id = d.tenant_id and a.id = d.active_version_id
   left join dag_version g on g.tenant_id = d.tenant_id and g.id = d.gray_version_id
   where d.tenant_id = $1 and d.deleted_at is null and (d.id = any($2::bigint[]) or d.code = any($3::text[]))`,
)

/** What asking for runs of a DAG needs; by identifiers and codes. */
export interface TriggerableDag {
  readonly id: number
  readonly code: string
  readonly runnableBy: readonly Role[] | null
  /** null: none has been activated. */
  readonly planId: number | null
  readonly grayPercent: number | null
  readonly grayPlanId: number | null
}

export async function selectTriggerableDags(
  tx: Transaction,
  tenantId: number,
  ids: readonly number[],
  codes: readonly string[],
): Promise<TriggerableDag[]> {
  return ids.length + codes.length === 0 ? [] : tx.query(TRIGGERABLE, [tenantId, ids, codes])
}
