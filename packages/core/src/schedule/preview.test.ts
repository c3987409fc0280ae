import { describe, expect, it } from 'vitest'
import { occurrencesBetween, previewFires } from './preview.ts'
import { at, calendar, cron, everyMs, scheduleOf } from './schedules.test-helper.ts'

describe('previewFires', () => {
  it('shows local time with its offset, the weekday, and why an occurrence is excluded', () => {
    const sundays = { mode: 'EXCLUDE', calendar: { ...calendar({ weekdays: [7] }), code: 'sundays' } } as const
    const schedule = cron('0 30 2 * * ?', 'Asia/Kathmandu', 'DEFAULT', { calendars: [sundays] })
    expect(previewFires(schedule, at('2026-05-02T00:00'), 2)).toEqual([
      { fireAt: at('2026-05-02T20:45'), local: '2026-05-03T02:30:00+05:45', weekday: 'SUN', excluded: null, dst: null },
      {
        fireAt: at('2026-05-03T20:45'),
        local: '2026-05-04T02:30:00+05:45',
        weekday: 'MON',
        excluded: { calendar: 'sundays', mode: 'EXCLUDE' },
        dst: null,
      },
    ])
  })

  it('counts an occurrence at `from` in', () => {
    expect(previewFires(cron('@daily'), at('2026-05-01'), 1)[0]?.local).toBe('2026-05-01T00:00:00+00:00')
  })

  it('shows UTC where the kind has no zone, and nothing where the clock alone tells nothing', () => {
    expect(previewFires(everyMs(60_000, at('2026-05-01')), 0, 1)).toMatchObject([
      { local: '2026-05-01T00:00:00+00:00', weekday: 'FRI' },
    ])
    expect(previewFires(scheduleOf({ kind: 'ONCE', at: at('2026-05-01') }), 0, 5)).toHaveLength(1)
    expect(previewFires(scheduleOf({ kind: 'MANUAL' }), 0, 5)).toEqual([])
  })

  it('marks what a change of the clocks touches', () => {
    const marks = (expression: string, from: string, n: number, dst: 'DEFAULT' | 'SHIFT' | 'BOTH' = 'DEFAULT') =>
      previewFires(cron(expression, 'America/New_York', dst), at(from), n).map((each) => `${each.local.slice(8)} ${each.dst}`)
    const [spring, autumn] = ['2026-03-08T05:00', '2026-11-01T04:00']
    expect(marks('0 30 2 * * ?', spring, 2)).toEqual(['08T03:00:00-04:00 GAP', '09T02:30:00-04:00 null'])
    expect(marks('0 30 2 * * ?', spring, 1, 'SHIFT')).toEqual(['08T03:30:00-04:00 GAP'])
    expect(marks('0 30 * * * ?', spring, 3)).toEqual([
      '08T00:30:00-05:00 null',
      '08T01:30:00-05:00 null',
      '08T03:30:00-04:00 null',
    ])
    expect(marks('0 30 1 * * ?', autumn, 2)).toEqual(['01T01:30:00-04:00 OVERLAP_FIRST', '02T01:30:00-05:00 null'])
    expect(marks('0 30 1 * * ?', autumn, 2, 'BOTH')).toEqual([
      '01T01:30:00-04:00 OVERLAP_FIRST',
      '01T01:30:00-05:00 OVERLAP_SECOND',
    ])
    expect(marks('0 0 * * * ?', autumn, 4)).toEqual([
      '01T00:00:00-04:00 null',
      '01T01:00:00-04:00 OVERLAP_FIRST',
      '01T01:00:00-05:00 OVERLAP_SECOND',
      '01T02:00:00-05:00 null',
    ])
  })
})

describe('occurrencesBetween', () => {
  it('counts the beginning in, the end out, and stops at the limit', () => {
    const times = (from: string, to: string, limit: number) =>
      occurrencesBetween(cron('@hourly'), at(from), at(to), limit).map((each) => each.fireAt)
    expect(times('2026-05-01T00:00', '2026-05-01T02:00', 9)).toEqual([at('2026-05-01T00:00'), at('2026-05-01T01:00')])
    expect(times('2026-05-01T00:00', '2026-05-09T00:00', 3)).toHaveLength(3)
    expect(times('2026-05-01T00:30', '2026-05-01T00:40', 3)).toEqual([])
  })
})
