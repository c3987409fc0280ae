import type { Transaction } from './database.ts'
import { isNamed } from './listing.ts'
import { sql } from './sql.ts'

const find = (table: 'task' | 'dag') =>
  sql(
    `${table}.findPurged`,
    `select k.id from ${table} k where k.tenant_id = $1 and ${isNamed('k').replaceAll('?', '$2')} limit 1`,
  )
const targets = { task: find('task'), dag: find('dag') } as const

/** The task or DAG of that identifier or code; by its identifier also one that has been deleted, whose runs are still there. */
export async function findPurgeTarget(
  tx: Transaction,
  tenantId: number,
  kind: keyof typeof targets,
  ref: string,
): Promise<number | undefined> {
  return (await tx.query<{ id: number }>(targets[kind], [tenantId, ref]))[0]?.id
}

const ofTarget = sql(
  'runHistory.selectPurgeableOfTarget',
  `select t.id from run_history t
   where t.tenant_id = $1 and t.target_id = $2
     and ($3::bigint is null or t.ended_at < at_ms($3))
     and ($4::int is null or t.id <= (
       select h.id from run_history h where h.tenant_id = $1 and h.target_id = $2 order by h.id desc offset $4 limit 1))
   order by t.id limit $5 for update`,
)
/**
 * Ended runs of a task or DAG, oldest first; locked. `before`: ended before it. `keep`: but for as many newest. As the engine: history is not
 * the API's to delete.
 */
export async function selectPurgeableOf(
  tx: Transaction,
  tenantId: number,
  targetId: number,
  { before, keep }: { readonly before: number | null; readonly keep: number | null },
  limit: number,
): Promise<number[]> {
  return (await tx.query<{ id: number }>(ofTarget, [tenantId, targetId, before, keep, limit])).map((row) => row.id)
}

const ofTenant = sql(
  'runHistory.selectPurgeable',
  `select t.id from run_history t where t.tenant_id = $1 and t.ended_at < at_ms($2::bigint) order by t.id limit $3 for update`,
)
/** As `selectPurgeableOf`, of everything in the tenant that ended before an instant. */
export async function selectPurgeable(tx: Transaction, tenantId: number, before: number, limit: number): Promise<number[]> {
  return (await tx.query<{ id: number }>(ofTenant, [tenantId, before, limit])).map((row) => row.id)
}

// Run by run, so that LIMIT ends it in the middle of one: those before it are complete. What belongs to a run is younger than the run.
const instances = sql(
  'instanceHistory.ofRuns',
  `select w.id as "runId", i.id from unnest($2::bigint[]) as w (id)
   cross join lateral (
     select t.id from instance_history t where t.tenant_id = $1 and t.id = w.id
     union all select t.id from instance_history t where t.tenant_id = $1 and t.run_id = w.id and t.id > w.id and t.id <> t.run_id) i
   limit $3`,
)
const removals = [
  ['logLine.purge', 'log_line', 'instance_id'],
  ['logExtent.purge', 'log_extent', 'instance_id'],
  ['attempt.purge', 'attempt', 'instance_id'],
  ['instanceHistory.purge', 'instance_history', 'id'],
].map(([name, table, column]) => sql(name!, `delete from ${table} where tenant_id = $1 and ${column} = any($2::bigint[])`))
const removeParams = sql('runParam.purge', `delete from run_param where tenant_id = $1 and run_id = any($2::bigint[])`)
const removeRuns = sql('runHistory.purge', `delete from run_history where tenant_id = $1 and id = any($2::bigint[])`)

/**
 * Deletes ended runs with everything that belongs to them: of these in their order as many as have `mostInstances` in all, and the first in any
 * case. Answers how many runs.
 */
export async function purgeRuns(
  tx: Transaction,
  tenantId: number,
  runIds: readonly number[],
  mostInstances: number,
): Promise<number> {
  const select = (ids: readonly number[], most: number | null) =>
    tx.query<{ runId: number; id: number }>(instances, [tenantId, ids, most])
  const found = await select(runIds, mostInstances + 1)
  const fit = found.length <= mostInstances ? runIds.length : runIds.indexOf(found.at(-1)!.runId)
  const purged = runIds.slice(0, Math.max(1, fit))
  const rows = fit === 0 ? await select(purged, null) : found
  const of = new Set(purged)
  const ids = rows.filter(({ runId }) => of.has(runId)).map(({ id }) => id)
  for (const removal of removals) await tx.query(removal, [tenantId, ids])
  await tx.query(removeParams, [tenantId, purged])
  await tx.query(removeRuns, [tenantId, purged])
  return purged.length
}
