import { expect, test } from 'vitest'
import { HEADING_PX, ROW_PX, rowsInSight } from './rows-in-sight.ts'

test('few rows are all there', () => {
  expect(rowsInSight([2, 0, 5], 0, 500)).toEqual([
    { first: 0, end: 2 },
    { first: 0, end: 0 },
    { first: 0, end: 5 },
  ])
})

test('of many those in sight, and some beyond', () => {
  const [above, seen, below] = rowsInSight([100, 900, 50], HEADING_PX + 100 * ROW_PX + HEADING_PX + 400 * ROW_PX, 10 * ROW_PX)
  expect(above).toEqual({ first: 100, end: 100 })
  expect(seen).toEqual({ first: 380, end: 431 })
  expect(below).toEqual({ first: 0, end: 0 })
})

test('where one group ends and the next begins, rows of both', () => {
  const [last, first] = rowsInSight([100, 900], HEADING_PX + 98 * ROW_PX, 10 * ROW_PX)
  expect(last).toEqual({ first: 78, end: 100 })
  expect(first!.first).toBe(0)
  expect(first!.end).toBeGreaterThan(8)
})
