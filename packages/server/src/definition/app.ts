import type { AppCreate, AppUpdate } from '@carillon/contract'
import { apps, executorsIn, findSharedApp, PLATFORM_TENANT, taskTypesUsing, type AppFields, type AppRow } from '../storage/app.ts'
import { setRate } from '../storage/rate-bucket.ts'
import type { Change, Edit } from './edit.ts'
import { invalid } from './invalid.ts'
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
  })
  // What is meant for an app of the platform (a secret for `builtin`) must not go to whoever takes its name.
  if (edit.tenantId !== PLATFORM_TENANT && (await findSharedApp(edit.tx, body.code))?.code === body.code)
    throw invalid('/body/code', 'is that of an app which the platform shares with every tenant; choose another')
  const relate = (id: number) => setRate(edit.tx, edit.tenantId, rateKey(id), fields.ratePerSecond)
  const row = await insertObject(edit, APP, 'create', fields, { relate })
  return { answer: row, object: { kind: 'app', id: row.id }, before: null, after: bodyOf(APP, row) }
}

export async function updateApp(edit: Edit, ref: string, { version, ...given }: AppUpdate): Promise<Change<AppRow>> {
  const before = await lockObject(edit, APP, ref)
  assertVersion(before, version)
  return rewrite(edit, 'update', before, { ...bodyOf(APP, before), ...given } as AppFields)
}

export async function restoreApp(edit: Edit, ref: string, version: number, revision: number): Promise<Change<AppRow>> {
  const before = await lockObject(edit, APP, ref)
  assertVersion(before, version)
  return rewrite(edit, 'restore', before, await revisionBody(edit, APP, before.id, revision))
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

async function rewrite(edit: Edit, operation: string, before: AppRow, fields: AppFields): Promise<Change<AppRow>> {
  const after = await updateObject(edit, APP, operation, before, checked(edit, fields))
  await setRate(edit.tx, edit.tenantId, rateKey(after.id), after.ratePerSecond)
  return { answer: after, object: { kind: 'app', id: after.id }, before: bodyOf(APP, before), after: bodyOf(APP, after) }
}

function checked(edit: Edit, fields: AppFields): AppFields {
  if (fields.shared && edit.tenantId !== PLATFORM_TENANT) throw invalid('/body/shared', 'is only for apps of the platform')
  return fields
}

function rateKey(appId: number): string {
  return `app:${appId}`
}
