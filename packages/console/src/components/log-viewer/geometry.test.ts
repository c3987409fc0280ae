import { describe, expect, test } from 'vitest'
import { MOST_PX, ROW_PX, heightOf, isAtEnd, offsetAt, offsetOfRow, rowsInSight, scrollTopFor } from './geometry.ts'

const view = 600
const scene = (rows: number) => ({ rows, view })

describe('the rows in sight', () => {
  test('of a short log are all of them', () => {
    expect(rowsInSight(0, scene(10))).toEqual({ first: 0, end: 10, top: 0 })
  })

  test('are those between top and bottom, and a few around them', () => {
    const { first, end, top } = rowsInSight(100 * ROW_PX, scene(1_000))
    expect([first, end]).toEqual([88, 137])
    expect(top).toBe(88 * ROW_PX)
  })

  test.each([1_000, 1_000_000, 20_000_000])('of %i reach from the first to the last', (rows) => {
    expect(heightOf({ rows })).toBeLessThanOrEqual(MOST_PX)
    expect(rowsInSight(0, scene(rows)).first).toBe(0)
    const end = heightOf({ rows }) - view
    expect(rowsInSight(end, scene(rows)).end).toBe(rows)
    expect(isAtEnd(end, scene(rows))).toBe(true)
    expect(isAtEnd(end / 2, scene(rows))).toBe(false)
  })

  test('include the one that was scrolled to, also among millions', () => {
    const rows = 5_000_000
    const scrollTop = scrollTopFor(offsetOfRow(734_111, { view }), scene(rows))
    const { first, end } = rowsInSight(scrollTop, scene(rows))
    expect(first).toBeLessThan(734_111)
    expect(end).toBeGreaterThan(734_111)
  })

  test('of a log that grows stay the same when it is scrolled to the same offset', () => {
    const before = scene(2_000_000)
    const offset = offsetAt(7_000_000, before)
    const after = scene(2_100_000)
    const again = offsetAt(scrollTopFor(offset, after), after)
    expect(again).toBeCloseTo(offset, 3)
  })
})

test('nothing is scrolled beyond its ends', () => {
  expect(scrollTopFor(-5, scene(1_000))).toBe(0)
  expect(scrollTopFor(1e9, scene(1_000))).toBe(1_000 * ROW_PX - view)
  expect(scrollTopFor(1e9, scene(3))).toBe(0)
})
