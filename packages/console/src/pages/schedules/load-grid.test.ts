import { expect, test } from 'vitest'
import { loadRows, shade } from './load-grid.ts'

const TEN = Date.UTC(2026, 10, 21, 10)

test('a map that begins within an hour leaves the minutes before it empty', () => {
  const rows = loadRows(TEN + 58 * 60_000, [1, 2, 3, 4])
  expect(rows.map(({ at }) => at)).toEqual([TEN, TEN + 3_600_000])
  expect(rows[0]!.minutes.slice(56)).toEqual([null, null, 1, 2])
  expect(rows[1]!.minutes.slice(0, 3)).toEqual([3, 4, null])
})

test('a map of whole hours has a row for each', () => {
  expect(loadRows(TEN, new Array<number>(120).fill(0)).map(({ minutes }) => minutes.length)).toEqual([60, 60])
})

test('what fires once is never shown as empty, and the fullest minute is the darkest', () => {
  expect([shade(0, 100), shade(1, 100), shade(50, 100), shade(100, 100), shade(0, 0)]).toEqual([0, 1, 2, 4, 0])
})
