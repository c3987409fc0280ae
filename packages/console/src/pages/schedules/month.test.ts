import { expect, test } from 'vitest'
import { dayIn, dayWords, knownDay, knownMonth, monthFrom, weeksOf } from './month.ts'

test('a month is shown as the whole weeks in which it lies', () => {
  const weeks = weeksOf('2026-11')
  expect(weeks.map((week) => [week[0], week[6]])).toEqual([
    ['2026-10-26', '2026-11-01'],
    ['2026-11-02', '2026-11-08'],
    ['2026-11-09', '2026-11-15'],
    ['2026-11-16', '2026-11-22'],
    ['2026-11-23', '2026-11-29'],
    ['2026-11-30', '2026-12-06'],
  ])
  // Four weeks, where February begins on a Monday.
  expect(weeksOf('2027-02').map((week) => week[0])).toEqual(['2027-02-01', '2027-02-08', '2027-02-15', '2027-02-22'])
})

test('months follow each other over the years', () => {
  expect([monthFrom('2026-12', 1), monthFrom('2026-01', -1), monthFrom('2026-11', 0)]).toEqual(['2027-01', '2025-12', '2026-11'])
})

test('what is no month in an address is taken for the present one', () => {
  expect(['2026-12', '2026-13', 'soon', '0001-01', undefined].map((text) => knownMonth(text, '2026-11'))).toEqual([
    '2026-12',
    '2026-11',
    '2026-11',
    '2026-11',
    '2026-11',
  ])
})

test('what is no day in an address is taken for today', () => {
  const said = [
    '2026-12-31',
    '2028-02-29',
    '2026-02-29',
    '2026-13-01',
    '2026-12',
    '2026-12-1',
    '0001-01-01',
    '+12026-1-1',
    'x',
    '',
  ]
  expect(said.map((text) => knownDay(text, '2026-11-22'))).toEqual([
    '2026-12-31',
    '2028-02-29',
    ...Array.from({ length: 8 }, () => '2026-11-22'),
  ])
})

test('today is that of the zone', () => {
  const at = Date.UTC(2026, 10, 22, 20)
  expect([dayIn('UTC', at), dayIn('Asia/Shanghai', at)]).toEqual(['2026-11-22', '2026-11-23'])
})

test('a day is the same in words wherever the reader is', () => {
  expect(dayWords('2026-11-22', 'en', { day: 'numeric', month: 'long' })).toBe('November 22')
  expect(dayWords('2026-11-22', 'zh-CN', { weekday: 'short' })).toBe('周日')
})
