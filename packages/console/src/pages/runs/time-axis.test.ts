import { expect, test } from 'vitest'
import { axisOf, placeOf, ticksOf } from './time-axis.ts'

test('a moment stands in proportion, and at an end when it is beyond it', () => {
  const axis = { from: 1_000, to: 3_000 }
  expect([0, 1_000, 1_500, 3_000, 9_000].map((at) => placeOf(at, axis))).toEqual([0, 0, 25, 100, 100])
})

test.each([
  [900, [0, 200, 400, 600, 800]],
  [8_000, [0, 2_000, 4_000, 6_000, 8_000]],
  [95_000, [0, 30_000, 60_000, 90_000]],
  [7 * 3_600_000, [0, 2, 4, 6].map((hours) => hours * 3_600_000)],
])('an axis of %i ms is marked in steps that people count in', (length, ticks) => {
  expect(ticksOf({ from: 5, to: 5 + length }, 5)).toEqual(ticks)
})

test('an axis never has more marks than asked for, and always its beginning', () => {
  for (const length of [0, 1, 37, 12_345, 999_999, 86_400_000 * 800]) {
    const ticks = ticksOf({ from: 0, to: length }, 6)
    expect(ticks[0]).toBe(0)
    expect(ticks.length).toBeLessThanOrEqual(7)
  }
})

test('an axis reaches to the last end, or to now while something is under way', () => {
  expect(
    axisOf(
      [
        { startedAt: 10, endedAt: 5_000 },
        { startedAt: null, endedAt: null },
      ],
      0,
      9_000,
    ),
  ).toEqual({ from: 0, to: 5_000 })
  expect(axisOf([{ startedAt: 10, endedAt: null }], 0, 9_000)).toEqual({ from: 0, to: 9_000 })
  expect(axisOf([], 7, 9_000)).toEqual({ from: 7, to: 1_007 })
})
