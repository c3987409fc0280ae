import { expect, test } from 'vitest'
import { localDays } from './local-days.ts'

const HOUR = 3_600_000
const hours = (timezone: string, first: string, count: number) =>
  localDays(timezone, first, count)?.map(({ day, from, until }) => [day, (until - from) / HOUR])

test('days follow the clocks of their zone', () => {
  expect(localDays('Asia/Shanghai', '2026-11-30', 2)).toEqual([
    { day: '2026-11-30', from: Date.UTC(2026, 10, 29, 16), until: Date.UTC(2026, 10, 30, 16) },
    { day: '2026-12-01', from: Date.UTC(2026, 10, 30, 16), until: Date.UTC(2026, 11, 1, 16) },
  ])
})

test('a day on which the clocks change is shorter or longer', () => {
  expect(hours('Europe/Berlin', '2026-03-28', 3)).toEqual([
    ['2026-03-28', 24],
    ['2026-03-29', 23],
    ['2026-03-30', 24],
  ])
  expect(hours('Europe/Berlin', '2026-10-25', 1)).toEqual([['2026-10-25', 25]])
})

test('a day whose midnight is lost begins after the gap, and one that begins twice is one day', () => {
  // Beirut goes forward from 00:00 to 01:00, and back from 00:00 to 23:00.
  expect(localDays('Asia/Beirut', '2026-03-29', 1)![0]!.from).toBe(Date.UTC(2026, 2, 28, 22))
  expect(hours('Asia/Beirut', '2026-03-28', 2)).toEqual([
    ['2026-03-28', 24],
    ['2026-03-29', 23],
  ])
  expect(hours('Asia/Beirut', '2026-10-24', 2)).toEqual([
    ['2026-10-24', 25],
    ['2026-10-25', 24],
  ])
})

test('a day that a zone left out is not there', () => {
  expect(hours('Pacific/Apia', '2011-12-29', 2)).toEqual([
    ['2011-12-29', 24],
    ['2011-12-31', 24],
  ])
})

test('of a zone that does not exist there are none', () => {
  expect(localDays('Europe/Nowhere', '2026-01-01', 1)).toBeNull()
})
