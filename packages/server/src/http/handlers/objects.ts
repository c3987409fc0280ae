import { DEFAULT_LIMIT } from '@carillon/contract'
import type { Change } from '../../definition/edit.ts'
import { noSuch, type ObjectKind } from '../../definition/versioned-object.ts'
import type { Page } from '../../storage/listing.ts'
import { listRevisions, type RevisionRow } from '../../storage/revision.ts'
import type { Transaction } from '../../storage/database.ts'
import type { VersionedRow } from '../../storage/versioned-table.ts'
import type { TaskActivity } from '../../storage/task.ts'
import type { Context } from '../context.ts'

/** What the handlers of all configuration objects share. */
interface PageQuery {
  readonly limit?: number
  readonly cursor?: string
}

interface ListQuery extends PageQuery {
  readonly sort?: 'code' | '-id'
}

/** A page of objects; what the query says beside paging are filters of its table. */
export async function listObjects<Row extends VersionedRow, Fields, View>(
  context: Context,
  { table }: ObjectKind<Row, Fields>,
  { limit = DEFAULT_LIMIT, cursor, sort = 'code', ...filters }: ListQuery,
  viewOf: (row: Row) => View,
): Promise<Page<View>> {
  const page = await context.read((tx) => table.list(tx, context.tenantId, { order: sort, limit, cursor, filters }))
  return { items: page.items.map(viewOf), nextCursor: page.nextCursor }
}

export function findObject<Row extends VersionedRow, Fields>(
  context: Context,
  kind: ObjectKind<Row, Fields>,
  ref: string,
): Promise<Row> {
  return context.read((tx) => findIn(tx, context.tenantId, kind, ref))
}

export async function findIn<Row extends VersionedRow, Fields>(
  tx: Transaction,
  tenantId: number,
  { table, noun }: ObjectKind<Row, Fields>,
  ref: string,
): Promise<Row> {
  const row = await table.find(tx, tenantId, ref)
  if (!row) throw noSuch(noun)
  return row
}

export function listRevisionsOf<Row extends VersionedRow, Fields>(
  context: Context,
  kind: ObjectKind<Row, Fields>,
  ref: string,
  { limit = DEFAULT_LIMIT, cursor }: PageQuery,
): Promise<Page<RevisionRow>> {
  return context.read(async (tx) => {
    const { id } = await findIn(tx, context.tenantId, kind, ref)
    const filters = { objectKind: kind.table.table, objectId: id }
    return listRevisions(tx, context.tenantId, { order: 'newest', limit, cursor, filters })
  })
}

/** The same change, its answer shaped for the wire. */
export async function answering<T, View>(change: Promise<Change<T>>, viewOf: (answer: T) => View): Promise<Change<View>> {
  const done = await change
  return { ...done, answer: viewOf(done.answer) }
}

/** When something that is scheduled fires next, and how it ran last. */
export function activityView(activity: TaskActivity | undefined) {
  return { nextFireAt: activity?.nextFireAt ?? null, lastRun: lastRunOf(activity) }
}

function lastRunOf(activity: TaskActivity | undefined) {
  if (!activity || activity.runId === null || activity.state === null || activity.createdAt === null) return null
  return { id: activity.runId, state: activity.state, createdAt: activity.createdAt, endedAt: activity.endedAt }
}
