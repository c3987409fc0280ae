import { waitFor } from '../harness/wait-for.ts'
import { untilMore } from './progress.ts'
import type { Scenario } from './scenario.ts'
import type { Theatre } from './theatre.ts'

/**
 * Two nodes decide about the same fires in the same instant: each firing transaction is held before its COMMIT until the other node has one
 * there as well, or has had the time for it.
 */
export const fireTogether: Scenario = {
  id: 'F03',
  title: 'two nodes fire the same schedules in the same instant',
  counts: { short: 2, full: 100 },
  async play(theatre, count) {
    for (let turn = 0; turn < count; turn++) {
      const held = holdFirings(theatre)
      await waitFor('a firing transaction to be held', () => held() > 0)
      await waitFor('another one beside it', () => held() > 1, { withinMs: TOGETHER_MS }).catch(() => undefined)
      for (const { database } of theatre.nodes) {
        database.commits = () => 'PASS'
        database.release()
      }
      await untilMore(theatre, { fires: 20 })
    }
  },
  demands: (count) => ({ events: { hold: count }, fires: 20 * count, accepted: 20, acknowledged: 0, figures: {} }),
}

/** Longer than a node rests when something is due, and shorter than the database suffers an idle transaction. */
const TOGETHER_MS = 2_000

function holdFirings({ nodes }: Theatre): () => number {
  const holding = new Set<unknown>()
  for (const { database } of nodes) {
    database.commits = (statements) => {
      if (!statements.has('fire.insert')) return 'PASS'
      holding.add(database)
      return 'HOLD'
    }
  }
  return () => holding.size
}
