import { createRequire } from 'node:module'
import type { Measurement } from '../bench.ts'
import { ratesOf } from '../harness/rounds.ts'
import { carillonEndToEnd } from './carillon-end-to-end.ts'
import { graphileWorker } from './graphile-worker.ts'
import { pgBoss } from './pg-boss.ts'
import { sqlFloor } from './sql-floor.ts'

// One round that is long beside what warming up costs tells more than two short ones.
const QUICK = { roundMs: 1_500, rounds: 1, budgetMs: 10_000 }
const FULL = { roundMs: 4_000, rounds: 7, budgetMs: 240_000 }

/** Pieces of work a second from beginning to end: Carillon beside its peers and what PostgreSQL itself allows, in turns. */
export const throughput: Measurement = {
  name: 'throughput',
  async measure(bench) {
    const contestants = {
      floor: await sqlFloor(bench),
      graphile: await graphileWorker(bench),
      boss: await pgBoss(bench),
      carillon: await carillonEndToEnd(bench),
    }
    const length = bench.quick ? QUICK : FULL
    const { floor, graphile, boss, carillon } = await ratesOf(bench, contestants, length)
    const ratios = [
      `${ratio(carillon, floor)} of the floor`,
      `${ratio(carillon, graphile)} of graphile-worker`,
      `${ratio(carillon, boss)} of pg-boss`,
    ]
    return {
      figures: {
        runsPerSecond: carillon,
        graphileWorkerPerSecond: graphile,
        pgBossPerSecond: boss,
        sqlFloorPerSecond: floor,
      },
      findings: [
        { name: 'Plain SQL, batches of 500 (the floor)', figure: `${floor}/s`, note: bench.postgres.version },
        {
          name: `graphile-worker ${versionOf('graphile-worker')}`,
          figure: `${graphile}/s`,
          note: '24 at once, no local queue; deletes its jobs',
        },
        { name: `pg-boss ${versionOf('pg-boss')}`, figure: `${boss}/s`, note: '20 loops, one job each' },
        {
          name: 'Carillon, API to stored result',
          figure: `${carillon}/s`,
          target: { says: '≥ graphile-worker, ≥ 8 × pg-boss', met: carillon >= graphile && carillon >= 8 * boss },
          note: ratios.join(', '),
        },
      ],
    }
  },
}

const ratio = (a: number, b: number) => `${(a / b).toFixed(2)} ×`

function versionOf(name: string): string {
  return (createRequire(import.meta.url)(`${name}/package.json`) as { version: string }).version
}
