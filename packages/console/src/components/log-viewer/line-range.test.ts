import { expect, test } from 'vitest'
import { isIn, parseRange, picked, rangeText } from './line-range.ts'

test.each([
  ['7', { from: 7, to: 7 }],
  ['7-9', { from: 7, to: 9 }],
  ['9-7', { from: 7, to: 9 }],
  ['1-99999999', { from: 1, to: 5_000 }],
])('%s names lines', (text, range) => expect(parseRange(text)).toEqual(range))

test.each(['', '0', 'x', '-3', '3-', '1e9', undefined])('%s names none', (text) => expect(parseRange(text)).toBeNull())

test('a range is written as it is read', () => {
  for (const text of ['12', '12-40']) expect(rangeText(parseRange(text)!)).toBe(text)
})

test('a click names a line, and with the shift key all from the one before', () => {
  expect(picked(9, null, true)).toEqual({ from: 9, to: 9 })
  expect(picked(9, { from: 4, to: 4 }, false)).toEqual({ from: 9, to: 9 })
  expect(picked(9, { from: 4, to: 4 }, true)).toEqual({ from: 4, to: 9 })
  expect(picked(2, { from: 4, to: 6 }, true)).toEqual({ from: 2, to: 4 })
  expect([3, 4, 9, 10].map((line) => isIn({ from: 4, to: 9 }, line))).toEqual([false, true, true, false])
})
