import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

const begin = sql('savepoint.begin', 'savepoint item')
const release = sql('savepoint.release', 'release savepoint item')
const rollBack = sql('savepoint.rollBack', 'rollback to savepoint item')

/**
 * Runs one item of a larger transaction: when it throws, only what it did is undone. The statements of a connection run in the order in
 * which they are sent, so nobody waits for the savepoint itself.
 */
export async function inSavepoint<T>(tx: Transaction, work: () => Promise<T>): Promise<T> {
  const begun = tx.query(begin)
  try {
    const [result] = await Promise.all([work(), begun])
    await tx.query(release)
    return result
  } catch (error) {
    await Promise.all([tx.query(rollBack), tx.query(release)])
    throw error
  }
}
