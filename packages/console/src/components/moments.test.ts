import { expect, test } from 'vitest'
import { durationText, momentText, relativeText } from './moments.ts'

const AT = Date.UTC(2026, 10, 21, 20, 48, 15)

test('an instant names its zone and has one order of parts in every language', () => {
  expect(momentText(AT, 'UTC')).toBe('2026-11-21 20:48:15 UTC')
  expect(momentText(AT, 'Asia/Shanghai')).toBe('2026-11-22 04:48:15 GMT+8')
  expect(momentText(AT, 'Asia/Shanghai', 'zh')).toMatch(/^2026-11-22 04:48:15 GMT\+8$/)
})

test.each([
  [0, '0ms'],
  [340, '340ms'],
  [1_250, '1.2s'],
  [9_999, '9.9s'],
  [59_999, '59s'],
  [68_000, '1m 08s'],
  [7_500_000, '2h 05m'],
  [200_000_000, '2d 07h'],
])('%d ms read %s', (ms, text) => {
  expect(durationText(ms)).toBe(text)
})

test('how long ago, and how long until, in the language of the page', () => {
  expect([relativeText(AT - 180_000, AT, 'en'), relativeText(AT + 7_200_000, AT, 'zh')]).toEqual(['3 minutes ago', '2小时后'])
})
