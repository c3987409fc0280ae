import { purgeRuns, selectPurgeable } from '../storage/run-purge.ts'
import type { Change, Edit } from './edit.ts'

/** A call stays well within the longest transaction. */
const MOST_PURGED = 5_000

/** Deletes ended runs, oldest first; needs the engine's rights, for history is not the API's to delete. */
export async function purge(
  { tx, tenantId }: Edit,
  criteria: { readonly task?: string | number; readonly before?: number; readonly keep?: number },
): Promise<Change<{ purged: number; more: boolean }>> {
  const { before = null, keep = null } = criteria
  const task = criteria.task === undefined ? null : String(criteria.task)
  const ids = await selectPurgeable(tx, tenantId, { task, before, keep }, MOST_PURGED + 1)
  const purged = ids.slice(0, MOST_PURGED)
  await purgeRuns(tx, tenantId, purged)
  const answer = { purged: purged.length, more: ids.length > MOST_PURGED }
  return { answer, object: { kind: 'run', id: null }, before: null, after: { ...criteria, ...answer } }
}
