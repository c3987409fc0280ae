import { expect, test } from 'vitest'
import { createClockGuard } from './clock-guard.ts'

const CALM_MS = 30_000
const SILENCE_MS = 10_000

/** A guard that is told what the database says every two seconds, on two clocks that tests set. */
function guarded() {
  const jumps: number[] = []
  let own = 1_000
  let database = 1_800_000_000_000
  const guard = createClockGuard({
    ...{ calmMs: CALM_MS, silenceMs: SILENCE_MS },
    monotonic: () => own,
    onJump: (ms) => jumps.push(ms),
  })
  const pass = (ms: number) => {
    own += ms
    database += ms
  }
  const watch = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 2_000) {
      pass(2_000)
      guard.observe(database)
    }
  }
  return { guard, jumps, pass, watch, observe: () => guard.observe(database), jump: (ms: number) => void (database += ms) }
}

test('is calm once it has watched for a while, and not before it has been told anything', () => {
  const { guard, pass, watch, jumps } = guarded()
  pass(CALM_MS)
  expect(guard.isCalm()).toBe(false)
  watch(2_000)
  expect(guard.isCalm()).toBe(true)

  const other = guarded()
  other.watch(CALM_MS - 2_000)
  expect(other.guard.isCalm()).toBe(false)
  other.watch(2_000)
  expect(other.guard.isCalm()).toBe(true)
  expect([...jumps, ...other.jumps]).toEqual([])
})

test.each([
  ['forward', 3_600_000],
  ['forward by more than a year', 400 * 86_400_000],
  ['back', -600_000],
  ['by just more than what counts as drift', 5_001],
])('tells of a clock of the database that jumps %s, once, and is calm again a while later', (_, ms) => {
  const { guard, jumps, jump, watch } = guarded()
  watch(CALM_MS)
  jump(ms)
  watch(2_000)
  expect(jumps).toEqual([ms])
  expect(guard.isCalm()).toBe(false)
  watch(CALM_MS - 2_000)
  expect(guard.isCalm()).toBe(false)
  watch(2_000)
  expect(guard.isCalm()).toBe(true)
  expect(jumps).toEqual([ms])
})

test('a second jump before it is calm again is told too, and it waits anew', () => {
  const { guard, jumps, jump, watch } = guarded()
  watch(CALM_MS)
  jump(3_600_000)
  watch(CALM_MS - 4_000)
  jump(-3_600_000)
  watch(CALM_MS)
  expect(jumps).toEqual([3_600_000, -3_600_000])
  expect(guard.isCalm()).toBe(false)
  watch(2_000)
  expect(guard.isCalm()).toBe(true)
})

test('clocks that drift apart slowly, or by five seconds at once, are no jump', () => {
  const { guard, jumps, jump, watch } = guarded()
  watch(CALM_MS)
  for (let beat = 0; beat < 100; beat++) {
    jump(200)
    watch(2_000)
  }
  jump(5_000)
  watch(2_000)
  expect(jumps).toEqual([])
  expect(guard.isCalm()).toBe(true)
})

test('is not calm while it is told nothing, nor right after this process or the database was silent, which is no jump', () => {
  const { guard, jumps, pass, observe, watch } = guarded()
  watch(CALM_MS)
  pass(SILENCE_MS)
  expect(guard.isCalm()).toBe(true)
  pass(1)
  expect(guard.isCalm()).toBe(false)
  observe()
  expect(guard.isCalm()).toBe(false)
  watch(CALM_MS)
  expect(guard.isCalm()).toBe(true)
  expect(jumps).toEqual([])
})
