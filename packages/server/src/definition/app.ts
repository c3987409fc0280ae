import type { AppCreate, AppUpdate } from '@carillon/contract'
import { wordOf, type CapacityRule, type FieldProblem } from '@carillon/core'
import { apps, executorsIn, findSharedApp, PLATFORM_TENANT, taskTypesUsing, type AppFields, type AppRow } from '../storage/app.ts'
import { setRate } from '../storage/rate-bucket.ts'
import { lockTasksOfType } from '../storage/task.ts'
import { holdTypesOfApp, taskTypes, type TaskTypeRow } from '../storage/task-type.ts'
import type { Change, Edit } from './edit.ts'
import { invalid, invalidFields } from './invalid.ts'
import { replanTasks } from './task-type.ts'
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

export const APP: ObjectKind<AppRow, AppFields> = { table: apps, noun: 'app' }

export async function createApp(edit: Edit, body: AppCreate): Promise<Change<AppRow>> {
  const fields = checked(edit, {
    code: body.code,
    name: body.name ?? body.code,
    description: body.description ?? '',
    shared: body.shared ?? false,
    paused: body.paused ?? false,
    ratePerSecond: body.ratePerSecond ?? null,
    capacity: body.capacity ?? [],
  })
  // What is meant for an app of the platform (a secret for `builtin`) must not go to whoever takes its name.
  if (edit.tenantId !== PLATFORM_TENANT && (await findSharedApp(edit.tx, body.code))?.code === body.code)
    throw invalid('/body/code', 'is that of an app which the platform shares with every tenant; choose another')
  const relate = (id: number) => setRate(edit.tx, edit.tenantId, rateKey(id), fields.ratePerSecond)
  const row = await insertObject(edit, APP, 'create', fields, { relate })
  return { answer: row, object: { kind: 'app', id: row.id }, before: null, after: bodyOf(APP, row) }
}

export async function updateApp(edit: Edit, ref: string, { version, ...given }: AppUpdate): Promise<Change<AppRow>> {
  const types = given.capacity === undefined ? [] : await lockWork(edit, ref)
  const before = await lockObject(edit, APP, ref)
  assertVersion(before, version)
  return rewrite(edit, 'update', before, { ...bodyOf(APP, before), ...given } as AppFields, types)
}

export async function restoreApp(edit: Edit, ref: string, version: number, revision: number): Promise<Change<AppRow>> {
  const types = await lockWork(edit, ref)
  const before = await lockObject(edit, APP, ref)
  assertVersion(before, version)
  // A revision from before there were rules says nothing of them.
  const body = await revisionBody(edit, APP, before.id, revision)
  return rewrite(edit, 'restore', before, { ...body, capacity: body.capacity ?? [] }, types)
}

export async function deleteApp(edit: Edit, ref: string): Promise<Change<undefined>> {
  const { tx, tenantId } = edit
  const before = await lockObject(edit, APP, ref)
  refuseInUse('app', await taskTypesUsing(tx, tenantId, before.id), 'the task types')
  refuseInUse('app', await executorsIn(tx, tenantId, before.id), 'the executors')
  await setRate(tx, tenantId, rateKey(before.id), null)
  await deleteObject(edit, APP, before)
  return { answer: undefined, object: { kind: 'app', id: before.id }, before: bodyOf(APP, before), after: null }
}

/** The types of an app and their tasks, whose lanes may change. They come before the app, as where an edit of them looks at it. */
async function lockWork({ tx, tenantId }: Edit, ref: string): Promise<readonly TaskTypeRow[]> {
  const app = await apps.find(tx, tenantId, ref)
  if (!app) return []
  const types = await taskTypes.findMany(tx, tenantId, await holdTypesOfApp(tx, tenantId, app.id))
  for (const type of types) await lockTasksOfType(tx, tenantId, type.id)
  return types
}

async function rewrite(
  edit: Edit,
  operation: string,
  before: AppRow,
  fields: AppFields,
  types: readonly TaskTypeRow[],
): Promise<Change<AppRow>> {
  const after = await updateObject(edit, APP, operation, before, checked(edit, fields))
  await setRate(edit.tx, edit.tenantId, rateKey(after.id), after.ratePerSecond)
  // Numbers are read with every claim; words decide in which queue a task waits.
  if (wordsOf(before).join() !== wordsOf(after).join()) for (const type of types) await replanTasks(edit, type)
  return { answer: after, object: { kind: 'app', id: after.id }, before: bodyOf(APP, before), after: bodyOf(APP, after) }
}

const wordsOf = ({ capacity }: AppFields) => [...new Set(capacity.map(wordOf))].sort()

function checked(edit: Edit, fields: AppFields): AppFields {
  if (fields.shared && edit.tenantId !== PLATFORM_TENANT) throw invalid('/body/shared', 'is only for apps of the platform')
  const problems = capacityProblems(fields.capacity, fields.shared)
  if (problems.length > 0) throw invalidFields(problems.map(({ path, message }) => ({ path: `/body/capacity${path}`, message })))
  return fields
}

/** What is wrong with how an app divides its capacity. Whom it names need not exist: apps are applied before their tasks. */
export function capacityProblems(rules: readonly CapacityRule[], shared: boolean): FieldProblem[] {
  const seen = new Set<string>()
  return rules.flatMap((rule, index) => {
    const problem = ruleProblem(rule, shared)
    if (problem) return [{ ...problem, path: `/${index}${problem.path}` }]
    const name = `${wordOf(rule)} ${rule.executor ?? ''}`
    if (seen.has(name)) return [{ path: `/${index}`, message: 'speaks of the same as one before it' }]
    seen.add(name)
    return []
  })
}

function ruleProblem({ task, label, tenant, limit, reserve }: CapacityRule, shared: boolean): FieldProblem | null {
  if ([task, label, tenant].filter((each) => each !== undefined).length !== 1)
    return { path: '', message: 'must name one of task, label and tenant' }
  if (limit === undefined && reserve === undefined) return { path: '', message: 'must say a limit, a reserve, or both' }
  if (limit !== undefined && reserve !== undefined && reserve > limit)
    return { path: '/reserve', message: `is above the limit of ${limit}: it could never be used` }
  if (shared && tenant === undefined)
    return { path: '', message: 'must name a tenant: an app that tenants share is divided among them' }
  if (!shared && tenant !== undefined)
    return { path: '/tenant', message: 'is for apps that the platform shares; name a task or a label here' }
  return null
}

function rateKey(appId: number): string {
  return `app:${appId}`
}
