import type { DagCreate, DagUpdate } from '@carillon/contract'
import { dags, schedulesOfDag, type DagFields, type DagRow } from '../storage/dag.ts'
import { dagsUsingDag, lockDagUses } from '../storage/dag-use.ts'
import { concurrencyProblems } from './check-concurrency.ts'
import type { Change, Edit } from './edit.ts'
import { invalidFields } from './invalid.ts'
import { patchObject } from './policies.ts'
import { recompileVersionsOf } from './recompile-dags.ts'
import {
  assertVersion,
  bodyOf,
  deleteObject,
  insertObject,
  lockObject,
  refuseInUse,
  revisionBody,
  updateObject,
  type ObjectKind,
} from './versioned-object.ts'

export const DAG: ObjectKind<DagRow, DagFields> = { table: dags, noun: 'DAG' }

export async function createDag(edit: Edit, body: DagCreate): Promise<Change<DagRow>> {
  const { policies = {} } = body
  checkPolicies(policies)
  const row = await insertObject(edit, DAG, 'create', {
    code: body.code,
    name: body.name ?? body.code,
    description: body.description ?? '',
    owner: body.owner ?? '',
    policies,
    labels: body.labels ?? {},
    runnableBy: body.runnableBy ?? null,
    enabled: body.enabled ?? true,
    ...NOT_PAUSED,
    ...NO_TRAFFIC,
  })
  return { answer: row, object: { kind: 'dag', id: row.id }, before: null, after: bodyOf(DAG, row) }
}

function checkPolicies({ concurrency }: DagFields['policies']): void {
  const problems = concurrencyProblems(concurrency, '/body/policies/concurrency')
  if (problems.length > 0) throw invalidFields(problems)
}

const NOT_PAUSED = { paused: false, pauseReason: null }

export const NO_TRAFFIC = { activeVersionId: null, grayVersionId: null, grayPercent: null }

export async function updateDag(edit: Edit, ref: string, body: DagUpdate): Promise<Change<DagRow>> {
  const { version, policies, ...given } = body
  const before = await lockObject(edit, DAG, ref)
  assertVersion(before, version)
  const fields = { ...bodyOf(DAG, before), ...given, policies: patchObject(before.policies, policies) } as DagFields
  checkPolicies(fields.policies)
  return rewriteDag(edit, 'update', before, fields)
}

export function setDagEnabled(edit: Edit, ref: string, enabled: boolean): Promise<Change<DagRow>> {
  return touchDag(edit, ref, enabled ? 'enable' : 'disable', () => ({ enabled }))
}

/** What runs goes on to its end; nothing new starts, and fires are recorded as skipped. */
export function pauseDag(edit: Edit, ref: string, reason: string | undefined): Promise<Change<DagRow>> {
  return touchDag(edit, ref, 'pause', () => ({ paused: true, pauseReason: reason ?? null }))
}

export function resumeDag(edit: Edit, ref: string): Promise<Change<DagRow>> {
  return touchDag(edit, ref, 'resume', () => NOT_PAUSED)
}

/** null takes a label away. */
export function labelDag(edit: Edit, ref: string, labels: Record<string, string | null>): Promise<Change<DagRow>> {
  return touchDag(edit, ref, 'label', (before) => ({ labels: patchObject(before.labels, labels) }))
}

/** Which versions take traffic, and whether it is paused, is not turned back with the rest: that is what activating one is for. */
export async function restoreDag(edit: Edit, ref: string, version: number, revision: number): Promise<Change<DagRow>> {
  const before = await lockObject(edit, DAG, ref)
  assertVersion(before, version)
  const { activeVersionId, grayVersionId, grayPercent, paused, pauseReason } = before
  const body = await revisionBody(edit, DAG, before.id, revision)
  return rewriteDag(edit, 'restore', before, { ...body, activeVersionId, grayVersionId, grayPercent, paused, pauseReason })
}

export async function deleteDag(edit: Edit, ref: string): Promise<Change<undefined>> {
  // Nobody begins to use it between the look and the deletion.
  await lockDagUses(edit.tx, edit.tenantId)
  const before = await lockObject(edit, DAG, ref)
  refuseInUse('DAG', await schedulesOfDag(edit.tx, edit.tenantId, before.id), 'the schedules')
  refuseInUse('DAG', await dagsUsingDag(edit.tx, edit.tenantId, before.id), 'the DAGs')
  await deleteObject(edit, DAG, before)
  return { answer: undefined, object: { kind: 'dag', id: before.id }, before: bodyOf(DAG, before), after: null }
}

async function touchDag(
  edit: Edit,
  ref: string,
  operation: string,
  change: (before: DagRow) => Partial<DagFields>,
): Promise<Change<DagRow>> {
  const before = await lockObject(edit, DAG, ref)
  return rewriteDag(edit, operation, before, { ...before, ...change(before) })
}

async function rewriteDag(edit: Edit, operation: string, before: DagRow, fields: DagFields): Promise<Change<DagRow>> {
  // Definitions name DAGs by their codes.
  if (fields.code !== before.code) refuseInUse('DAG', await dagsUsingDag(edit.tx, edit.tenantId, before.id), 'the DAGs')
  const after = await updateObject(edit, DAG, operation, before, fields)
  const ofPlan = ({ code, policies }: DagFields) => JSON.stringify([code, policies])
  if (ofPlan(before) !== ofPlan(fields)) await recompileVersionsOf(edit, before.id)
  return { answer: after, object: { kind: 'dag', id: after.id }, before: bodyOf(DAG, before), after: bodyOf(DAG, after) }
}
