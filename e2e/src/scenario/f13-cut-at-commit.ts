import type { CommitRule } from '../harness/postgres-proxy.ts'
import { waitFor } from '../harness/wait-for.ts'
import { untilMore } from './progress.ts'
import type { Scenario } from './scenario.ts'

/**
 * The connection is cut exactly at COMMIT: before it arrives, or before its answer does. The client hears that nobody knows, and asks again
 * under the same key. Every key must have one effect.
 */
export const cutAtCommit: Scenario = {
  id: 'F13',
  title: 'connections cut exactly at COMMIT',
  counts: { short: 20, full: 1_000 },
  async play(theatre, count) {
    let [asked, cut] = [0, 0]
    const rule: CommitRule = (statements) => {
      // Every other one gets through, so that clients go on to new keys.
      if (!hasKey(statements) || cut >= count || ++asked % 2 === 0) return 'PASS'
      return ++cut % 2 === 0 ? 'CUT_ANSWER' : 'CUT_REQUEST'
    }
    for (const node of theatre.nodes) node.database.commits = rule
    await waitFor(`${count} cuts`, () => cut >= count, { withinMs: 60_000 + count * 500 })
    for (const node of theatre.nodes) node.database.commits = () => 'PASS'
    await untilMore(theatre, { acknowledged: 4, fires: 20, ended: 20 })
  },
  demands: (count) => ({
    events: { cut_request: Math.ceil(count / 2), cut_answer: Math.floor(count / 2) },
    fires: 20,
    accepted: 20,
    acknowledged: Math.floor(count / 2),
    figures: {},
  }),
}

function hasKey(statements: ReadonlySet<string>): boolean {
  return [...statements].some((name) => name.startsWith('idempotency'))
}
