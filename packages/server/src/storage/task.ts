import type { Policies } from '@carillon/contract'
import type { FinalRunState, LabelSelector, Role, RunState } from '@carillon/core'
import type { Transaction } from './database.ts'
import { isNamed } from './listing.ts'
import { sql } from './sql.ts'
import { versionedTable, type VersionedRow } from './versioned-table.ts'

export interface TaskFields {
  readonly code: string
  readonly name: string
  readonly description: string
  readonly owner: string
  readonly typeId: number
  /** Its type is the platform's. */
  readonly typeShared: boolean
  readonly params: Record<string, unknown>
  readonly policies: Policies
  readonly environment: { readonly variables?: Record<string, string>; readonly selector?: LabelSelector }
  readonly labels: Record<string, string>
  readonly runnableBy: readonly Role[] | null
  readonly enabled: boolean
  readonly planId: number
  /** How executors of xxl-job know it. */
  readonly xxlJobId: number | null
}

export interface DownstreamRef {
  readonly taskId: number
  readonly code: string
  readonly outcomes: readonly FinalRunState[]
}

export interface TaskRow extends TaskFields, VersionedRow {
  readonly name: string
  readonly code: string
  readonly typeCode: string
  readonly typeKind: string
  readonly typeDefaults: Policies
  readonly downstream: readonly DownstreamRef[]
}

const TYPE_IS = `t.type_id = (select y.id from task_type y where (y.tenant_id = $1 or y.shared) and ${isNamed('y')} order by y.shared limit 1)`

export const tasks = versionedTable<TaskRow, TaskFields>({
  table: 'task',
  columns: {
    code: 'text',
    name: 'text',
    description: 'text',
    owner: 'text',
    typeId: 'bigint',
    typeShared: 'boolean',
    params: 'jsonb',
    policies: 'jsonb',
    environment: 'jsonb',
    labels: 'jsonb',
    runnableBy: 'jsonb',
    enabled: 'boolean',
    planId: 'bigint',
    xxlJobId: 'int',
  },
  also: `, (select y.code from task_type y where y.tenant_id = t.type_tenant_id and y.id = t.type_id) as "typeCode"
    , (select y.kind from task_type y where y.tenant_id = t.type_tenant_id and y.id = t.type_id) as "typeKind"
    , (select y.defaults from task_type y where y.tenant_id = t.type_tenant_id and y.id = t.type_id) as "typeDefaults"
    , (select coalesce(jsonb_agg(jsonb_build_object('taskId', d.downstream_task_id, 'code', o.code, 'outcomes', d.outcomes) order by o.code), '[]')
       from task_downstream d join task o on o.tenant_id = d.tenant_id and o.id = d.downstream_task_id
       where d.tenant_id = t.tenant_id and d.task_id = t.id) as downstream`,
  filters: { type: TYPE_IS, owner: 't.owner = ?::text', enabled: 't.enabled = ?::boolean' },
})

const lockOfType = sql(
  'task.lockOfType',
  `select id from task where tenant_id = $1 and type_id = $2 and deleted_at is null order by id for no key update`,
)
/** The tasks of a type, which nobody else changes until this transaction ends. */
export async function lockTasksOfType(tx: Transaction, tenantId: number, typeId: number): Promise<number[]> {
  const rows = await tx.query<{ id: number }>(lockOfType, [tenantId, typeId])
  return rows.map((row) => row.id)
}

const setPlans = sql(
  'task.setPlans',
  `update task t set plan_id = p.plan_id from unnest($2::bigint[], $3::bigint[]) p (task_id, plan_id)
   where t.tenant_id = $1 and t.id = p.task_id`,
)
/** Points tasks to new plans; not a change of their definition, so their version stays. */
export async function setPlansOfTasks(tx: Transaction, tenantId: number, plans: readonly { taskId: number; planId: number }[]) {
  await tx.query(setPlans, [tenantId, plans.map((plan) => plan.taskId), plans.map((plan) => plan.planId)])
}

const codesOfType = sql(
  'task.codesOfType',
  `select code from task where (tenant_id = $1 or type_shared) and type_id = $2 and deleted_at is null order by code limit 5`,
)
/** Those of a type of the platform in every tenant, where the transaction sees them. */
export async function codesOfTasksOfType(tx: Transaction, tenantId: number, typeId: number): Promise<string[]> {
  const rows = await tx.query<{ code: string }>(codesOfType, [tenantId, typeId])
  return rows.map((row) => row.code)
}

const tenantsOfType = sql(
  'task.tenantsOfType',
  `select distinct tenant_id as "tenantId" from task where type_id = $1 and type_shared and deleted_at is null order by tenant_id`,
)
/** Tenants with tasks of a type of the platform. */
export async function tenantsUsingType(tx: Transaction, typeId: number): Promise<number[]> {
  return (await tx.query<{ tenantId: number }>(tenantsOfType, [typeId])).map((row) => row.tenantId)
}

export interface TaskActivity {
  readonly taskId: number
  readonly nextFireAt: number | null
  readonly runId: number | null
  readonly state: RunState | null
  readonly createdAt: number | null
  readonly endedAt: number | null
}

const activity = sql(
  'task.activity',
  `select t.id as "taskId",
     (select min(d.next_fire_at) from schedule s join schedule_due d on d.tenant_id = s.tenant_id and d.schedule_id = s.id
      where s.tenant_id = $1 and s.target_id = t.id and s.deleted_at is null and not s.paused) as "nextFireAt",
     r.id as "runId", r.state, r.created_at as "createdAt", r.ended_at as "endedAt"
   from unnest($2::bigint[]) t (id)
   left join lateral (
     select * from (
       (select id, state, created_at, ended_at from run_live l where l.tenant_id = $1 and l.target_id = t.id order by id desc limit 1)
       union all
       (select id, state, created_at, ended_at from run_history h where h.tenant_id = $1 and h.target_id = t.id order by id desc limit 1)
     ) newest order by id desc limit 1) r on true`,
)
/** When tasks fire next and how they ran last. */
export function activityOfTasks(tx: Transaction, tenantId: number, taskIds: readonly number[]): Promise<TaskActivity[]> {
  return tx.query(activity, [tenantId, taskIds])
}

const STARTABLE = sql(
  'task.startable',
  `select t.tenant_id as "tenantId", t.id, t.code, t.version, t.plan_id as "planId", t.enabled,
     te.state = 'ACTIVE' as "tenantActive"
   from unnest($1::bigint[], $2::bigint[]) as wanted (tenant_id, id)
   cross join lateral (select * from task k where k.tenant_id = wanted.tenant_id and k.id = wanted.id and k.deleted_at is null limit 1) t
   cross join lateral (select * from tenant k where k.id = t.tenant_id limit 1) te`,
)

/** What starting a run of a task needs: all else stands in its plan. */
export interface StartableTask {
  readonly tenantId: number
  readonly id: number
  readonly code: string
  readonly version: number
  readonly planId: number
  readonly enabled: boolean
  readonly tenantActive: boolean
}

export function selectStartableTasks(
  tx: Transaction,
  keys: readonly { tenantId: number; id: number }[],
): Promise<StartableTask[]> {
  return tx.query(STARTABLE, [keys.map((key) => key.tenantId), keys.map((key) => key.id)])
}

const CODES = sql('task.codes', `select id, code from task where tenant_id = $1 and id = any($2::bigint[])`)
/** What tasks are called, deleted ones too. */
export async function codesOfTasks(tx: Transaction, tenantId: number, ids: readonly number[]): Promise<Map<number, string>> {
  if (ids.length === 0) return new Map()
  const rows = await tx.query<{ id: number; code: string }>(CODES, [tenantId, ids])
  return new Map(rows.map((row) => [row.id, row.code]))
}

const TRIGGERABLE = sql(
  'task.triggerable',
  `select id, code, version, plan_id as "planId", runnable_by as "runnableBy" from task
   where tenant_id = $1 and deleted_at is null and (id = any($2::bigint[]) or code = any($3::text[]))`,
)

/** What asking for runs of a task needs; by identifiers and codes. */
export interface TriggerableTask {
  readonly id: number
  readonly code: string
  readonly version: number
  readonly planId: number
  readonly runnableBy: readonly Role[] | null
}

export async function selectTriggerableTasks(
  tx: Transaction,
  tenantId: number,
  ids: readonly number[],
  codes: readonly string[],
): Promise<TriggerableTask[]> {
  return ids.length + codes.length === 0 ? [] : tx.query(TRIGGERABLE, [tenantId, ids, codes])
}
