/**
 * A batch as `unnest` brings it (`batch (tenant_id, id, …)`), with the place (`ctid`) of the live row that each of its rows speaks of: the one
 * whose key, within the tenant, stands in the batch's column `key`. What changes live rows joins them by that place alone:
 * `update run_live r … from ${placed('run_live', 'id', …)} s where r.ctid = s.place`.
 *
 * Joined by its key, the table would be read as the planner likes, and it believes what was true some minutes ago: that it is empty, or that few
 * of its rows are PENDING. It then reads all of those, for each batch. Here it has no choice: LIMIT keeps the LATERAL apart, so the
 * row is looked up by the primary key, and nothing but the row itself leads to a `ctid` (`enable_seqscan` is off, see `database.ts`). A guard
 * on the state is written `(i.state = 'PENDING') is not false`, or the partial index of that state would offer itself as another way. The caller
 * holds the rows' locks, so they do not move in between.
 */
export function placed(
  table: 'instance_live' | 'run_live' | 'schedule_due' | 'executor_session',
  key: string,
  batch: string,
): string {
  const column = table === 'schedule_due' ? 'schedule_id' : 'id'
  return `(select batch.*, found.place from ${batch}
     cross join lateral (select l.ctid as place from ${table} l where l.tenant_id = batch.tenant_id and l.${column} = batch.${key} limit 1) found)`
}
