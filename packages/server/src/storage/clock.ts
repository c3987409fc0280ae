import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

const READ = sql('clock.read', `select to_ms(statement_timestamp()) as now`)

/**
 * The database's clock as it stands now, where `tx.now()` is the time at which the transaction first asked: for what is decided late in a
 * transaction about rows that others have changed since.
 */
export async function readClock(tx: Transaction): Promise<number> {
  return (await tx.query<{ now: number }>(READ))[0]!.now
}
