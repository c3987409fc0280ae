import { describe, expect, test } from 'vitest'
import type { LoadTiming } from '../storage/schedule-load.ts'
import { loadOf } from './schedule-load.ts'

const FROM = Date.UTC(2026, 10, 21, 0, 0)
let ids = 0

function schedule(timing: LoadTiming['timing'], more: Partial<LoadTiming> = {}): LoadTiming {
  const id = ++ids
  return { id, code: `s-${id}`, timing, startAt: null, endAt: null, jitterMs: 0, calendars: null, ...more }
}
const cron = (expression: string, timezone = 'UTC') =>
  ({ kind: 'CRON', expression, timezone, dst: 'DEFAULT' }) as LoadTiming['timing']

describe('the load of schedules', () => {
  test('counts fires by minute, and names some of the fullest minutes', async () => {
    const hourly = [schedule(cron('0 0 * * * ?')), schedule(cron('0 0 * * * ?'))]
    const quarter = schedule(cron('0 15 * * * ?'))
    const { minutes, peaks, more } = await loadOf([...hourly, quarter], { from: FROM, minutes: 120 })
    expect(minutes.flatMap((count, minute) => (count > 0 ? [[minute, count]] : []))).toEqual([
      [0, 2],
      [15, 1],
      [60, 2],
      [75, 1],
    ])
    expect(peaks[0]).toEqual({ at: FROM, count: 2, schedules: hourly.map(({ id, code }) => ({ id, code })) })
    expect(more).toBe(false)
  })

  test('leaves out what calendars exclude and what has ended', async () => {
    const saturday = {
      mode: 'EXCLUDE',
      id: 1,
      version: 1,
      code: 'weekend',
      timezone: 'UTC',
      days: [],
      weekdays: [6],
      exceptDays: [],
    }
    const excluded = schedule(cron('0 0 * * * ?'), { calendars: [saturday] as never })
    const ended = schedule(cron('0 0 * * * ?'), { endAt: FROM + 60_000 })
    const { minutes } = await loadOf([excluded, ended], { from: FROM, minutes: 120 })
    expect([minutes[0], minutes[60]]).toEqual([1, 0])
  })

  test('of one that fires every second counts each fire', async () => {
    const each = schedule({ kind: 'FIXED_RATE', everyMs: 1_000, anchorAt: FROM } as LoadTiming['timing'])
    const { minutes } = await loadOf([each], { from: FROM, minutes: 60 })
    expect(new Set(minutes)).toEqual(new Set([60]))
  })

  test('stops after so many fires and says so', async () => {
    const each = schedule({ kind: 'FIXED_RATE', everyMs: 1_000, anchorAt: FROM } as LoadTiming['timing'])
    const { minutes, more } = await loadOf([each, schedule(cron('0 0 * * * ?'))], { from: FROM, minutes: 60, fires: 100 })
    expect(more).toBe(true)
    expect(minutes.reduce((sum, count) => sum + count, 0)).toBe(100)
  })

  test('says which minute of the hour has room, away from the full hour', async () => {
    const full = Array.from({ length: 3 }, () => schedule(cron('0 0,30 * * * ?')))
    expect((await loadOf(full, { from: FROM, minutes: 120 })).quietest).toBe(29)
    expect((await loadOf([], { from: FROM, minutes: 60 })).quietest).toBeNull()
  })
})
