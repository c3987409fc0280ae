import { expect, test } from 'vitest'
import { neverFiresAfter, whyNoFire } from './never-fires.ts'
import { at, cron, everyMs, scheduleOf } from './schedules.test-helper.ts'

const NOW = at('2026-11-21T12:00')

test.each([
  ['cron whose years have passed', cron('0 0 0 1 1 ? 1999'), 'timing.expression', /all of its fires have passed/],
  ['ONCE in the past', scheduleOf({ kind: 'ONCE', at: NOW - 1 }), 'timing.at', /2026-11-21T11:59:59\+00:00 has passed/],
  ['ONCE at this very instant', scheduleOf({ kind: 'ONCE', at: NOW }), 'timing.at', /trigger the task/],
  ['an end that has passed', everyMs(60_000, 0, { endAt: NOW - 1 }), 'endAt', /before its next fire/],
  ['an end before the next fire', cron('@yearly', 'UTC', 'DEFAULT', { endAt: at('2026-12-24') }), 'endAt', /2026-12-24/],
  [
    'a delay that ends after the end',
    scheduleOf({ kind: 'FIXED_DELAY', delayMs: 60_000 }, { endAt: NOW + 60_000 }),
    'endAt',
    /./,
  ],
])('%s never fires, and the field to blame is named', (_, schedule, path, message) => {
  expect(neverFiresAfter(schedule, NOW)).toEqual({ path, message: expect.stringMatching(message) })
  expect(whyNoFire(schedule, NOW)).toMatch(message)
})

test.each([
  ['cron', cron('0 0 0 1 1 ? 2027')],
  ['a rate', everyMs(60_000)],
  ['ONCE to come', scheduleOf({ kind: 'ONCE', at: NOW + 1 })],
])('%s that still fires has nothing to explain', (_, schedule) => {
  expect([neverFiresAfter(schedule, NOW), whyNoFire(schedule, NOW)]).toEqual([null, null])
})

test.each([
  ['MANUAL', scheduleOf({ kind: 'MANUAL' })],
  ['FIXED_DELAY', scheduleOf({ kind: 'FIXED_DELAY', delayMs: 60_000 })],
])('%s is no mistake, and its empty preview says why', (kind, schedule) => {
  expect(neverFiresAfter(schedule, NOW)).toBeNull()
  expect(whyNoFire(schedule, NOW)).toContain(kind)
})
