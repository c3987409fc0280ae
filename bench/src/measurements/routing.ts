import { NAMING_STRATEGIES, ROUTE_STRATEGIES, chooseExecutor, type Candidate, type RouteStrategy } from '@carillon/core'
import type { Measurement } from '../bench.ts'

const EXECUTORS = 1_000
const CHOICES = 4_000
const ROUNDS = 7
const MOST_US = 20

/** What a choice costs among a thousand executors, for the slowest strategy. */
export const routing: Measurement = {
  name: 'routing',
  fullOnly: true,
  measure() {
    const costs = ROUTE_STRATEGIES.map((strategy) => ({ strategy, us: costOf(strategy) })).sort((a, b) => b.us - a.us)
    const [slowest] = costs
    const finding = {
      name: `A choice among ${EXECUTORS} executors, slowest strategy`,
      figure: `${slowest!.us} µs`,
      target: { says: `< ${MOST_US} µs`, met: slowest!.us < MOST_US },
      note: costs.map(({ strategy, us }) => `${strategy} ${us}`).join(', '),
    }
    const figures = { routeChoiceUs: Object.fromEntries(costs.map(({ strategy, us }) => [strategy, us])) }
    return Promise.resolve({ findings: [finding], figures })
  },
}

interface Contestant extends Candidate {
  held: number
  mark: number | null
}

/** Microseconds of processor time a choice (the median of some rounds), with what it leaves behind noted for the next, as dispatching does. */
function costOf(strategy: RouteStrategy): number {
  const candidates = Array.from({ length: EXECUTORS }, (_, n): Contestant => {
    return { executorId: 2 ** 37 * 20_000 + n, held: n % 4, capacity: 1_000, weight: 1 + (n % 5), priority: 5, mark: null }
  })
  const policy = { strategy, ...(NAMING_STRATEGIES.includes(strategy) ? { failover: true } : {}) }
  let previous: number | null = null
  const choose = (n: number) => {
    const choice = chooseExecutor(policy, { candidates, previous, avoid: null, key: `key-${n}`, spread: (n * 0.618) % 1 })!
    for (let index = 0; index < choice.marked.length; index++) choice.marked[index]!.mark = choice.marks[index]!
    choice.chosen.held = (choice.chosen.held + 1) % 1_000
    previous = choice.previous
  }
  const rounds = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage()
    for (let n = 0; n < CHOICES; n++) choose(n)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / CHOICES
  })
  return Number(rounds.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)]!.toFixed(1))
}
