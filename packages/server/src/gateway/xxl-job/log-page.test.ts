import { expect, test } from 'vitest'
import { FIRST_LINE, readLogPage } from './log-page.ts'

test('a log is read from line 1', () => expect(FIRST_LINE).toBe(1))

test.each([
  [
    'Java',
    { fromLineNum: 1, toLineNum: 2, logContent: 'a\nb\n', isEnd: false },
    1,
    { lines: ['a', 'b'], next: 3, isLast: false },
  ],
  ['Java, on', { fromLineNum: 3, toLineNum: 3, logContent: 'c\n', isEnd: false }, 3, { lines: ['c'], next: 4, isLast: false }],
  [
    'Java, for a browser',
    { fromLineNum: 1, toLineNum: 1, logContent: '10:00 <br>--- start ---<br>--- Param:x', isEnd: false },
    1,
    { lines: ['10:00 ', '--- start ---', '--- Param:x'], next: 2, isLast: false },
  ],
  [
    'pyxxl, while it runs',
    { fromLineNum: 1, toLineNum: 2, logContent: 'a\nb\n', isEnd: true },
    1,
    { lines: ['a', 'b'], next: 3, isLast: true },
  ],
  [
    'dalongrong: no isEnd, a line end before',
    { fromLineNum: 1, toLineNum: 2, logContent: '\na\nb' },
    1,
    { lines: ['a', 'b'], next: 3, isLast: false },
  ],
  [
    'npm: counts from 0, so `to` is the line behind',
    { fromLineNum: 1, toLineNum: 3, logContent: 'b\nc\n', isEnd: true },
    1,
    { lines: ['b', 'c'], next: 3, isLast: true },
  ],
  ['npm, on', { fromLineNum: 3, toLineNum: 4, logContent: 'd\n', isEnd: true }, 3, { lines: ['d'], next: 4, isLast: true }],
])('a page of %s', (_client, payload, from, page) => {
  expect(readLogPage(payload, from)).toEqual(page)
})

test.each([
  ['A: the last line', { fromLineNum: 5, toLineNum: 4, logContent: '', isEnd: false }],
  ['B and C: 0', { fromLineNum: 5, toLineNum: 0, logContent: '', isEnd: false }],
  ['Java: no file', { fromLineNum: 5, toLineNum: 0, logContent: 'readLog fail, logFile not exists', isEnd: true }],
  ['pyxxl: from again', { fromLineNum: 5, toLineNum: 5, logContent: '', isEnd: true }],
  ['nothing at all', null],
  ['a text', 'x'],
])('where there is nothing new the cursor stays: %s', (_client, payload) => {
  expect(readLogPage(payload, 5)).toEqual({ lines: [], next: 5, isLast: true })
})
