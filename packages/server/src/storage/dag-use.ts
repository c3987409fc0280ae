import type { DagPolicies } from '@carillon/contract'
import type { DagDefinition, Plan, PlanNode } from '@carillon/core'
import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

/** A task as a node of a DAG runs it: the one node of its own plan, in which everything inherited is resolved. */
export interface UsableTask {
  readonly id: number
  readonly code: string
  readonly node: PlanNode
}

const readTasks = sql(
  'dagUse.readTasks',
  `select t.id, t.code, (select p.body from plan p where p.tenant_id = t.tenant_id and p.id = t.plan_id) as body
   from task t where t.tenant_id = $1 and t.code = any($2::text[]) and t.deleted_at is null order by t.id`,
)
/** Those of the tasks that exist. */
export async function findUsableTasks(tx: Transaction, tenantId: number, codes: readonly string[]): Promise<UsableTask[]> {
  if (codes.length === 0) return []
  const rows = await tx.query<{ id: number; code: string; body: Plan }>(readTasks, [tenantId, codes])
  return rows.map(({ id, code, body }) => ({ id, code, node: body.nodes[0]! }))
}

const holdTasks = sql(
  'dagUse.holdTasks',
  `select from task t where t.tenant_id = $1 and t.code = any($2::text[]) and t.deleted_at is null order by t.id for share of t`,
)
/** As `findUsableTasks`, held so that nobody changes them before this transaction ends. */
export async function holdUsableTasks(tx: Transaction, tenantId: number, codes: readonly string[]): Promise<UsableTask[]> {
  if (codes.length === 0) return []
  // The plan of an edit that was waited for is seen by the next statement alone.
  const [, tasks] = await Promise.all([tx.query(holdTasks, [tenantId, codes]), findUsableTasks(tx, tenantId, codes)])
  return tasks
}

const holdTasksOfDag = sql(
  'dagUse.holdTasksOfDag',
  `select from task t where t.tenant_id = $1 and t.id in (
     select u.task_id from dag_version v join dag_version_task u on u.tenant_id = v.tenant_id and u.version_id = v.id
     where v.tenant_id = $1 and v.dag_id = $2 and v.plan_id is not null) order by t.id for share of t`,
)
/** Holds the tasks that versions of a DAG with a plan use. */
export async function holdTasksOf(tx: Transaction, tenantId: number, dagId: number): Promise<void> {
  await tx.query(holdTasksOfDag, [tenantId, dagId])
}

export interface UsableVersion {
  readonly dagId: number
  readonly code: string
  /** Of its versions that run; `null` where it has none. */
  readonly versionId: number | null
  /** null: it has to be compiled before it can run. */
  readonly planId: number | null
  readonly number: number
}

const versionsOf = sql(
  'dagUse.versions',
  `select d.id as "dagId", d.code, w.number, v.id as "versionId", v.plan_id as "planId"
   from unnest($2::text[], $3::int[]) w (code, number)
   join dag d on d.tenant_id = $1 and d.code = w.code and d.deleted_at is null
   left join dag_version v on v.tenant_id = d.tenant_id and v.dag_id = d.id and v.state <> 'DRAFT'
     and (v.number = w.number or (w.number = 0 and v.id = d.active_version_id))`,
)
/** The versions that nodes name (`number` 0: whichever is active), as far as the DAGs exist. */
export async function findUsableVersions(
  tx: Transaction,
  tenantId: number,
  wanted: readonly { code: string; number: number }[],
): Promise<UsableVersion[]> {
  if (wanted.length === 0) return []
  return tx.query(versionsOf, [tenantId, wanted.map((each) => each.code), wanted.map((each) => each.number)])
}

const lock = sql('dagUse.lock', `select pg_advisory_xact_lock(hashtextextended('carillon.dag-use', $1::bigint))`)
/** Whoever is about to let a DAG use another waits here for the others, or two half-cycles could pass each other. */
export async function lockDagUses(tx: Transaction, tenantId: number): Promise<void> {
  await tx.query(lock, [tenantId])
}

const edges = sql(
  'dagUse.edges',
  `select distinct v.dag_id as "from", u.dag_id as "to", o.code as "toCode"
   from dag_version_dag u
   join dag_version v on v.tenant_id = u.tenant_id and v.id = u.version_id and v.plan_id is not null
   join dag o on o.tenant_id = u.tenant_id and o.id = u.dag_id
   where u.tenant_id = $1`,
)
/** A DAG and one that it uses. */
export interface DagUse {
  readonly from: number
  readonly to: number
  readonly toCode: string
}
/** Which DAGs use which, over all versions that can run. */
export function dagUses(tx: Transaction, tenantId: number): Promise<DagUse[]> {
  return tx.query(edges, [tenantId])
}

const dropTasks = sql(
  'dagVersionTask.delete',
  `delete from dag_version_task where tenant_id = $1 and version_id = any($2::bigint[])`,
)
const addTasks = sql(
  'dagVersionTask.insert',
  `insert into dag_version_task (tenant_id, version_id, task_id) select $1, u.* from unnest($2::bigint[], $3::bigint[]) u order by 2, 3`,
)
const dropDags = sql(
  'dagVersionDag.delete',
  `delete from dag_version_dag where tenant_id = $1 and version_id = any($2::bigint[])`,
)
const addDags = sql(
  'dagVersionDag.insert',
  `insert into dag_version_dag (tenant_id, version_id, dag_id, number)
   select $1, u.* from unnest($2::bigint[], $3::bigint[], $4::int[]) u order by 2, 3, 4`,
)
export interface VersionUses {
  readonly versionId: number
  readonly taskIds: readonly number[]
  readonly dags: readonly { readonly dagId: number; readonly number: number }[]
}
/** Writes down what versions use, instead of what they did. */
export async function replaceUses(tx: Transaction, tenantId: number, uses: readonly VersionUses[]): Promise<void> {
  const versionIds = uses.map((use) => use.versionId)
  await Promise.all([tx.query(dropTasks, [tenantId, versionIds]), tx.query(dropDags, [tenantId, versionIds])])
  const tasks = uses.flatMap(({ versionId, taskIds }) => taskIds.map((taskId) => ({ versionId, taskId })))
  const dags = uses.flatMap((use) => use.dags.map((dag) => ({ versionId: use.versionId, ...dag })))
  await tx.query(addTasks, [tenantId, tasks.map((each) => each.versionId), tasks.map((each) => each.taskId)])
  if (dags.length === 0) return
  await tx.query(addDags, [
    tenantId,
    dags.map((each) => each.versionId),
    dags.map((each) => each.dagId),
    dags.map((each) => each.number),
  ])
}

/** The version takes traffic, or another version that can run names it; of the version `v`. */
const RUNS = `(v.state = 'ACTIVE' or exists (
  select from dag_version_dag n join dag_version w on w.tenant_id = n.tenant_id and w.id = n.version_id and w.plan_id is not null
  where n.tenant_id = v.tenant_id and n.dag_id = v.dag_id and n.number = v.number))`

const codesUsingTask = sql(
  'dagUse.codesUsingTask',
  `select distinct d.code from dag_version_task u
   join dag_version v on v.tenant_id = u.tenant_id and v.id = u.version_id
   join dag d on d.tenant_id = v.tenant_id and d.id = v.dag_id and d.deleted_at is null
   where u.tenant_id = $1 and u.task_id = $2 and ${RUNS} order by 1 limit 5`,
)
/** Some of the DAGs whose runs use a task. */
export async function dagsUsingTask(tx: Transaction, tenantId: number, taskId: number): Promise<string[]> {
  return (await tx.query<{ code: string }>(codesUsingTask, [tenantId, taskId])).map((row) => row.code)
}

const codesUsingDag = sql(
  'dagUse.codesUsingDag',
  `select distinct d.code from dag_version_dag u
   join dag_version v on v.tenant_id = u.tenant_id and v.id = u.version_id
   join dag d on d.tenant_id = v.tenant_id and d.id = v.dag_id and d.deleted_at is null
   where u.tenant_id = $1 and u.dag_id = $2 and v.dag_id <> $2 and (not $3::boolean or u.number = 0) and ${RUNS} order by 1 limit 5`,
)
/** Some of the DAGs whose runs use a DAG; `activeOnly`: whichever of its versions is active. */
export async function dagsUsingDag(
  tx: Transaction,
  tenantId: number,
  dagId: number,
  { activeOnly = false } = {},
): Promise<string[]> {
  return (await tx.query<{ code: string }>(codesUsingDag, [tenantId, dagId, activeOnly])).map((row) => row.code)
}

/** A version that has a plan, with what its next plan is made of. */
export interface PlannedVersionRow {
  readonly versionId: number
  readonly number: number
  readonly definition: DagDefinition
  readonly dagId: number
  readonly code: string
  readonly policies: DagPolicies
  readonly runs: boolean
}

const planned = (condition: string) =>
  `select v.id as "versionId", v.number, v.definition, d.id as "dagId", d.code, d.policies, ${RUNS} as runs
   from dag_version v join dag d on d.tenant_id = v.tenant_id and d.id = v.dag_id and d.deleted_at is null
   where v.tenant_id = $1 and ${condition} order by v.id for no key update of v`

const lockUsing = sql(
  'dagUse.lockVersionsUsing',
  planned(`v.plan_id is not null and v.id in (
     select u.version_id from dag_version_task u where u.tenant_id = $1 and u.task_id = any($2::bigint[]))`),
)
/** The versions with a plan that use one of the tasks. */
export function lockVersionsUsing(tx: Transaction, tenantId: number, taskIds: readonly number[]): Promise<PlannedVersionRow[]> {
  return tx.query(lockUsing, [tenantId, taskIds])
}

const lockOfDag = sql('dagUse.lockVersionsOfDag', planned(`v.plan_id is not null and v.dag_id = $2`))
export function lockVersionsOfDag(tx: Transaction, tenantId: number, dagId: number): Promise<PlannedVersionRow[]> {
  return tx.query(lockOfDag, [tenantId, dagId])
}

const lockByIds = sql('dagUse.lockVersions', planned(`v.state <> 'DRAFT' and v.id = any($2::bigint[])`))
export function lockVersionsById(tx: Transaction, tenantId: number, ids: readonly number[]): Promise<PlannedVersionRow[]> {
  return tx.query(lockByIds, [tenantId, ids])
}
