import { describe, expect, test } from 'vitest'
import { ROUTE_STRATEGIES } from '../run/plan.ts'
import { ROUTES, type Candidate } from './strategy.ts'

const candidates: Candidate[] = [10, 20, 30, 40].map((executorId) => ({ executorId, held: 0, capacity: 5 }))
const CHOICES = 10_000

/** A fixed sequence of well spread numbers (the golden ratio's multiples), so that the test is the same each time. */
const spreadOf = (n: number) => (n * 0.618_033_988_749_895) % 1

function distribution(strategy: (typeof ROUTE_STRATEGIES)[number]): number[] {
  const counts = new Map(candidates.map((each) => [each.executorId, 0]))
  let previous: number | null = null
  for (let n = 0; n < CHOICES; n++) {
    previous = ROUTES[strategy]({ candidates, previous, spread: spreadOf(n) }).executorId
    counts.set(previous, counts.get(previous)! + 1)
  }
  return [...counts.values()]
}

describe.each(ROUTE_STRATEGIES)('%s', (strategy) => {
  test('gives equals equal shares of 10,000 (chi-square, 3 degrees of freedom, p = 0.01)', () => {
    const expected = CHOICES / candidates.length
    const chiSquare = distribution(strategy).reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
    expect(chiSquare).toBeLessThan(11.34)
  })
  test('chooses the only one there is', () => {
    expect(ROUTES[strategy]({ candidates: [candidates[2]!], previous: 40, spread: 0.99 })).toBe(candidates[2])
  })
})

test('ROUND_ROBIN goes on behind an executor that has left', () => {
  expect(ROUTES.ROUND_ROBIN({ candidates, previous: 25, spread: 0 }).executorId).toBe(30)
  expect(ROUTES.ROUND_ROBIN({ candidates, previous: 40, spread: 0 }).executorId).toBe(10)
})

test('LEAST_LOADED goes by the share of places taken, then by free places', () => {
  const loaded = [
    { executorId: 1, held: 5, capacity: 10 },
    { executorId: 2, held: 1, capacity: 2 },
    { executorId: 3, held: 9, capacity: 10 },
  ]
  expect(ROUTES.LEAST_LOADED({ candidates: loaded, previous: null, spread: 0.9 }).executorId).toBe(1)
})
