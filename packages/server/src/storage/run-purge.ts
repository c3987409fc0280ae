import type { Transaction } from './database.ts'
import { isNamed } from './listing.ts'
import { sql } from './sql.ts'

export interface PurgeCriteria {
  readonly task: string | null
  readonly before: number | null
  readonly keep: number | null
}

const NAMED = isNamed('k').replaceAll('?', '$2')
const select = sql(
  'runHistory.selectPurgeable',
  `select t.id from run_history t
   where t.tenant_id = $1
     and ($2::text is null or t.target_id in (select k.id from task k where k.tenant_id = $1 and ${NAMED}))
     and ($3::bigint is null or t.ended_at < at_ms($3))
     and ($4::int is null or t.id <= (
       select h.id from run_history h where h.tenant_id = $1 and h.target_id in (select k.id from task k where k.tenant_id = $1 and ${NAMED})
       order by h.id desc offset $4 limit 1))
   order by t.id limit $5 for update`,
)
/** Ended runs that the criteria name, oldest first; locked. As the engine: history is not the API's to delete. */
export async function selectPurgeable(
  tx: Transaction,
  tenantId: number,
  criteria: PurgeCriteria,
  limit: number,
): Promise<number[]> {
  const values = [tenantId, criteria.task, criteria.before, criteria.keep, limit]
  return (await tx.query<{ id: number }>(select, values)).map((row) => row.id)
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
