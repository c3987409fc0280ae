import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

/**
 * What has changed since the last look, without a column that the hot path would have to write: PostgreSQL keeps with each row the transaction
 * that wrote it. A mark is the oldest transaction that was still under way; whatever it or a later one writes was not there yet, whatever
 * came before was. (Compared with the oldest alone, not with the whole snapshot: that does not know subtransactions, and would lose what a
 * savepoint wrote.) So a look sees a little too much now and then, and never too little.
 *
 * Marks rise as long as the database lives; they are good on every node and after a restart, and for no other database.
 */
const mark = sql('transaction.mark', `select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as mark`)

/** To be asked before the rows are read, or what ends in between is lost. */
export async function changeMark(tx: Transaction): Promise<number> {
  return (await tx.query<{ mark: number }>(mark))[0]!.mark
}

const NEXT = `(select pg_snapshot_xmax(pg_current_snapshot())::text::bigint)`

/** The transaction that wrote a row, in full: a row keeps 32 bits of it, and all lie behind the next one. */
export function stampOf(alias: string): string {
  return `(${NEXT} - ((${NEXT} - ${alias}.xmin::text::bigint) & 4294967295))`
}

export function changedSince(alias: string, mark: string): string {
  return `${stampOf(alias)} >= ${mark}::bigint`
}
