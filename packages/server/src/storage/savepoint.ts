import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

const begin = sql('savepoint.begin', 'savepoint item')
const release = sql('savepoint.release', 'release savepoint item')
const rollBack = sql('savepoint.roll-back', 'rollback to savepoint item')

/** Runs one item of a larger transaction: when it throws, only what it did is undone. */
export async function inSavepoint<T>(tx: Transaction, work: () => Promise<T>): Promise<T> {
  await tx.query(begin)
  try {
    const result = await work()
    await tx.query(release)
    return result
  } catch (error) {
    await tx.query(rollBack)
    await tx.query(release)
    throw error
  }
}
