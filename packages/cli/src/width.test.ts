import { expect, test } from 'vitest'
import { cutTo, padTo, widthOf } from './width.ts'

test.each([
  ['', 0],
  ['abc', 3],
  ['编钟', 4],
  ['每天 2:00', 9],
  ['ｆｕｌｌ', 8],
  ['한글', 4],
  ['é', 1],
  ['e\u0301', 1],
  ['✅', 2],
  ['👩‍👩‍👧', 2],
  ['a\u200bb', 2],
])('%j takes %i columns', (text, columns) => {
  expect(widthOf(text)).toBe(columns)
})

test('a text is padded by what it shows, not by its letters', () => {
  expect(padTo('编钟', 6)).toBe('编钟  ')
  expect(padTo('编钟', 6, 'right')).toBe('  编钟')
})

test('what is too long is cut with a mark, and never in the middle of a wide character', () => {
  expect(cutTo('每天的报表', 10)).toBe('每天的报表')
  expect(cutTo('每天的报表', 6)).toBe('每天…')
  expect(widthOf(cutTo('每天的报表', 7))).toBe(7)
})
