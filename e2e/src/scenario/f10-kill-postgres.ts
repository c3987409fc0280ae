import { timed, untilMore } from './progress.ts'
import type { Scenario } from './scenario.ts'

/** PostgreSQL itself: an immediate shutdown and a kill -9 in turn, each followed by a start with recovery. The nodes live through it. */
export const killPostgres: Scenario = {
  id: 'F10',
  title: 'PostgreSQL restarted immediate and killed under load',
  counts: { short: 2, full: 20 },
  async play(theatre, count) {
    const { nodes, postgres } = theatre
    if (postgres.restart === null)
      throw new Error('F10 kills PostgreSQL: unset CARILLON_TEST_DATABASE_URL to give it one of its own')
    const generations = nodes.map((node) => node.generation)
    for (let turn = 0; turn < count; turn++) {
      await untilMore(theatre, { fires: 20, ended: 20, acknowledged: 2 })
      await postgres.restart(turn % 2 === 0 ? 'SIGQUIT' : 'SIGKILL')
      await timed(theatre, 'fires.again', () => untilMore(theatre, { fires: 1 }))
      await untilMore(theatre, { fires: 20, ended: 20, acknowledged: 2 })
    }
    if (nodes.some((node, place) => node.generation !== generations[place])) throw new Error('A node did not live through it')
  },
  demands: (count) => ({
    events: { 'postgres.kill': count, 'fires.again': count },
    fires: 40 * count,
    accepted: 40 * count,
    acknowledged: 4 * count,
    figures: { 'fires.again': 5_000 },
  }),
}
