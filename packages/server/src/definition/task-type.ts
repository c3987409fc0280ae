import type { TaskTypeCreate, TaskTypeUpdate } from '@carillon/contract'
import { CarillonError } from '@carillon/core'
import { codesOfTasksOfType, lockTasksOfType, setPlansOfTasks, tasks } from '../storage/task.ts'
import { selectAllowedKinds } from '../storage/tenant.ts'
import { taskTypes, type TaskTypeFields, type TaskTypeRow } from '../storage/task-type.ts'
import { check } from './check.ts'
import { makePlans } from './compile-plan.ts'
import type { Change, Edit } from './edit.ts'
import { invalid, invalidFields } from './invalid.ts'
import { KINDS } from './kinds/index.ts'
import { paramsProblems, schemaProblems } from './params-schema.ts'
import { patchObject } from './policies.ts'
import { recompileVersionsUsing } from './recompile-dags.ts'
import { holdApp } from './references.ts'
import { assertMayRefer } from './secret.ts'
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

export const TASK_TYPE: ObjectKind<TaskTypeRow, TaskTypeFields> = { table: taskTypes, noun: 'task type' }

export async function createTaskType(edit: Edit, body: TaskTypeCreate): Promise<Change<TaskTypeRow>> {
  await assertMayRefer(edit, body.settings, null, '/body/settings')
  await assertKindAllowed(edit, body.kind)
  const fields = await checked(edit, {
    code: body.code,
    name: body.name ?? body.code,
    description: body.description ?? '',
    kind: body.kind,
    ...(await appOf(edit, body.app)),
    settings: body.settings ?? {},
    paramsSchema: body.paramsSchema ?? null,
    defaults: body.defaults ?? {},
    labels: body.labels ?? {},
    enabled: body.enabled ?? true,
  })
  return created(await insertObject(edit, TASK_TYPE, 'create', fields))
}

export async function updateTaskType(edit: Edit, ref: string, body: TaskTypeUpdate): Promise<Change<TaskTypeRow>> {
  const before = await lockObject(edit, TASK_TYPE, ref)
  assertVersion(before, body.version)
  const { version: _, app, defaults, ...given } = body
  const fields = {
    ...bodyOf(TASK_TYPE, before),
    ...given,
    ...(app === undefined ? {} : await appOf(edit, app ?? undefined)),
    defaults: patchObject(before.defaults, defaults),
  } as TaskTypeFields
  return rewrite(edit, 'update', before, fields)
}

export async function restoreTaskType(edit: Edit, ref: string, version: number, revision: number): Promise<Change<TaskTypeRow>> {
  const before = await lockObject(edit, TASK_TYPE, ref)
  assertVersion(before, version)
  return rewrite(edit, 'restore', before, await revisionBody(edit, TASK_TYPE, before.id, revision))
}

export async function copyTaskType(
  edit: Edit,
  ref: string,
  code: string,
  name: string | undefined,
): Promise<Change<TaskTypeRow>> {
  const original = await lockObject(edit, TASK_TYPE, ref)
  await assertKindAllowed(edit, original.kind)
  await assertMayRefer(edit, original.settings, null, '/body/settings')
  const fields = { ...bodyOf(TASK_TYPE, original), code, name: name ?? original.name }
  return created(await insertObject(edit, TASK_TYPE, 'copy', fields))
}

export async function deleteTaskType(edit: Edit, ref: string): Promise<Change<undefined>> {
  const before = await lockObject(edit, TASK_TYPE, ref)
  refuseInUse('task type', await codesOfTasksOfType(edit.tx, edit.tenantId, before.id), 'the tasks')
  await deleteObject(edit, TASK_TYPE, before)
  return { answer: undefined, object: { kind: 'task_type', id: before.id }, before: bodyOf(TASK_TYPE, before), after: null }
}

function created(row: TaskTypeRow): Change<TaskTypeRow> {
  return { answer: row, object: { kind: 'task_type', id: row.id }, before: null, after: bodyOf(TASK_TYPE, row) }
}

async function rewrite(edit: Edit, operation: string, before: TaskTypeRow, fields: TaskTypeFields): Promise<Change<TaskTypeRow>> {
  if (fields.kind !== before.kind) await assertKindAllowed(edit, fields.kind)
  await assertMayRefer(edit, fields.settings, before.settings, '/body/settings')
  const after = await updateObject(edit, TASK_TYPE, operation, before, await checked(edit, fields))
  if (after !== before) await replanTasks(edit, after)
  const images = { before: bodyOf(TASK_TYPE, before), after: bodyOf(TASK_TYPE, after) }
  return { answer: after, object: { kind: 'task_type', id: after.id }, ...images }
}

/** Every task of the type gets a new plan in the same transaction: an edit takes effect at once, everywhere. */
async function replanTasks(edit: Edit, type: TaskTypeRow): Promise<void> {
  const { tx, tenantId } = edit
  const ids = await lockTasksOfType(tx, tenantId, type.id)
  if (ids.length === 0) return
  const rows = await tasks.findMany(tx, tenantId, ids)
  const misfits = rows.filter((task) => paramsProblems(type.paramsSchema, task.params, '', true).length > 0)
  if (misfits.length > 0)
    throw invalid(
      '/body/paramsSchema',
      `does not fit the parameters of the tasks ${misfits
        .slice(0, 5)
        .map((task) => task.code)
        .join(', ')}`,
    )
  const planned = rows.map((task) => ({ id: task.id, version: task.version, fields: task, downstream: task.downstream }))
  const plans = await makePlans(edit, type, planned)
  await setPlansOfTasks(
    tx,
    tenantId,
    [...plans].map(([taskId, planId]) => ({ taskId, planId })),
  )
  await recompileVersionsUsing(edit, ids)
}

async function appOf(edit: Edit, ref: string | number | undefined): Promise<Pick<TaskTypeFields, 'appId' | 'appTenantId'>> {
  if (ref === undefined) return { appId: null, appTenantId: null }
  const app = await holdApp(edit, ref, '/body/app')
  return { appId: app.id, appTenantId: app.tenantId }
}

/** The platform's administrator says which kinds a tenant may use; what it wrote before that goes on. */
async function assertKindAllowed({ tx, tenantId }: Edit, kind: string): Promise<void> {
  const allowed = await selectAllowedKinds(tx, tenantId)
  if (allowed === null || allowed.includes(kind)) return
  throw new CarillonError('FORBIDDEN', `This tenant may use the kinds ${allowed.join(', ') || 'none'}, and not ${kind}.`)
}

async function checked(edit: Edit, fields: TaskTypeFields): Promise<TaskTypeFields> {
  const kind = KINDS.get(fields.kind)
  if (!kind) throw invalid('/body/kind', `must be one of ${[...KINDS.keys()].join(', ')}`)
  if (kind.app === 'own' && fields.appId === null)
    throw invalid('/body/app', `is required for the kind ${kind.name}: its executors do the work`)
  if (kind.app === 'builtin' && fields.appId !== null)
    throw invalid('/body/app', `must be left out for the kind ${kind.name}: the built-in executor does the work`)
  const schema = fields.paramsSchema === null ? [] : schemaProblems(fields.paramsSchema, edit.limits.schemaBytes)
  const problems = [
    ...check(kind.settings, fields.settings, '/body/settings'),
    ...schema.map((problem) => ({ ...problem, path: `/body/paramsSchema${problem.path}` })),
  ]
  if (problems.length > 0) throw invalidFields(problems)
  const more = kind.problems?.(fields.settings) ?? []
  if (more.length > 0) throw invalidFields(more.map(({ path, message }) => ({ path: `/body/settings${path}`, message })))
  return fields
}
