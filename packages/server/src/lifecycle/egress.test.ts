import { afterAll, beforeAll, expect, test } from 'vitest'
import { createWorld, type World } from './engine.test-helper.ts'
import { createEgress, givingWhereHeard, type PrivateEgress } from './egress.ts'
import type { ExecutorTraffic } from './executor-traffic.ts'
import { privateTargetsOf } from './private-targets.ts'

let world: World
let a: number
let b: number
beforeAll(async () => {
  world = await createWorld()
  a = (await world.task()).tenantId
  b = (await world.task()).tenantId
  await allow(a, '10.20.0.0/16', 'billing.internal')
})
afterAll(() => world.close())

const allow = (tenantId: number, ...targets: string[]) =>
  world.sql('update tenant set private_targets = $2::text[] where id = $1', tenantId, targets)
const rulesOf = (...entries: string[]) => ({ allowPrivate: false, targets: privateTargetsOf(entries) })
const CLOSED = { allowPrivate: false }

async function egress(who: PrivateEgress) {
  let now = 0
  const made = createEgress(world.engine.db, who, () => now)
  await made.refresh()
  return { ...made, pass: (ms: number) => (now += ms) }
}

test('each tenant may reach what an administrator of the platform has allowed it, and no other tenant may', async () => {
  const { of } = await egress('TARGETS')
  expect(of(a)).toEqual(rulesOf('10.20.0.0/16', 'billing.internal'))
  expect(of(b)).toEqual(CLOSED)
})

test('before it has heard of anything a node opens nothing', () => {
  expect(createEgress(world.engine.db, 'TARGETS').of(a)).toEqual(CLOSED)
})

test('what is given or taken away counts from the next look, and the rules of the others stay the very same', async () => {
  const { of, refresh } = await egress('TARGETS')
  const before = of(a)
  await allow(b, '127.0.0.1')
  expect(await refresh()).toBeLessThanOrEqual(5_000)
  expect(of(b)).toEqual(rulesOf('127.0.0.1'))
  expect(of(a)).toBe(before)
  await allow(b)
  await refresh()
  expect(of(b)).toEqual(CLOSED)
})

test('a node that cannot hear any more what is taken away opens nothing', async () => {
  const { of, pass, refresh } = await egress('TARGETS')
  pass(29_000)
  expect(of(a)).not.toEqual(CLOSED)
  pass(2_000)
  expect(of(a)).toEqual(CLOSED)
  await refresh()
  expect(of(a)).not.toEqual(CLOSED)
})

test('work is given to executors of the platform only after a node has heard again where it may go', async () => {
  const { of, pass, catchUp } = await egress('TARGETS')
  const giving = (assignments: readonly object[]) =>
    givingWhereHeard({ claim: async () => ({ assignments, control: {} }) } as unknown as ExecutorTraffic, { catchUp })
  const claim = (tenantId: number, assignments: readonly object[]) =>
    giving(assignments).claim({ tenantId, appId: null }, { session: 1, seq: 1, max: 1, waitMs: 0 }, new AbortController().signal)
  pass(40_000)
  await claim(1, [])
  await claim(a, [{ tenant: a }])
  expect(of(a)).toEqual(CLOSED)
  await claim(1, [{ tenant: a }])
  expect(of(a)).not.toEqual(CLOSED)
})

test('what cannot be heard stays closed, and keeps no work from being given', async () => {
  const deaf = createEgress({ look: () => Promise.reject(new Error('away')) }, 'TARGETS')
  await deaf.catchUp()
  expect(deaf.of(a)).toEqual(CLOSED)
})

test('where the installation opens none, no tenant has any; where it opens all, all have', async () => {
  expect((await egress('NOBODY')).of(a)).toEqual(CLOSED)
  expect((await egress('EVERYONE')).of(b)).toEqual({ allowPrivate: true })
})
