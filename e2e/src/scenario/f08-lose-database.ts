import { waitFor } from '../harness/wait-for.ts'
import type { Weather } from '../harness/postgres-proxy.ts'
import { seenJustNow } from './f05-stop-server-node.ts'
import { timed, untilMore } from './progress.ts'
import type { Scenario } from './scenario.ts'

const WEATHERS: readonly Weather[] = ['BLACKHOLE', 'DEAF', 'SLOW']

/** A node loses the database in every way a network has: silence, answers that do not come, slowness, broken connections. It must stay, and come back. */
export const loseDatabase: Scenario = {
  id: 'F08',
  title: 'the network between a server node and PostgreSQL fails',
  counts: { short: 2, full: 12 },
  async play(theatre, count) {
    for (let turn = 0; turn < count; turn++) {
      const node = theatre.nodes[turn % theatre.nodes.length]!
      const process = (await node.child).pid
      node.database.setWeather(WEATHERS[turn % WEATHERS.length]!)
      await untilMore(theatre, { fires: 40 })
      node.database.setWeather('CLEAR')
      node.database.reset()
      await timed(theatre, 'node.back', () => waitFor('the node to be back', () => seenJustNow(theatre, node.name)))
      await untilMore(theatre, { fires: 20, ended: 20 })
      if ((await node.child).pid !== process) throw new Error(`${node.name} did not live through the loss of its database`)
    }
  },
  demands: (count) => ({
    events: { weather: 2 * count, reset: count, 'node.back': count },
    fires: 60 * count,
    accepted: 20 * count,
    acknowledged: 0,
    figures: { 'node.back': 5_000 },
  }),
}
