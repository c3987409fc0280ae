import { isDeepStrictEqual } from 'node:util'
import type { TaskCreate, TaskUpdate } from '@carillon/contract'
import { CarillonError, laneOf, type FinalRunState } from '@carillon/core'
import { dagsUsingTask } from '../storage/dag-use.ts'
import { nextId } from '../storage/identifier.ts'
import { scheduleParamsOfTask, schedulesOfTask } from '../storage/schedule.ts'
import {
  deleteDownstreamOf,
  downstreamEdges,
  insertDownstream,
  lockDownstream,
  upstreamCodesOf,
} from '../storage/task-downstream.ts'
import { tasks, type DownstreamRef, type TaskFields, type TaskRow } from '../storage/task.ts'
import type { TaskTypeRow } from '../storage/task-type.ts'
import { capacityRulesOf, makePlans } from './compile-plan.ts'
import { concurrencyProblems } from './check-concurrency.ts'
import { routeProblems, selectorProblems } from './check-route.ts'
import { checkDownstream } from './downstream.ts'
import type { Change, Edit } from './edit.ts'
import { invalid, invalidFields } from './invalid.ts'
import { assertParamsSize, markProblems, paramsProblems } from './params-schema.ts'
import { patchObject } from './policies.ts'
import { recompileVersionsUsing } from './recompile-dags.ts'
import { holdReference } from './references.ts'
import { assertMayRefer } from './secret.ts'
import { assertKindAllowed, holdTaskType } from './task-type.ts'
import {
  assertVersion,
  bodyOf,
  deleteObject,
  insertObject,
  isUnchanged,
  lockObject,
  noSuch,
  refuseInUse,
  revisionBody,
  updateObject,
  type ObjectKind,
} from './versioned-object.ts'

export const TASK: ObjectKind<TaskRow, TaskFields> = { table: tasks, noun: 'task', related: ['downstream'] }

/** What a request says about a task, references resolved. */
interface Wanted {
  readonly fields: Omit<TaskFields, 'planId'>
  readonly downstream: readonly Pick<DownstreamRef, 'taskId' | 'outcomes'>[]
}

export async function createTask(edit: Edit, body: TaskCreate): Promise<Change<TaskRow>> {
  const type = await typeOf(edit, body.type)
  if (!type.enabled) throw invalid('/body/type', `names the task type ${type.code}, which is disabled`)
  const fields = {
    code: body.code,
    name: body.name ?? body.code,
    description: body.description ?? '',
    owner: body.owner ?? '',
    typeId: type.id,
    typeShared: type.shared,
    params: body.params ?? {},
    policies: body.policies ?? {},
    environment: body.environment ?? {},
    labels: body.labels ?? {},
    runnableBy: body.runnableBy ?? null,
    enabled: body.enabled ?? true,
    xxlJobId: body.xxlJobId ?? null,
  }
  return insertTask(edit, 'create', type, { fields, downstream: await downstreamOf(edit, body.downstream ?? []) })
}

export async function updateTask(edit: Edit, ref: string, body: TaskUpdate): Promise<Change<TaskRow>> {
  const { version, type: typeRef, policies, downstream, ...given } = body
  const { before, type } = await lockTaskAndType(edit, ref, typeRef)
  assertVersion(before, version)
  const fields = {
    ...bodyOf(TASK, before),
    ...given,
    typeId: type.id,
    typeShared: type.shared,
    policies: patchObject(before.policies, policies),
  } as TaskFields
  const wanted = { fields, downstream: downstream ? await downstreamOf(edit, downstream) : before.downstream }
  return rewriteTask(edit, 'update', type, before, wanted)
}

export function setTaskEnabled(edit: Edit, ref: string, enabled: boolean): Promise<Change<TaskRow>> {
  return touchTask(edit, ref, enabled ? 'enable' : 'disable', () => ({ enabled }))
}

/** null takes a label away. */
export async function labelTask(edit: Edit, ref: string, labels: Record<string, string | null>): Promise<Change<TaskRow>> {
  const { before, type } = await lockTaskAndType(edit, ref, undefined)
  const after = { ...before, labels: patchObject(before.labels, labels) }
  const rules = await capacityRulesOf(edit, type)
  if (isDeepStrictEqual(laneOf(rules, before), laneOf(rules, after)))
    return touchTask(edit, ref, 'label', () => ({ labels: after.labels }))
  return rewriteTask(edit, 'label', type, before, {
    fields: { ...bodyOf(TASK, before), labels: after.labels },
    downstream: before.downstream,
  })
}

export async function restoreTask(edit: Edit, ref: string, version: number, revision: number): Promise<Change<TaskRow>> {
  const { before } = await lockTaskAndType(edit, ref, undefined)
  assertVersion(before, version)
  const body = (await revisionBody(edit, TASK, before.id, revision)) as TaskFields & { downstream: DownstreamRef[] }
  const type = await holdTaskType(edit, body.typeId)
  if (!type) throw new CarillonError('STATE_CONFLICT', 'The task type of this revision has been deleted since.')
  const { downstream, ...fields } = body
  await holdDownstream(edit, downstream)
  return rewriteTask(edit, 'restore', type, before, {
    fields: { ...fields, typeShared: type.shared, xxlJobId: before.xxlJobId },
    downstream,
  })
}

export async function copyTask(edit: Edit, ref: string, code: string, name: string | undefined): Promise<Change<TaskRow>> {
  const { before: original, type } = await lockTaskAndType(edit, ref, undefined)
  const fields = { ...bodyOf(TASK, original), code, name: name ?? original.name, xxlJobId: null }
  return insertTask(edit, 'copy', type, { fields, downstream: original.downstream })
}

export async function deleteTask(edit: Edit, ref: string): Promise<Change<undefined>> {
  const { tx, tenantId } = edit
  const before = await lockObject(edit, TASK, ref)
  refuseInUse('task', await schedulesOfTask(tx, tenantId, before.id), 'the schedules')
  refuseInUse('task', await upstreamCodesOf(tx, tenantId, before.id), 'the tasks')
  refuseInUse('task', await dagsUsingTask(tx, tenantId, before.id), 'the DAGs')
  await deleteDownstreamOf(tx, tenantId, before.id)
  await deleteObject(edit, TASK, before)
  return { answer: undefined, object: { kind: 'task', id: before.id }, before: bodyOf(TASK, before), after: null }
}

async function typeOf(edit: Edit, ref: string | number): Promise<TaskTypeRow> {
  const type = await holdTaskType(edit, ref)
  if (!type) throw invalid('/body/type', 'names no task type of this tenant')
  return type
}

/**
 * The task, locked, and its type (the present one, or the one it is to have), held. The type comes first, as where an edit of a type goes
 * on to its tasks, so that the two cannot wait for each other.
 */
async function lockTaskAndType(
  edit: Edit,
  ref: string,
  typeRef: string | number | undefined,
): Promise<{ before: TaskRow; type: TaskTypeRow }> {
  const seen = await tasks.find(edit.tx, edit.tenantId, ref)
  if (!seen) throw noSuch('task')
  const type = await typeOf(edit, typeRef ?? seen.typeId)
  const before = await lockObject(edit, TASK, String(seen.id))
  if (typeRef === undefined && before.typeId !== type.id)
    throw new CarillonError('UNAVAILABLE', 'The task is being changed by someone else; try again.')
  return { before, type }
}

/** A change of which the plan knows nothing: it stays. */
async function touchTask(
  edit: Edit,
  ref: string,
  operation: string,
  change: (before: TaskRow) => Partial<TaskFields>,
): Promise<Change<TaskRow>> {
  const before = await lockObject(edit, TASK, ref)
  return changed(before, await updateObject(edit, TASK, operation, before, { ...before, ...change(before) }))
}

async function insertTask(edit: Edit, operation: string, type: TaskTypeRow, wanted: Wanted): Promise<Change<TaskRow>> {
  checkParams(edit, type, wanted.fields.params)
  checkPolicies(wanted.fields)
  if (type.shared) await assertKindAllowed(edit, type.kind)
  await assertMayRefer(edit, saysOf(wanted.fields), null, '/body/params')
  const id = await nextId(edit.tx)
  const planId = await makePlan(edit, type, id, 1, wanted)
  const relate = () => setDownstream(edit, id, wanted.downstream)
  const row = await insertObject(edit, TASK, operation, { ...wanted.fields, planId }, { id, relate })
  return { answer: row, object: { kind: 'task', id }, before: null, after: bodyOf(TASK, row) }
}

async function rewriteTask(
  edit: Edit,
  operation: string,
  type: TaskTypeRow,
  before: TaskRow,
  wanted: Wanted,
): Promise<Change<TaskRow>> {
  checkParams(edit, type, wanted.fields.params)
  checkPolicies(wanted.fields)
  if (type.shared && before.typeId !== type.id) await assertKindAllowed(edit, type.kind)
  await assertMayRefer(edit, saysOf(wanted.fields), saysOf(before), '/body/params')
  await checkSchedules(edit, type, before.id, wanted.fields.params)
  // Definitions of DAGs name tasks by their codes.
  if (wanted.fields.code !== before.code) refuseInUse('task', await dagsUsingTask(edit.tx, edit.tenantId, before.id), 'the DAGs')
  const sameDownstream = isDeepStrictEqual(edgesOf(before.downstream), edgesOf(wanted.downstream))
  // Its plan is made from all the rest, anew for every version.
  if (sameDownstream && isUnchanged(TASK, before, { ...wanted.fields, planId: before.planId })) return changed(before, before)
  if (!sameDownstream) await setDownstream(edit, before.id, wanted.downstream)
  const planId = await makePlan(edit, type, before.id, before.version + 1, wanted)
  const after = await updateObject(edit, TASK, operation, before, { ...wanted.fields, planId })
  await recompileVersionsUsing(edit, [before.id])
  return changed(before, after)
}

/** Where a task may refer to secrets. */
function saysOf({ params, environment }: Pick<TaskFields, 'params' | 'environment'>): unknown {
  return [params, environment.variables]
}

/** Of the tasks that start when one ends: neither their order nor that of their outcomes means anything. */
function edgesOf(downstream: Wanted['downstream']) {
  return downstream
    .map(({ taskId, outcomes }) => ({ taskId, outcomes: [...outcomes].sort() }))
    .sort((a, b) => a.taskId - b.taskId)
}

function changed(before: TaskRow, after: TaskRow): Change<TaskRow> {
  return { answer: after, object: { kind: 'task', id: after.id }, before: bodyOf(TASK, before), after: bodyOf(TASK, after) }
}

async function makePlan(edit: Edit, type: TaskTypeRow, id: number, version: number, wanted: Wanted): Promise<number> {
  const plans = await makePlans(edit, type, [{ id, version, ...wanted }])
  return plans.get(id)!
}

/** A task may leave required parameters to its schedules and triggers; what it does give must fit. */
function checkParams(edit: Edit, type: TaskTypeRow, params: Record<string, unknown>): void {
  assertParamsSize(params, edit.limits.paramsBytes)
  const problems = [...markProblems(params, '/body/params'), ...paramsProblems(type.paramsSchema, params, '/body/params', true)]
  if (problems.length > 0) throw invalidFields(problems)
}

/** What is said of its runs beside each other, and of the executors that may take it. */
function checkPolicies({ policies, environment }: Pick<TaskFields, 'policies' | 'environment'>): void {
  const problems = [
    ...concurrencyProblems(policies.concurrency, '/body/policies/concurrency'),
    ...routeProblems(policies.route, '/body/policies/route'),
    ...selectorProblems(environment.selector, '/body/environment/selector'),
  ]
  if (problems.length > 0) throw invalidFields(problems)
}

/** Its schedules fire with its parameters and their own, and nobody is there to add what is missing. */
async function checkSchedules(edit: Edit, type: TaskTypeRow, taskId: number, params: Record<string, unknown>): Promise<void> {
  if (type.paramsSchema === null) return
  for (const schedule of await scheduleParamsOfTask(edit.tx, edit.tenantId, taskId)) {
    const [problem] = paramsProblems(type.paramsSchema, { ...params, ...schedule.params }, '')
    if (problem)
      throw invalid(
        '/body/params',
        `would leave the schedule ${schedule.code} with parameters that do not fit: ${problem.path} ${problem.message}`,
      )
  }
}

type DownstreamInput = NonNullable<TaskCreate['downstream']>

async function downstreamOf(edit: Edit, input: DownstreamInput): Promise<Wanted['downstream']> {
  if (input.length === 0) return []
  // Before any other task is held: two tasks that name each other then wait here, not for each other.
  await lockDownstream(edit.tx, edit.tenantId)
  const wanted: { taskId: number; outcomes: readonly FinalRunState[] }[] = []
  for (const [index, { task: ref, outcomes = ['SUCCESS' as const] }] of input.entries()) {
    const path = `/body/downstream/${index}/task`
    const task = await holdReference(edit, tasks, ref, path, 'task')
    if (wanted.some(({ taskId }) => taskId === task.id)) throw invalid(path, `names the task ${task.code} a second time`)
    wanted.push({ taskId: task.id, outcomes })
  }
  return wanted
}

async function holdDownstream(edit: Edit, downstream: readonly DownstreamRef[]): Promise<void> {
  if (downstream.length > 0) await lockDownstream(edit.tx, edit.tenantId)
  for (const { taskId, code } of downstream) {
    if (!(await tasks.hold(edit.tx, edit.tenantId, String(taskId))))
      throw new CarillonError('STATE_CONFLICT', `The task ${code}, which this revision starts, has been deleted since.`)
  }
}

async function setDownstream({ tx, tenantId }: Edit, taskId: number, downstream: Wanted['downstream']): Promise<void> {
  await deleteDownstreamOf(tx, tenantId, taskId)
  if (downstream.length === 0) return
  await lockDownstream(tx, tenantId)
  await insertDownstream(tx, tenantId, taskId, downstream)
  checkDownstream(await downstreamEdges(tx, tenantId), taskId)
}
