import { apps, findSharedApp } from '../storage/app.ts'
import type { Edit } from './edit.ts'
import { invalid } from './invalid.ts'
import type { VersionedRow, VersionedTable } from '../storage/versioned-table.ts'

/** What a request refers to, held so that it cannot be deleted or changed before this transaction ends. `path`: where the request says so. */
export async function holdReference<Row extends VersionedRow, Fields>(
  { tx, tenantId }: Edit,
  table: VersionedTable<Row, Fields>,
  ref: string | number,
  path: string,
  noun: string,
): Promise<Row> {
  const row = await table.hold(tx, tenantId, String(ref))
  if (!row) throw invalid(path, `names no ${noun} of this tenant`)
  return row
}

/** An app of the tenant, or one that the platform shares. */
export async function holdApp(
  { tx, tenantId }: Edit,
  ref: string | number,
  path: string,
): Promise<{ readonly tenantId: number; readonly id: number }> {
  const own = await apps.hold(tx, tenantId, String(ref))
  if (own) return { tenantId, id: own.id }
  const shared = await findSharedApp(tx, String(ref))
  if (!shared) throw invalid(path, 'names no app of this tenant')
  return shared
}
