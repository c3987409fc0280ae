import { queueTopic } from '../runtime/wake-hub.ts'
import type { Transaction } from '../storage/database.ts'
import { reserveAtOnce, type Reserved } from './claim.ts'
import type { Engine } from './engine.ts'

/**
 * Tells of what this transaction has made PENDING, a queue for each instance. A claim that waits on this node is given what it can take
 * before the commit, so that it need not look; everybody else is woken after it.
 */
export async function announcePending(tx: Transaction, engine: Engine, queueIds: readonly number[]): Promise<void> {
  const counts = new Map<number, number>()
  for (const queueId of queueIds) counts.set(queueId, (counts.get(queueId) ?? 0) + 1)
  const given = await giveToOne(tx, engine, [...counts.keys()])
  const served = new Set(given?.leftNothing ? given.queueIds : [])
  for (const [queueId, count] of counts) {
    if (!served.has(queueId)) tx.afterCommit(() => engine.hub.wake(queueTopic(queueId), count))
  }
}

/** What one claim gets, if any: the rest is woken, and looks while the next transaction runs. */
async function giveToOne(tx: Transaction, engine: Engine, queueIds: readonly number[]): Promise<Reserved | null> {
  for (const queueId of queueIds) {
    const claim = engine.claims.take(queueId)
    if (!claim) continue
    tx.afterRollback(() => claim.letGo())
    const reserved = await reserveAtOnce(tx, engine, claim.request, claim.session)
    if (reserved === null || reserved.given.length === 0) {
      tx.afterCommit(() => claim.letGo())
      return null
    }
    tx.afterCommit(() => claim.give(reserved))
    return reserved
  }
  return null
}
