import { CarillonError } from '@carillon/core'
import {
  holdTasksOf,
  lockVersionsById,
  lockVersionsOfDag,
  lockVersionsUsing,
  type PlannedVersionRow,
} from '../storage/dag-use.ts'
import { dropPlansOfVersions, setPlansOfVersions } from '../storage/dag-version.ts'
import { makeVersionPlans } from './compile-dag.ts'
import { findReferences, referenceProblems, type DagReferences } from './dag-references.ts'
import type { Edit } from './edit.ts'

/**
 * An edit of tasks goes on to every version of a DAG that uses them, in the same transaction; runs keep the plan they started with.
 * Archived versions that nobody names lose their plan instead: compiling a hundred of them for an edit of one task would be for nothing.
 */
export async function recompileVersionsUsing(edit: Edit, taskIds: readonly number[]): Promise<void> {
  if (edit.replanned) for (const id of taskIds) edit.replanned.add(id)
  else if (taskIds.length > 0) await recompile(edit, await lockVersionsUsing(edit.tx, edit.tenantId, taskIds))
}

/**
 * An edit of a DAG's own policies. The tasks are held before the versions are locked, as where an edit of a task goes on to the versions
 * that use it, so that the two cannot wait for each other.
 */
export async function recompileVersionsOf(edit: Edit, dagId: number): Promise<void> {
  await holdTasksOf(edit.tx, edit.tenantId, dagId)
  await recompile(edit, await lockVersionsOfDag(edit.tx, edit.tenantId, dagId))
}

/** Versions that are about to be used and may be without a plan; refused where they can no longer run. */
export async function compileVersions(edit: Edit, versionIds: readonly number[]): Promise<void> {
  if (versionIds.length === 0) return
  const rows = await lockVersionsById(edit.tx, edit.tenantId, versionIds)
  await compileAll(edit, rows)
}

async function recompile(edit: Edit, rows: readonly PlannedVersionRow[]): Promise<void> {
  const idle = rows.filter((row) => !row.runs).map((row) => row.versionId)
  await dropPlansOfVersions(edit.tx, edit.tenantId, idle)
  await compileAll(
    edit,
    rows.filter((row) => row.runs),
  )
}

async function compileAll(edit: Edit, rows: readonly PlannedVersionRow[]): Promise<void> {
  if (rows.length === 0) return
  const references = await findReferences(
    edit.tx,
    edit.tenantId,
    rows.map((row) => row.definition),
    { hold: true },
  )
  for (const row of rows) refuseMisfit(row, references)
  await compileVersions(edit, unplanned(rows, references))
  const planned = rows.map(({ dagId, code, policies, ...version }) => ({ ...version, dag: { id: dagId, code, policies } }))
  await setPlansOfVersions(edit.tx, edit.tenantId, await makeVersionPlans(edit, planned, references))
}

/** Versions that these name and that have lost their plan. Versions cannot use each other in a circle, so this ends. */
export function unplanned(rows: readonly Pick<PlannedVersionRow, 'definition'>[], references: DagReferences): number[] {
  const used = rows.flatMap(({ definition }) =>
    definition.nodes.flatMap(({ dag, dagVersion }) => (dag === undefined ? [] : [references.version(dag, dagVersion)])),
  )
  return [...new Set(used.flatMap((each) => (each?.versionId && each.planId === null ? [each.versionId] : [])))]
}

function refuseMisfit({ code, number, definition }: PlannedVersionRow, references: DagReferences): void {
  const [problem] = referenceProblems(definition, references, code)
  if (!problem) return
  throw new CarillonError(
    'VALIDATION_FAILED',
    `Version ${number} of the DAG ${code} would no longer be valid: its node ${problem.node} ${problem.message} (${problem.path}). Change it first.`,
    {
      problems: [
        { ...problem, path: '/body', message: `would break the node ${problem.node} of the DAG ${code}: ${problem.message}` },
      ],
    },
  )
}
