import { describe, expect, it } from 'vitest'
import type { CalendarUse } from './calendar.ts'
import { excludedBy, nextFire } from './next-fire.ts'
import { occurrencesBetween } from './preview.ts'
import { at, calendar, cron } from './schedules.test-helper.ts'

const workdays = (exceptDays: string[] = [], days: string[] = []) => ({
  ...calendar({ weekdays: [1, 2, 3, 4, 5], days, exceptDays, timezone: 'Asia/Shanghai' }),
  code: 'workdays',
})
const daily = (...calendars: CalendarUse[]) => cron('0 0 12 * * ?', 'Asia/Shanghai', 'DEFAULT', { calendars })
const ran = (schedule: ReturnType<typeof daily>, from: string, to: string) =>
  occurrencesBetween(schedule, at(from), at(to), 100)
    .filter((each) => each.excluded === null)
    .map((each) => new Date(each.fireAt).toISOString().slice(0, 10))

describe('calendars', () => {
  it('INCLUDE keeps only the days that belong, EXCLUDE only the others', () => {
    const include = daily({ mode: 'INCLUDE', calendar: workdays() })
    const exclude = daily({ mode: 'EXCLUDE', calendar: workdays() })
    expect(ran(include, '2026-05-01', '2026-05-06')).toEqual(['2026-05-01', '2026-05-04', '2026-05-05'])
    expect(ran(exclude, '2026-05-01', '2026-05-06')).toEqual(['2026-05-02', '2026-05-03'])
  })

  it('a make-up day belongs because it is listed, and an excepted day does not although its weekday does', () => {
    const golden = daily({ mode: 'INCLUDE', calendar: workdays(['2026-05-01', '2026-05-04', '2026-05-05'], ['2026-05-09']) })
    expect(ran(golden, '2026-04-30', '2026-05-11')).toEqual([
      '2026-04-30',
      '2026-05-06',
      '2026-05-07',
      '2026-05-08',
      '2026-05-09',
    ])
  })

  it('an excepted day wins over a listed one', () => {
    const both = calendar({ days: ['2026-05-01'], exceptDays: ['2026-05-01'] })
    expect(excludedBy(daily({ mode: 'EXCLUDE', calendar: both }), at('2026-05-01T12:00'))).toBeNull()
  })

  it('all of them must allow an occurrence; the first that does not is named', () => {
    const holidays = { ...calendar({ days: ['2026-05-01', '2026-05-02'] }), code: 'holidays' }
    const schedule = daily({ mode: 'INCLUDE', calendar: workdays() }, { mode: 'EXCLUDE', calendar: holidays })
    expect(excludedBy(schedule, at('2026-05-01T04:00'))).toEqual({ calendar: 'holidays', mode: 'EXCLUDE' })
    expect(excludedBy(schedule, at('2026-05-02T04:00'))).toEqual({ calendar: 'workdays', mode: 'INCLUDE' })
    expect(excludedBy(schedule, at('2026-05-04T04:00'))).toBeNull()
  })

  it('days are those of the zone of the calendar, not of the schedule', () => {
    const newYear = { mode: 'EXCLUDE', calendar: calendar({ days: ['2026-01-01'], timezone: 'Pacific/Auckland' }) } as const
    const hourly = cron('@hourly', 'America/New_York', 'DEFAULT', { calendars: [newYear] })
    const excluded = occurrencesBetween(hourly, at('2025-12-30'), at('2026-01-03'), 200).filter((each) => each.excluded !== null)
    expect(excluded[0]?.fireAt).toBe(at('2026-01-01T00:00+13:00'))
    expect(excluded.at(-1)?.fireAt).toBe(at('2026-01-01T23:00+13:00'))
    expect(excluded).toHaveLength(24)
  })

  it('a day with a change of the clocks is as long as it is', () => {
    const day = {
      mode: 'EXCLUDE',
      calendar: calendar({ days: ['2026-10-25', '2026-03-29'], timezone: 'Europe/Berlin' }),
    } as const
    const hourly = cron('@hourly', 'Europe/Berlin', 'DEFAULT', { calendars: [day] })
    const count = (from: string, to: string) =>
      occurrencesBetween(hourly, at(from), at(to), 200).filter((each) => each.excluded !== null).length
    expect(count('2026-10-23', '2026-10-28')).toBe(25)
    expect(count('2026-03-27', '2026-03-31')).toBe(23)
  })

  it('exclude, but do not move, an occurrence', () => {
    const schedule = daily({ mode: 'INCLUDE', calendar: calendar({}) })
    expect(nextFire(schedule, at('2026-05-01'))).toBe(at('2026-05-01T12:00+08:00'))
  })
})
