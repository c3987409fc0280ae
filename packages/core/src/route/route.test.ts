import { describe, expect, test } from 'vitest'
import { ROUTE_STRATEGIES, type RouteStrategy } from '../run/plan.ts'
import { chooseExecutor } from './choose.ts'
import { NAMING_STRATEGIES, type RoutePolicy } from './policy.ts'
import { ROUTES, type Candidate } from './strategy.ts'

const CHOICES = 10_000
/** Chi-square below this: 3 degrees of freedom, p = 0.01. */
const LIMIT_OF_FOUR = 11.34

const executor = (executorId: number, more: Partial<Candidate> = {}): Candidate => ({
  ...{ executorId, held: 0, capacity: 5, weight: 1, priority: 5, mark: null },
  ...more,
})
const four = [10, 20, 30, 40].map((id) => executor(id))

/** mulberry32: the same numbers each time. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let word = Math.imul(state ^ (state >>> 15), 1 | state)
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The executors chosen, each choice knowing what the one before left behind. */
function choose(
  policy: RouteStrategy | RoutePolicy,
  executors: readonly Candidate[],
  choices: number,
  keyOf = (n: number) => `key-${n}`,
) {
  const random = seeded(42)
  const marks = new Map<number, number>()
  let previous: number | null = null
  return Array.from({ length: choices }, (_, n) => {
    const candidates = executors.map((each) => ({ ...each, mark: marks.get(each.executorId) ?? each.mark }))
    const asked = typeof policy === 'string' ? { strategy: policy } : policy
    const choice = chooseExecutor(asked, { candidates, previous, avoid: null, key: keyOf(n), spread: random() })!
    previous = choice.previous
    choice.marked.forEach(({ executorId }, place) => marks.set(executorId, choice.marks[place]!))
    return choice.chosen.executorId
  })
}

function chiSquare(chosen: readonly number[], weights: ReadonlyMap<number, number>): number {
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0)
  return [...weights].reduce((sum, [id, weight]) => {
    const expected = (chosen.length * weight) / total
    return sum + (chosen.filter((each) => each === id).length - expected) ** 2 / expected
  }, 0)
}

const equal = new Map(four.map(({ executorId }) => [executorId, 1]))
/** These choose the same one again and again, as they should. */
const ALWAYS_ONE: readonly RouteStrategy[] = ['STICKY', 'FIRST', 'LAST', 'FAILOVER', 'BUSYOVER']

describe.each(ROUTE_STRATEGIES)('%s', (strategy) => {
  test.skipIf(ALWAYS_ONE.includes(strategy))('gives equals equal shares of 10,000 (chi-square, p = 0.01)', () => {
    expect(chiSquare(choose(strategy, four, CHOICES), equal)).toBeLessThan(LIMIT_OF_FOUR)
  })
  test.runIf(ALWAYS_ONE.includes(strategy))('chooses one of idle equals each time', () => {
    expect(new Set(choose(strategy, four, 100)).size).toBe(1)
  })
  test('chooses the only one there is, whatever was chosen before', () => {
    const choice = { candidates: [four[2]!], previous: 40, avoid: null, key: 'a', spread: 0.999 }
    expect(chooseExecutor({ strategy }, choice)?.chosen).toBe(four[2])
  })
  test('chooses nobody where there is nobody', () => {
    expect(chooseExecutor({ strategy }, { candidates: [], previous: null, avoid: null, key: '', spread: 0 })).toBeNull()
  })
  test('waits for a full executor only where it names one', () => {
    const full = [executor(1, { held: 5 }), executor(2, { held: 5 })]
    const chosen = chooseExecutor({ strategy }, { candidates: full, previous: null, avoid: null, key: 'a', spread: 0.5 })
    expect(chosen !== null).toBe(NAMING_STRATEGIES.includes(strategy) && strategy !== 'FAILOVER')
  })
  test('leaves out the one that is to be avoided, unless there is no other', () => {
    const chosen = (candidates: readonly Candidate[]) =>
      chooseExecutor({ strategy }, { candidates, previous: 10, avoid: 10, key: 'a', spread: 0 })!.chosen.executorId
    expect(chosen([four[0]!, four[1]!])).toBe(20)
    expect(chosen([four[0]!])).toBe(10)
  })
  test('takes those of the highest priority, and the others when these are full', () => {
    const [high, low] = [executor(1, { priority: 9, capacity: 1 }), executor(2, { priority: 2 })]
    const policy = { strategy, failover: true }
    expect(new Set(choose(policy, [high, low], 20))).toEqual(new Set([1]))
    expect(new Set(choose(policy, [{ ...high, held: 1 }, low], 20))).toEqual(new Set([2]))
  })
})

test('ROUND_ROBIN goes on behind an executor that has left', () => {
  const next = (previous: number) =>
    four[ROUTES.ROUND_ROBIN({ candidates: four, previous, key: '', spread: 0 }).index]!.executorId
  expect([next(25), next(40)]).toEqual([30, 10])
})

test('WEIGHTED_ROUND_ROBIN gives shares by weight, and spreads the heavy one between the others', () => {
  const [a, b, c] = [executor(1, { weight: 5 }), executor(2), executor(3)]
  expect(choose('WEIGHTED_ROUND_ROBIN', [a, b, c], 7)).toEqual([1, 1, 2, 1, 3, 1, 1])
  const weights = new Map([10, 20, 30, 40].map((id, index) => [id, index + 1]))
  const weighted = [...weights].map(([id, weight]) => executor(id, { weight }))
  expect(chiSquare(choose('WEIGHTED_ROUND_ROBIN', weighted, CHOICES), weights)).toBeLessThan(LIMIT_OF_FOUR)
})

test('LEAST_LOADED goes by the share of places taken, then by free places, then by chance', () => {
  const loaded = [
    executor(1, { held: 5, capacity: 10 }),
    executor(2, { held: 1, capacity: 2 }),
    executor(3, { held: 9, capacity: 10 }),
    executor(4, { held: 5, capacity: 10 }),
  ]
  expect(chiSquare(choose('LEAST_LOADED', loaded, CHOICES), new Map([1, 4].map((id) => [id, 1])))).toBeLessThan(LIMIT_OF_FOUR)
  expect(new Set(choose('LEAST_LOADED', loaded, 100))).toEqual(new Set([1, 4]))
})

test('FIRST and LAST go by the order of registration', () => {
  expect([choose('FIRST', four, 1), choose('LAST', four, 1)]).toEqual([[10], [40]])
})

test('BUSYOVER takes the first that does nothing, else the first', () => {
  const busy = [executor(1, { held: 2 }), executor(2, { held: 1 }), executor(3), executor(4)]
  expect(choose('BUSYOVER', busy, 1)).toEqual([3])
  expect(choose('BUSYOVER', busy.slice(0, 2), 1)).toEqual([1])
})

test('STICKY stays while its home is there, moves when it is gone, and stays there when it is back', () => {
  const at = (previous: number | null, candidates = four) =>
    chooseExecutor({ strategy: 'STICKY' }, { candidates, previous, avoid: null, key: '', spread: 0 })!.previous
  expect(at(30)).toBe(30)
  const without = four.filter(({ executorId }) => executorId !== 30)
  expect(at(30, without)).toBe(10)
  expect(at(10)).toBe(10)
})

test('STICKY with failover lends to another what its full home has no place for, and keeps the home', () => {
  const candidates = [executor(1, { held: 5 }), executor(2)]
  const choice = chooseExecutor(
    { strategy: 'STICKY', failover: true },
    { candidates, previous: 1, avoid: null, key: '', spread: 0 },
  )!
  expect([choice.chosen.executorId, choice.previous]).toEqual([2, 1])
  const idle = { candidates: [executor(1), executor(2)], previous: 1, avoid: 1, key: '', spread: 0 }
  const avoiding = chooseExecutor({ strategy: 'STICKY', failover: true }, idle)!
  expect([avoiding.chosen.executorId, avoiding.previous]).toEqual([2, 1])
})

describe('CONSISTENT_HASH', () => {
  const ten = Array.from({ length: 10 }, (_, n) => executor(2 ** 37 * 20_000 + n))
  test('gives a key to the same executor each time', () => {
    expect(new Set(choose('CONSISTENT_HASH', ten, 100, () => 'customer-7')).size).toBe(1)
  })
  test('moves only the keys of the one that leaves', () => {
    const before = choose('CONSISTENT_HASH', ten, CHOICES)
    const gone = ten[3]!
    const after = choose(
      'CONSISTENT_HASH',
      ten.filter((each) => each !== gone),
      CHOICES,
    )
    before.forEach((id, n) => expect(id === gone.executorId || id === after[n]).toBe(true))
    // What it had is spread over the nine others (8 degrees of freedom, p = 0.01).
    const moved = after.filter((_, n) => before[n] === gone.executorId)
    const others = new Map(ten.filter((each) => each !== gone).map(({ executorId }) => [executorId, 1]))
    expect(chiSquare(moved, others)).toBeLessThan(20.09)
  })
  test('gives shares by weight', () => {
    const weights = new Map([10, 20, 30, 40].map((id, index) => [id, index + 1]))
    const weighted = [...weights].map(([id, weight]) => executor(id, { weight }))
    expect(chiSquare(choose('CONSISTENT_HASH', weighted, CHOICES), weights)).toBeLessThan(LIMIT_OF_FOUR)
  })
})

describe('LFU and LRU', () => {
  const marked = (marks: readonly (number | null)[]) => marks.map((mark, index) => executor(index + 1, { mark }))
  const at = (strategy: 'LFU' | 'LRU', marks: readonly (number | null)[]) => {
    const { index, mark } = ROUTES[strategy]({ candidates: marked(marks), previous: null, key: '', spread: 0 })
    return [index + 1, mark]
  }
  test('LFU takes the one chosen least often; one that joins is next, and then like the least', () => {
    expect(at('LFU', [7, 3, 5])).toEqual([2, 4])
    expect(at('LFU', [7, 3, null])).toEqual([3, 3])
    expect(choose('LFU', four, 8)).toEqual([10, 20, 30, 40, 10, 20, 30, 40])
  })
  test('LRU takes the one whose choice is longest ago', () => {
    expect(at('LRU', [7, 3, 5])).toEqual([2, 8])
    expect(at('LRU', [7, 3, null])).toEqual([3, 8])
  })
})
