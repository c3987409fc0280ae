import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

const next = sql('identifier.next', `select nextval('carillon_id') as id`)
/** An identifier that is not used yet. */
export async function nextId(tx: Transaction): Promise<number> {
  return (await tx.query<{ id: number }>(next))[0]!.id
}
