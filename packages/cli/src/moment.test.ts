import { expect, test } from 'vitest'
import { durationOf, momentOf, parseDuration, parseMoment } from './moment.ts'

test('an instant is shown in the zone of the machine, and none as a dash', () => {
  const at = new Date(2026, 10, 21, 9, 5, 7)
  expect(momentOf(at.getTime())).toBe('2026-11-21 09:05:07')
  expect(momentOf(null)).toBe('-')
})

test.each([
  [850, '850ms'],
  [12_340, '12.3s'],
  [60_000, '1m'],
  [245_000, '4m 5s'],
  [3_600_000, '1h'],
  [90_061_000, '1d 1h'],
])('%i ms are shown as %s', (ms, text) => {
  expect(durationOf(ms)).toBe(text)
})

test.each([
  ['45s', 45_000],
  ['12h', 43_200_000],
  ['30d', 2_592_000_000],
  ['30', undefined],
  ['-1d', undefined],
  ['1.5h', undefined],
])('%s is read as %s ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

test.each([
  ['2026-01-31', new Date(2026, 0, 31).getTime()],
  ['2026-01-31 09:05', new Date(2026, 0, 31, 9, 5).getTime()],
  ['2026-01-31T09:05:07', new Date(2026, 0, 31, 9, 5, 7).getTime()],
  ['2026-01-31T09:05:07Z', Date.UTC(2026, 0, 31, 9, 5, 7)],
  ['2026-01-31 09:05+08:00', Date.UTC(2026, 0, 31, 1, 5)],
  ['2024-02-29', new Date(2024, 1, 29).getTime()],
  ['2026-02-29', undefined],
  ['2026-13-01', undefined],
  ['2026-01-31 24:30', undefined],
  ['31.1.2026', undefined],
  ['yesterday', undefined],
])('%s is read as the instant %s, without an offset in the zone of the machine', (text, at) => {
  expect(parseMoment(text)).toBe(at)
})
