import { describe, expect, it } from 'vitest'
import { nextFire } from './next-fire.ts'
import { occurrencesBetween } from './preview.ts'
import { at, cron, everyMs, scheduleOf } from './schedules.test-helper.ts'

describe('nextFire', () => {
  it('answers the first occurrence strictly after the given instant', () => {
    const nightly = cron('0 0 2 * * ?')
    expect(nextFire(nightly, at('2026-05-01T01:59:59.999'))).toBe(at('2026-05-01T02:00'))
    expect(nextFire(nightly, at('2026-05-01T02:00'))).toBe(at('2026-05-02T02:00'))
  })

  it('reads a cron expression in the zone of the schedule', () => {
    expect(nextFire(cron('0 0 2 * * ?', 'Asia/Shanghai'), at('2026-05-01'))).toBe(at('2026-05-01T02:00+08:00') + 86_400_000)
    expect(nextFire(cron('0 0 2 * * ?', 'Asia/Kathmandu'), at('2026-05-01T22:00'))).toBe(at('2026-05-03T02:00+05:45'))
  })

  it('counts a fixed rate from its anchor in elapsed time, and never before the anchor', () => {
    const rate = everyMs(90_000, at('2026-01-01'))
    expect(nextFire(rate, 0)).toBe(at('2026-01-01'))
    expect(nextFire(rate, at('2026-01-01'))).toBe(at('2026-01-01T00:01:30'))
    expect(nextFire(rate, at('2026-01-01T00:02:59.999'))).toBe(at('2026-01-01T00:03'))
  })

  it('fires once at its instant', () => {
    const once = scheduleOf({ kind: 'ONCE', at: at('2026-01-01') })
    expect(nextFire(once, at('2026-01-01') - 1)).toBe(at('2026-01-01'))
    expect(nextFire(once, at('2026-01-01'))).toBeNull()
  })

  it('answers nothing from the clock alone for a fixed delay or a manual schedule', () => {
    expect(nextFire(scheduleOf({ kind: 'FIXED_DELAY', delayMs: 1_000 }), 0)).toBeNull()
    expect(nextFire(scheduleOf({ kind: 'MANUAL' }), 0)).toBeNull()
  })

  it('counts the start of validity in and its end out', () => {
    const daily = cron('@daily', 'UTC', 'DEFAULT', { startAt: at('2026-01-02'), endAt: at('2026-01-04') })
    expect(occurrencesBetween(daily, 0, Infinity, 9).map((each) => each.fireAt)).toEqual([at('2026-01-02'), at('2026-01-03')])
    const rate = everyMs(60_000, 0, { startAt: at('2026-01-02T00:00:01'), endAt: at('2026-01-02T00:02') })
    expect(occurrencesBetween(rate, 0, Infinity, 9).map((each) => each.fireAt)).toEqual([at('2026-01-02T00:01')])
  })

  it('has no occurrence from the year 10000 on', () => {
    expect(nextFire(cron('@daily'), at('9999-12-31'))).toBeNull()
    expect(nextFire(everyMs(60_000), at('9999-12-31T23:59'))).toBeNull()
  })
})
