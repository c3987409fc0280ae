import { isDeepStrictEqual } from 'node:util'
import { CarillonError } from '@carillon/core'
import { replaceLabels } from '../storage/object-label.ts'
import { findRevisionBody, insertRevision } from '../storage/revision.ts'
import type { VersionedRow, VersionedTable } from '../storage/versioned-table.ts'
import type { Edit } from './edit.ts'

/**
 * What all configuration objects have in common when they change: the row is locked, its version checked, the new row written whole, and
 * a revision with the full body kept. What differs is how a request becomes fields; that is each object's own file.
 */
export interface ObjectKind<Row extends VersionedRow, Fields> {
  readonly table: VersionedTable<Row, Fields>
  /** As people call it: `task type`. */
  readonly noun: string
  /** Fields of its row that other tables hold and that a revision keeps too. */
  readonly related?: readonly string[]
}

/** The object, locked until the transaction ends. */
export async function lockObject<Row extends VersionedRow, Fields>(
  { tx, tenantId }: Edit,
  { table, noun }: ObjectKind<Row, Fields>,
  ref: string,
): Promise<Row> {
  const row = await table.lock(tx, tenantId, ref)
  if (!row) throw noSuch(noun)
  return row
}

export function noSuch(noun: string): CarillonError {
  // The same words for what does not exist and for what belongs to another tenant.
  return new CarillonError('NOT_FOUND', `There is no such ${noun} in this tenant.`)
}

export function assertVersion(row: { readonly version: number }, expected: number): void {
  if (row.version === expected) return
  throw new CarillonError(
    'VERSION_CONFLICT',
    `You changed version ${expected}, but version ${row.version} is the newest. Read it and try again.`,
    {
      extra: { yourVersion: expected, currentVersion: row.version },
    },
  )
}

/** `relate` writes the rows of other tables that belong to it, for which it must exist first. */
export async function insertObject<Row extends VersionedRow, Fields>(
  edit: Edit,
  kind: ObjectKind<Row, Fields>,
  operation: string,
  fields: Fields,
  more: { readonly id?: number; readonly relate?: (id: number) => Promise<void> } = {},
): Promise<Row> {
  const { tx, tenantId } = edit
  let row = await kind.table.insert(tx, tenantId, fields, more.id)
  if (more.relate) {
    await more.relate(row.id)
    row = (await kind.table.find(tx, tenantId, String(row.id)))!
  }
  await keep(edit, kind, operation, row, {})
  return row
}

/** Writes the locked row anew. What would change nothing is not written, so it makes no version and no revision: `before` is answered. */
export async function updateObject<Row extends VersionedRow, Fields extends object>(
  edit: Edit,
  kind: ObjectKind<Row, Fields>,
  operation: string,
  before: Row,
  fields: Fields,
): Promise<Row> {
  return isUnchanged(kind, before, fields) ? before : writeObject(edit, kind, operation, before, fields)
}

/** As `updateObject`, also where nothing has changed but what other tables hold of it. */
export async function writeObject<Row extends VersionedRow, Fields>(
  edit: Edit,
  kind: ObjectKind<Row, Fields>,
  operation: string,
  before: Row,
  fields: Fields,
): Promise<Row> {
  const row = await kind.table.update(edit.tx, edit.tenantId, before.id, before.version, fields)
  if (!row) throw new Error(`${kind.table.table} ${before.id} changed although it was locked.`)
  await keep(edit, kind, operation, row, labelsOf(before))
  return row
}

/** Whether its row says all of this already. */
export function isUnchanged<Row extends VersionedRow, Fields extends object>(
  { table }: ObjectKind<Row, Fields>,
  before: Row,
  fields: Fields,
): boolean {
  const [old, wanted] = [before, fields] as unknown as [Record<string, unknown>, Record<string, unknown>]
  return table.columns.every((field) => isDeepStrictEqual(old[field], wanted[field]))
}

/** The code is free again; the row stays for what still names it by id. */
export async function deleteObject<Row extends VersionedRow, Fields>(
  { tx, tenantId, principal }: Edit,
  kind: ObjectKind<Row, Fields>,
  before: Row,
): Promise<void> {
  const { table } = kind
  await table.markDeleted(tx, tenantId, before.id)
  await replaceLabels(tx, tenantId, table.table, before.id, {})
  const revision = { objectKind: table.table, objectId: before.id, version: before.version + 1, principal, operation: 'delete' }
  await insertRevision(tx, tenantId, { ...revision, body: bodyOf(kind, before) })
}

export function refuseInUse(noun: string, users: readonly string[], by: string): void {
  if (users.length === 0) return
  throw new CarillonError('IN_USE', `This ${noun} is used by ${by} ${users.join(', ')}. Change or delete them first.`, {
    extra: { usedBy: users },
  })
}

/** The body of an earlier revision, to be written as the newest version. */
export async function revisionBody<Row extends VersionedRow, Fields>(
  { tx, tenantId }: Edit,
  { table, noun }: ObjectKind<Row, Fields>,
  id: number,
  version: number,
): Promise<Fields> {
  const body = await findRevisionBody(tx, tenantId, table.table, id, version)
  if (!body)
    throw new CarillonError(
      'NOT_FOUND',
      `This ${noun} has no revision ${version}. Its list of revisions names those that are kept.`,
    )
  return body as Fields
}

/** What a revision keeps and a restore writes. */
export function bodyOf<Row extends VersionedRow, Fields>({ table, related = [] }: ObjectKind<Row, Fields>, row: Row): Fields {
  const fields = [...table.columns, ...related]
  return Object.fromEntries(fields.map((field) => [field, (row as unknown as Record<string, unknown>)[field]])) as Fields
}

async function keep<Row extends VersionedRow, Fields>(
  { tx, tenantId, principal }: Edit,
  kind: ObjectKind<Row, Fields>,
  operation: string,
  row: Row,
  labelsBefore: Labels,
): Promise<void> {
  const objectKind = kind.table.table
  const revision = { objectKind, objectId: row.id, version: row.version, principal, operation }
  const labels = labelsOf(row)
  const same = JSON.stringify(labels) === JSON.stringify(labelsBefore)
  await Promise.all([
    insertRevision(tx, tenantId, { ...revision, body: bodyOf(kind, row) }),
    same ? null : replaceLabels(tx, tenantId, objectKind, row.id, labels),
  ])
}

type Labels = Readonly<Record<string, string>>

function labelsOf(row: VersionedRow): Labels {
  return (row as { labels?: Labels }).labels ?? {}
}
