import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

const remove = sql('objectLabel.delete', `delete from object_label where tenant_id = $1 and object_kind = $2 and object_id = $3`)
const insert = sql(
  'objectLabel.insert',
  `insert into object_label (tenant_id, object_kind, key, value, object_id)
   select $1, $2, l.key, l.value, $3 from jsonb_each_text($4::jsonb) l order by l.key`,
)
/** Keeps the rows by which objects are found in step with the labels that the object carries. */
export async function replaceLabels(
  tx: Transaction,
  tenantId: number,
  objectKind: string,
  objectId: number,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  await tx.query(remove, [tenantId, objectKind, objectId])
  if (Object.keys(labels).length > 0) await tx.query(insert, [tenantId, objectKind, objectId, JSON.stringify(labels)])
}
