import { CarillonError, type DagDefinition, type FieldProblem } from '@carillon/core'
import { dags, type DagFields, type DagRow } from '../storage/dag.ts'
import { dagsUsingDag, dagUses, lockDagUses } from '../storage/dag-use.ts'
import { activateVersionRow, archiveVersionRows, lockVersion, type DagVersionRow } from '../storage/dag-version.ts'
import { scheduleParamsOfDag } from '../storage/schedule.ts'
import { definitionProblems, overrideProblems, refuseProblems } from './check-dag.ts'
import { makeVersionPlans } from './compile-dag.ts'
import { circleProblems } from './dag-circle.ts'
import { DAG } from './dag.ts'
import { findReferences } from './dag-references.ts'
import { assertRevision, findDagVersion, imageOf, noSuchVersion } from './dag-version.ts'
import type { Change, Edit } from './edit.ts'
import { paramsProblems } from './params-schema.ts'
import { compileVersions, unplanned } from './recompile-dags.ts'
import { lockObject, refuseInUse, updateObject } from './versioned-object.ts'

// Which versions of a DAG take traffic. A version that does is ACTIVE; the one that no longer does is ARCHIVED.

/** Makes a version the one that runs use: a draft, an archived one (rolling back), or the gray one, which then takes everything. */
export async function activateVersion(
  edit: Edit,
  ref: string,
  number: number,
  expected: { readonly revision?: number; readonly over?: number | null } = {},
): Promise<Change<DagVersionRow>> {
  const { before, after, dag } = await putToWork(edit, ref, number, expected.revision, (found) => {
    if (expected.over !== undefined) assertStillActive(found, expected.over)
  })
  await setTraffic(edit, 'activate', dag, { activeVersionId: after.id, grayVersionId: null, grayPercent: null })
  return changed(before, after)
}

/** Two people who work on two drafts: whoever comes second looks at what the first has changed, instead of taking it back unseen. */
function assertStillActive({ activeNumber }: DagRow, over: number | null): void {
  if (activeNumber === over) return
  const known = over === null ? 'No version was active as far as you know' : `You know version ${over} as the active one`
  const present = activeNumber === null ? 'none is now' : `version ${activeNumber} is now`
  throw new CarillonError('VERSION_CONFLICT', `${known}, but ${present}. Compare your draft with it, then activate over it.`, {
    extra: { yourVersion: over, currentVersion: activeNumber },
  })
}

/** Gives a second version a share of the runs that name none. */
export async function setGray(edit: Edit, ref: string, number: number, percent: number): Promise<Change<DagRow>> {
  const { after, dag } = await putToWork(edit, ref, number, undefined, (found) => {
    if (found.activeVersionId === null)
      throw new CarillonError(
        'STATE_CONFLICT',
        'No version of this DAG is active, so there is nothing to share with. Activate one.',
      )
  })
  const row = await setTraffic(edit, 'set-gray', dag, {
    activeVersionId: dag.activeVersionId,
    grayVersionId: after.id,
    grayPercent: percent,
  })
  return changedDag(dag, row)
}

/** Everything goes to the active version again. */
export async function endGray(edit: Edit, ref: string): Promise<Change<DagRow>> {
  const dag = await lockObject(edit, DAG, ref)
  if (dag.grayVersionId === null) throw new CarillonError('STATE_CONFLICT', 'No second version of this DAG takes a share.')
  const { activeVersionId } = dag
  return changedDag(dag, await setTraffic(edit, 'end-gray', dag, { activeVersionId, grayVersionId: null, grayPercent: null }))
}

/** Takes a version out of traffic. Without an active one no run of the DAG starts that names no version. */
export async function archiveVersion(edit: Edit, ref: string, number: number): Promise<Change<DagVersionRow>> {
  const { tx, tenantId } = edit
  // Nobody begins to use it between the look and the end of its traffic.
  await lockDagUses(tx, tenantId)
  const dag = await lockObject(edit, DAG, ref)
  const before = await lockVersion(tx, tenantId, dag.id, number)
  if (!before) throw noSuchVersion(number)
  if (before.state !== 'ACTIVE')
    throw new CarillonError('STATE_CONFLICT', `Version ${number} takes no traffic: it is ${before.state}.`)
  const isGray = before.id === dag.grayVersionId
  if (!isGray) refuseInUse('DAG', await dagsUsingDag(tx, tenantId, dag.id, { activeOnly: true }), 'the DAGs')
  const activeVersionId = isGray ? dag.activeVersionId : null
  await setTraffic(edit, 'archive', dag, { activeVersionId, grayVersionId: null, grayPercent: null })
  return changed(before, (await lockVersion(tx, tenantId, dag.id, number))!)
}

/**
 * Checks a version, compiles it and marks it ACTIVE. Its tasks are held before the DAG is locked, as where an edit of a task goes on to
 * the versions that use it, so that the two cannot wait for each other.
 */
async function putToWork(
  edit: Edit,
  ref: string,
  number: number,
  revision: number | undefined,
  assertMay: (dag: DagRow) => void = () => undefined,
): Promise<{ dag: DagRow; before: DagVersionRow; after: DagVersionRow }> {
  const { tx, tenantId } = edit
  const { dag: seen, version } = await findDagVersion(tx, tenantId, ref, number)
  const { definition } = version
  const usesDags = definition.nodes.some((node) => node.dag !== undefined)
  if (usesDags) await lockDagUses(tx, tenantId)
  const references = await findReferences(tx, tenantId, [definition], { hold: true })
  // Also so that what these use is seen where a circle is looked for: a version without a plan counts as using nothing.
  await compileVersions(edit, unplanned([version], references))
  const dag = await lockObject(edit, DAG, String(seen.id))
  const locked = await lockVersion(tx, tenantId, dag.id, number)
  if (revision !== undefined) assertRevision(version, revision)
  if (locked?.revision !== version.revision || locked.state !== version.state)
    throw new CarillonError('UNAVAILABLE', 'The version is being changed by someone else; try again.')
  if (version.id === dag.activeVersionId)
    throw new CarillonError('STATE_CONFLICT', `Version ${number} is the active one already.`)
  assertMay(dag)

  const problems = definitionProblems(definition, references, { code: dag.code, schemaBytes: edit.limits.schemaBytes })
  refuseProblems(problems, '/definition')
  refuseProblems(await overrideProblems(edit, definition, references), '/definition')
  if (usesDags) refuseProblems(circleProblems(await dagUses(tx, tenantId), dag, definition, references), '/definition')
  refuseProblems(await scheduleProblems(edit, dag, definition), '/definition')
  const planned = { dag, versionId: version.id, number, definition }
  const planId = (await makeVersionPlans(edit, [planned], references)).get(version.id)!
  return { dag, before: version, after: await activateVersionRow(tx, tenantId, version.id, planId, edit.principal) }
}

/** Its schedules fire with its parameters and their own, and nobody is there to add what is missing. */
async function scheduleProblems(
  { tx, tenantId }: Edit,
  dag: DagRow,
  { params, paramsSchema }: DagDefinition,
): Promise<FieldProblem[]> {
  if (paramsSchema === undefined) return []
  return (await scheduleParamsOfDag(tx, tenantId, dag.id)).flatMap((schedule) =>
    paramsProblems(paramsSchema, { ...params, ...schedule.params }, '').map(({ path, message }) => ({
      path: '/paramsSchema',
      message: `would leave the schedule ${schedule.code} with parameters that do not fit: ${path} ${message}`,
    })),
  )
}

type Traffic = Pick<DagFields, 'activeVersionId' | 'grayVersionId' | 'grayPercent'>

/** Writes which versions take traffic, and archives those that no longer do. */
async function setTraffic(edit: Edit, operation: string, dag: DagRow, traffic: Traffic): Promise<DagRow> {
  const row = await updateObject(edit, DAG, operation, dag, { ...dag, ...traffic })
  const left = [dag.activeVersionId, dag.grayVersionId].filter((id) => id !== null)
  const kept = [traffic.activeVersionId, traffic.grayVersionId]
  await archiveVersionRows(
    edit.tx,
    edit.tenantId,
    left.filter((id) => !kept.includes(id)),
  )
  return (await dags.find(edit.tx, edit.tenantId, String(row.id)))!
}

function changed(before: DagVersionRow, after: DagVersionRow): Change<DagVersionRow> {
  return { answer: after, object: { kind: 'dag_version', id: after.id }, before: imageOf(before), after: imageOf(after) }
}

function changedDag(before: DagRow, after: DagRow): Change<DagRow> {
  const traffic = ({ activeNumber, grayNumber, grayPercent }: DagRow) => ({ activeNumber, grayNumber, grayPercent })
  return { answer: after, object: { kind: 'dag', id: after.id }, before: traffic(before), after: traffic(after) }
}
