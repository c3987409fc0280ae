import type { TaskTypeCreate, TaskTypeUpdate } from '@carillon/contract'
import { CarillonError, type FieldProblem } from '@carillon/core'
import { PLATFORM_TENANT } from '../storage/app.ts'
import { codesOfTasksOfType, lockTasksOfType, setPlansOfTasks, tasks, tenantsUsingType } from '../storage/task.ts'
import { selectAllowedKinds } from '../storage/tenant.ts'
import { lockSharedTypes, lockUseOfSharedTypes, taskTypes, type TaskTypeFields, type TaskTypeRow } from '../storage/task-type.ts'
import { check } from './check.ts'
import { concurrencyProblems } from './check-concurrency.ts'
import { routeProblems } from './check-route.ts'
import { makePlans } from './compile-plan.ts'
import type { Change, Edit } from './edit.ts'
import { invalid, invalidFields } from './invalid.ts'
import { KINDS, type Kind } from './kinds/index.ts'
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
  noSuch,
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
    shared: body.shared ?? false,
  })
  return created(await insertObject(edit, TASK_TYPE, 'create', fields))
}

export async function updateTaskType(edit: Edit, ref: string, body: TaskTypeUpdate): Promise<Change<TaskTypeRow>> {
  const before = await lockType(edit, ref)
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
  const before = await lockType(edit, ref)
  assertVersion(before, version)
  const body = await revisionBody(edit, TASK_TYPE, before.id, revision)
  return rewrite(edit, 'restore', before, { ...body, shared: before.shared })
}

export async function copyTaskType(
  edit: Edit,
  ref: string,
  code: string,
  name: string | undefined,
): Promise<Change<TaskTypeRow>> {
  const original = await holdTaskType(edit, ref)
  if (!original) throw noSuch(TASK_TYPE.noun)
  await assertKindAllowed(edit, original.kind)
  await assertMayRefer(edit, original.settings, null, '/body/settings')
  const fields = { ...bodyOf(TASK_TYPE, original), code, name: name ?? original.name, shared: false }
  return created(await insertObject(edit, TASK_TYPE, 'copy', await checked(edit, fields)))
}

export async function deleteTaskType(edit: Edit, ref: string): Promise<Change<undefined>> {
  const before = await lockType(edit, ref)
  if (before.shared) await lockSharedTypes(edit.tx)
  refuseInUse('task type', await codesOfTasksOfType(edit.tx, edit.tenantId, before.id), 'the tasks')
  await deleteObject(edit, TASK_TYPE, before)
  return { answer: undefined, object: { kind: 'task_type', id: before.id }, before: bodyOf(TASK_TYPE, before), after: null }
}

/** A type of the tenant, held, or one of the platform; until the transaction ends neither changes. */
export async function holdTaskType({ tx, tenantId }: Edit, ref: string | number): Promise<TaskTypeRow | undefined> {
  const own = await taskTypes.hold(tx, tenantId, String(ref))
  if (own) return own
  await lockUseOfSharedTypes(tx)
  return taskTypes.find(tx, tenantId, String(ref))
}

/** A type that may be changed here. */
async function lockType(edit: Edit, ref: string): Promise<TaskTypeRow> {
  const own = await taskTypes.lock(edit.tx, edit.tenantId, ref)
  if (own) return own
  const shared = await taskTypes.find(edit.tx, edit.tenantId, ref)
  if (!shared) throw noSuch(TASK_TYPE.noun)
  throw new CarillonError('FORBIDDEN', `The task type ${shared.code} is the platform's. Copy it, and change the copy.`)
}

function created(row: TaskTypeRow): Change<TaskTypeRow> {
  return { answer: row, object: { kind: 'task_type', id: row.id }, before: null, after: bodyOf(TASK_TYPE, row) }
}

async function rewrite(edit: Edit, operation: string, before: TaskTypeRow, fields: TaskTypeFields): Promise<Change<TaskTypeRow>> {
  if (fields.kind !== before.kind) await assertKindAllowed(edit, fields.kind)
  await assertMayRefer(edit, fields.settings, before.settings, '/body/settings')
  if (fields.shared !== before.shared)
    throw invalid(
      '/body/shared',
      `stays as it is: ${before.shared ? 'tenants may use the type' : 'make a type that is shared from its start'}`,
    )
  if (before.shared) await lockSharedTypes(edit.tx)
  const after = await updateObject(edit, TASK_TYPE, operation, before, await checked(edit, fields))
  if (after !== before) await replanEverywhere(edit, after)
  const images = { before: bodyOf(TASK_TYPE, before), after: bodyOf(TASK_TYPE, after) }
  return { answer: after, object: { kind: 'task_type', id: after.id }, ...images }
}

/** Tasks of a type of the platform stand in any tenant. */
async function replanEverywhere(edit: Edit, type: TaskTypeRow): Promise<void> {
  if (!type.shared) return replanTasks(edit, type)
  const { replanned: _, ...everywhere } = edit
  for (const tenantId of await tenantsUsingType(edit.tx, type.id)) await replanTasks({ ...everywhere, tenantId }, type)
}

/** Every task of the type gets a new plan in the same transaction: an edit takes effect at once, everywhere. */
export async function replanTasks(edit: Edit, type: TaskTypeRow): Promise<void> {
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
export async function assertKindAllowed({ tx, tenantId }: Edit, kind: string): Promise<void> {
  const allowed = await selectAllowedKinds(tx, tenantId)
  if (allowed === null || allowed.includes(kind)) return
  throw new CarillonError('FORBIDDEN', `This tenant may use the kinds ${allowed.join(', ') || 'none'}, and not ${kind}.`)
}

function settingsProblems(kind: Kind, settings: Readonly<Record<string, unknown>>): FieldProblem[] {
  if (kind.fromParams !== true || settings['fromParams'] !== true) return check(kind.settings, settings, '/body/settings')
  if (Object.keys(settings).length === 1) return []
  return [{ path: '/body/settings', message: 'must hold nothing beside fromParams: its tasks give the settings' }]
}

/** Codes of the platform's types begin with `platform.` and no others do, so in every tenant a code means one type. */
function assertCode({ tenantId }: Edit, { code, shared }: TaskTypeFields): void {
  if (shared && tenantId !== PLATFORM_TENANT) throw invalid('/body/shared', 'is only for task types of the platform')
  if (shared === code.startsWith(SHARED_PREFIX)) return
  throw invalid(
    '/body/code',
    shared
      ? `must begin with ${SHARED_PREFIX} where the type is shared`
      : `begins with ${SHARED_PREFIX}, which is kept for types of the platform`,
  )
}

const SHARED_PREFIX = 'platform.'

async function checked(edit: Edit, fields: TaskTypeFields): Promise<TaskTypeFields> {
  assertCode(edit, fields)
  const kind = KINDS.get(fields.kind)
  if (!kind) throw invalid('/body/kind', `must be one of ${[...KINDS.keys()].join(', ')}`)
  if (kind.app === 'own' && fields.appId === null)
    throw invalid('/body/app', `is required for the kind ${kind.name}: its executors do the work`)
  if (kind.app === 'builtin' && fields.appId !== null)
    throw invalid('/body/app', `must be left out for the kind ${kind.name}: the built-in executor does the work`)
  const schema = fields.paramsSchema === null ? [] : schemaProblems(fields.paramsSchema, edit.limits.schemaBytes)
  const problems = [
    ...settingsProblems(kind, fields.settings),
    ...concurrencyProblems(fields.defaults.concurrency, '/body/defaults/concurrency'),
    ...routeProblems(fields.defaults.route, '/body/defaults/route'),
    ...schema.map((problem) => ({ ...problem, path: `/body/paramsSchema${problem.path}` })),
  ]
  if (problems.length > 0) throw invalidFields(problems)
  const more = fields.settings['fromParams'] === true ? [] : (kind.problems?.(fields.settings) ?? [])
  if (more.length > 0) throw invalidFields(more.map(({ path, message }) => ({ path: `/body/settings${path}`, message })))
  return fields
}
