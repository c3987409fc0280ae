import type { ScheduleView } from '@carillon/contract'
import { expect, test } from 'vitest'
import { draftOf, instantOf, localOf, misfireOf, timesOf } from './draft.ts'

const SCHEDULE: ScheduleView = {
  id: 7,
  code: 'nightly',
  name: 'Nightly',
  description: '',
  version: 3,
  createdAt: 0,
  updatedAt: 0,
  task: { id: 1, code: 'clean-up' },
  dag: null,
  timing: { kind: 'CRON', expression: '0 0 2 * * ?', timezone: 'Asia/Shanghai', dst: 'SKIP' },
  startAt: Date.UTC(2026, 0, 1),
  endAt: null,
  jitterMs: 1_500,
  params: { days: 30 },
  priority: null,
  labels: {},
  misfire: { policy: 'CATCH_UP', maxFires: 5, windowMs: 60_000, perMinute: 2 },
  effective: { misfire: { policy: 'CATCH_UP', maxFires: 5, windowMs: 60_000, perMinute: 2 } },
  calendars: [{ calendar: { id: 2, code: 'holidays' }, mode: 'EXCLUDE' }],
  paused: false,
  pauseReason: null,
  nextFireAt: null,
  lastFireAt: null,
}

test.each<ScheduleView['timing']>([
  SCHEDULE.timing,
  { kind: 'FIXED_RATE', everyMs: 90_500, anchorAt: Date.UTC(2026, 10, 21, 8, 30, 15) },
  { kind: 'FIXED_DELAY', delayMs: 250 },
  { kind: 'ONCE', at: Date.UTC(2027, 0, 1) },
  { kind: 'MANUAL' },
])('a schedule that is opened in the form and saved unchanged is as it was: $kind', (timing) => {
  const draft = draftOf({ ...SCHEDULE, timing }, 'UTC')
  expect(timesOf(draft)).toEqual({
    timing,
    startAt: SCHEDULE.startAt,
    endAt: null,
    jitterMs: 1_500,
    calendars: [{ calendar: 'holidays', mode: 'EXCLUDE' }],
  })
  expect(misfireOf(draft)).toEqual(SCHEDULE.misfire)
})

test('a number that is none reaches the server as null, which refuses it at its field', () => {
  const draft = { ...draftOf(null, 'UTC'), kind: 'FIXED_RATE', seconds: 'often' } as const
  expect(JSON.parse(JSON.stringify(timesOf(draft).timing))).toEqual({ kind: 'FIXED_RATE', everyMs: null })
})

test('a moment has its seconds only where there are any', () => {
  const at = new Date(2026, 10, 21, 8, 30, 15).getTime()
  expect([localOf(at), localOf(at - 15_000), instantOf(localOf(at)), localOf(null)]).toEqual([
    '2026-11-21T08:30:15',
    '2026-11-21T08:30',
    at,
    '',
  ])
})
