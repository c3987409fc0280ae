import { progressOf, untilMore } from './progress.ts'
import type { Scenario } from './scenario.ts'

/** Two nodes fire and serve; one of them after the other is killed in the midst of it and comes back. */
export const killServerNode: Scenario = {
  id: 'F01',
  title: 'kill -9 of a server node, again and again',
  counts: { short: 4, full: 50 },
  cast: () => ({ nodes: 2, executors: 3 }),
  async play(theatre, count) {
    await untilMore(theatre, { fires: 20, ended: 10 })
    for (let kill = 0; kill < count; kill++) {
      await theatre.nodes[kill % theatre.nodes.length]!.kill()
      theatre.stage.note('progress', { ...(await untilMore(theatre, { fires: 30, ended: 20 })) })
    }
    theatre.stage.note('progress', { ...(await progressOf(theatre)) })
  },
  demands: (count) => ({ events: { kill: count }, fires: 30 * count, accepted: 20 * count, acknowledged: 0, latenessMs: null }),
}
