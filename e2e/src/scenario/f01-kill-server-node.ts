import { untilMore } from './progress.ts'
import type { Scenario } from './scenario.ts'

/** Two nodes fire and serve; one after the other is killed in the midst of it and comes back. */
export const killServerNode: Scenario = {
  id: 'F01',
  title: 'kill -9 of a server node under load',
  counts: { short: 2, full: 50 },
  async play(theatre, count) {
    await untilMore(theatre, { fires: 20, ended: 20 })
    for (let kill = 0; kill < count; kill++) {
      await theatre.nodes[kill % theatre.nodes.length]!.kill()
      await untilMore(theatre, { fires: 20, ended: 20, acknowledged: 2 })
    }
  },
  demands: (count) => ({
    events: { kill: count },
    fires: 20 * count,
    accepted: 20 * count,
    acknowledged: 2 * count,
    figures: { lateness: 3_000 },
  }),
}
