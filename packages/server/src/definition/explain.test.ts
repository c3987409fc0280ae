import { expect, test } from 'vitest'
import type { WaitingFacts } from '../storage/waiting.ts'
import { explain } from './explain.ts'

const ready: WaitingFacts = {
  id: 1,
  state: 'PENDING',
  waitReason: null,
  dueAt: null,
  runReason: null,
  handler: 'h',
  selector: {},
  appCode: 'app',
  appPaused: false,
  tenantActive: true,
  scheduler: 'RUNNING',
  starts: null,
  serving: 2,
  available: 2,
  free: 1,
  executor: null,
}

test.each<[Partial<WaitingFacts>, string]>([
  [{}, 'QUEUED'],
  [{ scheduler: 'DRAINING', tenantActive: false }, 'SCHEDULER_STOPPED'],
  // Stopped, it fires nothing, but what is queued is given out.
  [{ scheduler: 'STOPPED' }, 'QUEUED'],
  [{ tenantActive: false, appPaused: true }, 'TENANT_SUSPENDED'],
  [{ appPaused: true, serving: 0 }, 'APP_PAUSED'],
  [{ serving: 0, available: 0, free: 0 }, 'NO_EXECUTOR'],
  [{ available: 0, free: 0 }, 'EXECUTORS_UNAVAILABLE'],
  [{ starts: 0, free: 0 }, 'RATE_LIMIT'],
  [{ starts: 1, free: 0 }, 'EXECUTORS_BUSY'],
  [{ state: 'RESERVED', executor: 'w1' }, 'RESERVED'],
  [{ state: 'WAITING', waitReason: 'TIME', dueAt: 5 }, 'TIME'],
  [{ state: 'WAITING', waitReason: 'PAUSED', runReason: 'PAUSED:user:ann' }, 'PAUSED'],
  [{ state: 'WAITING', waitReason: 'DEPENDENCY' }, 'DEPENDENCY'],
  [{ state: 'WAITING', waitReason: 'SLOT', runReason: 'CONCURRENCY:42' }, 'SLOT'],
])('RUN-7 %j waits because of %s', (facts, reason) => {
  expect(explain({ ...ready, ...facts }).reason).toBe(reason)
})

test('RUN-7 a slot names the run that holds it, a pause the person, a time when it ends', () => {
  const waiting = (facts: Partial<WaitingFacts>) => explain({ ...ready, state: 'WAITING', ...facts })
  expect(waiting({ waitReason: 'SLOT', runReason: 'CONCURRENCY:42' }).heldBy).toBe(42)
  expect(waiting({ waitReason: 'PAUSED', runReason: 'PAUSED:user:ann' }).detail).toContain('by user:ann')
  expect(waiting({ waitReason: 'TIME', dueAt: 5 }).until).toBe(5)
})

test('what no executor serves is named with the labels that were asked for', () => {
  expect(explain({ ...ready, serving: 0, selector: { env: 'prod' } }).detail).toBe(
    'No executor serves the handler h under env=prod in the app app.',
  )
})
