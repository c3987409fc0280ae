import { CarillonError } from '@carillon/core'
import { findPurgeTarget, purgeRuns, selectPurgeable, selectPurgeableOf } from '../storage/run-purge.ts'
import type { Change, Edit } from './edit.ts'
import { invalid } from './invalid.ts'

/** A call stays well within the longest transaction. */
const MOST_PURGED = 5_000
const MOST_INSTANCES = 20_000

/** Which ended runs are meant: those of a task or of a DAG, before an instant, all but so many newest. */
export interface PurgeCriteria {
  readonly task?: string | number
  readonly dag?: string | number
  readonly before?: number
  readonly keep?: number
}

/** Deletes ended runs, oldest first; needs the engine's rights, for history is not the API's to delete. */
export async function purge(
  edit: Edit,
  criteria: PurgeCriteria,
  mostInstances = MOST_INSTANCES,
): Promise<Change<{ purged: number; more: boolean }>> {
  const ids = await selectRuns(edit, criteria)
  const purged = await purgeRuns(edit.tx, edit.tenantId, ids.slice(0, MOST_PURGED), mostInstances)
  const answer = { purged, more: ids.length > purged }
  return { answer, object: { kind: 'run', id: null }, before: null, after: { ...criteria, ...answer } }
}

/** One more than a call takes, if there are as many. */
async function selectRuns({ tx, tenantId }: Edit, { task, dag, before, keep }: PurgeCriteria): Promise<number[]> {
  if (task !== undefined && dag !== undefined) throw invalid('/body', 'must name a task or a DAG, and not both')
  const [kind, ref] = task === undefined ? (['dag', dag] as const) : (['task', task] as const)
  if (ref === undefined) {
    if (keep !== undefined) throw invalid('/body/task', 'or dag is required beside keep')
    if (before === undefined) throw invalid('/body', 'must say which runs: task, dag or before')
    return selectPurgeable(tx, tenantId, before, MOST_PURGED + 1)
  }
  const target = await findPurgeTarget(tx, tenantId, kind, String(ref))
  // Not 0 runs: whoever has mistyped a code would think that nothing was there to be purged.
  if (target === undefined) throw new CarillonError('NOT_FOUND', `There is no ${NOUNS[kind]} "${ref}" in this tenant.`)
  return selectPurgeableOf(tx, tenantId, target, { before: before ?? null, keep: keep ?? null }, MOST_PURGED + 1)
}

const NOUNS = { task: 'task', dag: 'DAG' } as const
