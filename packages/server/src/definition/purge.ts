import { purgeRuns, selectPurgeable } from '../storage/run-purge.ts'
import type { Change, Edit } from './edit.ts'

/** A call stays well within the longest transaction. */
const MOST_PURGED = 5_000
const MOST_INSTANCES = 20_000

/** Deletes ended runs, oldest first; needs the engine's rights, for history is not the API's to delete. */
export async function purge(
  { tx, tenantId }: Edit,
  criteria: { readonly task?: string | number; readonly before?: number; readonly keep?: number },
  mostInstances = MOST_INSTANCES,
): Promise<Change<{ purged: number; more: boolean }>> {
  const { before = null, keep = null } = criteria
  const task = criteria.task === undefined ? null : String(criteria.task)
  const ids = await selectPurgeable(tx, tenantId, { task, before, keep }, MOST_PURGED + 1)
  const purged = await purgeRuns(tx, tenantId, ids.slice(0, MOST_PURGED), mostInstances)
  const answer = { purged, more: ids.length > purged }
  return { answer, object: { kind: 'run', id: null }, before: null, after: { ...criteria, ...answer } }
}
