import { localDays } from '@carillon/core'
import { describe, expect, test } from 'vitest'
import type { LoadTiming } from '../storage/schedule-load.ts'
import { daysOf } from './schedule-days.ts'

const DAY = 86_400_000
let ids = 0

function schedule(timing: LoadTiming['timing'], more: Partial<LoadTiming> = {}): LoadTiming {
  const id = ++ids
  return { id, code: `s-${id}`, timing, startAt: null, endAt: null, jitterMs: 0, calendars: null, ...more }
}
const cron = (expression: string, timezone = 'UTC') =>
  ({ kind: 'CRON', expression, timezone, dst: 'DEFAULT' }) as LoadTiming['timing']
const fromSaturday = localDays('UTC', '2026-11-21', 3)!
const before = Date.UTC(2026, 0, 1)

describe('the days of schedules', () => {
  test('name what fires on each, what fires seldom first', async () => {
    const hourly = schedule(cron('0 0 * * * ?'))
    const monday = schedule(cron('0 0 9 ? * MON'))
    const { days, more } = await daysOf([hourly, monday], { days: fromSaturday, now: before })
    expect(days.map(({ day, fires, schedules }) => [day, fires, schedules])).toEqual([
      ['2026-11-21', 24, 1],
      ['2026-11-22', 24, 1],
      ['2026-11-23', 25, 2],
    ])
    expect(days[2]!.items.map(({ code, fires }) => [code, fires])).toEqual([
      [monday.code, 1],
      [hourly.code, 24],
    ])
    expect(more).toBe(false)
  })

  test('begin and end where the reader is, whatever the zone of the schedule', async () => {
    const late = schedule(cron('0 0 23 * * ?', 'Asia/Shanghai'))
    const days = localDays('America/New_York', '2026-11-21', 2)!
    const map = await daysOf([late], { days, now: before })
    expect(map.days[0]!.items[0]).toMatchObject({ fires: 1, firstAt: Date.UTC(2026, 10, 21, 15) })
  })

  test('say where a calendar leaves a fire out, and which', async () => {
    const weekend = {
      ...{ mode: 'EXCLUDE', id: 1, version: 1, code: 'weekend', timezone: 'UTC' },
      ...{ days: [], weekdays: [6, 7], exceptDays: [] },
    }
    const daily = schedule(cron('0 0 9 * * ?'), { calendars: [weekend] as never })
    const { days } = await daysOf([daily], { days: fromSaturday, now: before })
    expect(days.map(({ fires }) => fires)).toEqual([0, 0, 1])
    expect(days[0]!.items).toEqual([
      {
        ...{ id: daily.id, code: daily.code, fires: 0, atLeast: false },
        ...{ firstAt: fromSaturday[0]!.from + 9 * 3_600_000, excluded: 1, calendar: 'weekend' },
      },
    ])
  })

  test('do not tell of fires that lie behind', async () => {
    const { days } = await daysOf([schedule(cron('0 0 * * * ?'))], { days: fromSaturday, now: fromSaturday[0]!.from + DAY / 2 })
    expect(days.map(({ fires }) => fires)).toEqual([12, 24, 24])
  })

  test('count a schedule that fires all day to a bound, and say that it is one', async () => {
    const each = schedule({ kind: 'FIXED_RATE', everyMs: 1_000, anchorAt: 0 } as LoadTiming['timing'])
    const { days } = await daysOf([each], { days: fromSaturday, now: before })
    expect(days[0]).toMatchObject({ fires: 288, atLeast: true, items: [{ fires: 288, atLeast: true }] })
  })

  test('say that there are more also where what fires all day is none of those that are named', async () => {
    const daily = Array.from({ length: 100 }, () => schedule(cron('0 0 9 * * ?')))
    const { days } = await daysOf([schedule(cron('0 * * * * ?')), ...daily], { days: fromSaturday, now: before })
    expect(days[0]).toMatchObject({ fires: 388, atLeast: true, schedules: 101 })
    expect(days[0]!.items.every(({ atLeast }) => !atLeast)).toBe(true)
  })

  test('tell of what fires seldom however much else fires all day', async () => {
    const frequent = Array.from({ length: 30 }, (_, second) => schedule(cron(`${second} * * * * ?`)))
    const seldom = schedule(cron('0 0 6 ? * SUN'))
    const { days, more } = await daysOf([...frequent, seldom], { days: fromSaturday, now: before, most: 3_000 })
    expect(days.map(({ items }) => items.some(({ code }) => code === seldom.code))).toEqual([false, true, false])
    expect([days[1]!.schedules, days[1]!.atLeast, more]).toEqual([31, true, false])
  })

  test('call no day left out of which a part is not, wherever the reader is', async () => {
    const saturday = {
      ...{ mode: 'EXCLUDE', id: 2, version: 1, code: 'saturday', timezone: 'Asia/Shanghai' },
      ...{ days: [], weekdays: [6], exceptDays: [] },
    }
    const each = schedule(cron('0 * * * * ?'), { calendars: [saturday] as never })
    const days = localDays('America/Los_Angeles', '2026-11-21', 1)!
    const map = await daysOf([each], { days, now: before })
    expect(map.days[0]!.items[0]).toMatchObject({ fires: 288, atLeast: true, excluded: 288, calendar: 'saturday' })
  })

  test('stop after so many fires and say so', async () => {
    const many = [schedule(cron('0 0 * * * ?')), schedule(cron('0 1 * * * ?')), schedule(cron('0 2 * * * ?'))]
    const { days, more } = await daysOf(many, { days: fromSaturday, now: before, most: 100 })
    expect([more, days[0]!.schedules]).toEqual([true, 2])
  })

  test('name at most a hundred of a day, and count all', async () => {
    const many = Array.from({ length: 120 }, () => schedule(cron('0 0 9 * * ?')))
    const { days } = await daysOf(many, { days: fromSaturday, now: before })
    expect([days[0]!.items.length, days[0]!.schedules, days[0]!.fires]).toEqual([100, 120, 120])
  })
})
