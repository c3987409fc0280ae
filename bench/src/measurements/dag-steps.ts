import { createRequire } from 'node:module'
import type { Measurement } from '../bench.ts'
import { ratesOf } from '../harness/rounds.ts'
import { carillonDags } from './carillon-dags.ts'
import { dbos as dbosGraphs } from './dbos.ts'

const QUICK = { roundMs: 600, rounds: 1, budgetMs: 6_000 }
const FULL = { roundMs: 4_000, rounds: 5, budgetMs: 120_000 }
const LEAST_RATIO = 3

/** Steps of DAGs a second: chains of ten and a fan of a thousand, Carillon beside DBOS, in turns. */
export const dagSteps: Measurement = {
  name: 'dag-steps',
  async measure(bench) {
    const [carillon, dbos] = [await carillonDags(bench), await dbosGraphs(bench)]
    const contestants = {
      'carillon chain': carillon.chain,
      'dbos chain': dbos.chain,
      'carillon fan': carillon.fan,
      'dbos fan': dbos.fan,
    }
    const rates = await ratesOf(bench, contestants, bench.quick ? QUICK : FULL)
    const ours = together(rates['carillon chain'], rates['carillon fan'])
    const theirs = together(rates['dbos chain'], rates['dbos fan'])
    return {
      figures: { dagStepsPerSecond: ours, dbosStepsPerSecond: theirs },
      findings: [
        {
          name: `DBOS ${versionOfDbos()}: steps of chains and fans`,
          figure: `${theirs}/s`,
          note: `chains of 10 ${rates['dbos chain']}/s, a fan of 1000 ${rates['dbos fan']}/s; steps in the process of the workflow`,
        },
        {
          name: 'Carillon: nodes of chains and fans, API to stored result',
          figure: `${ours}/s`,
          target: { says: `≥ ${LEAST_RATIO} × DBOS`, met: ours >= LEAST_RATIO * theirs },
          note: `chains of 10 ${rates['carillon chain']}/s, a fan of 1000 ${rates['carillon fan']}/s; ${(ours / theirs).toFixed(2)} × of DBOS; executor in another process`,
        },
      ],
    }
  },
}

/** The rate of as many steps of each. */
function together(a: number, b: number): number {
  return Math.round(2 / (1 / a + 1 / b))
}

/** The package keeps its own package.json to itself. */
function versionOfDbos(): string {
  const { dependencies } = createRequire(import.meta.url)('@carillon/bench/package.json') as {
    dependencies: Record<string, string>
  }
  return dependencies['@dbos-inc/dbos-sdk']!
}
