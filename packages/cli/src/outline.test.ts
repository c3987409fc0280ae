import { expect, test } from 'vitest'
import { momentOf } from './moment.ts'
import { outline } from './outline.ts'

test('an object is shown indented, its instants as times, without what is empty', () => {
  const createdAt = Date.UTC(2026, 10, 21)
  const text = outline({
    code: 'a',
    name: '',
    owner: null,
    labels: {},
    createdAt,
    policies: { timeoutMs: 5, retry: { maxRetries: 3 } },
    tags: ['x', 'y'],
  })
  expect(text).toBe(
    [
      'code: a',
      `createdAt: ${momentOf(createdAt)}`,
      'policies:',
      '  timeoutMs: 5',
      '  retry:',
      '    maxRetries: 3',
      'tags:',
      '  - x',
      '  - y',
    ].join('\n'),
  )
})

test('objects of a list begin with a dash', () => {
  expect(outline({ runs: [{ id: 1, error: { message: 'no' } }, { id: 2 }] })).toBe(
    ['runs:', '  - id: 1', '    error:', '      message: no', '  - id: 2'].join('\n'),
  )
})

test('a text of several lines stands below its key', () => {
  expect(outline({ stack: 'Error: no\n  at f' })).toBe('stack:\n  Error: no\n    at f')
})

test('escape sequences do not reach the terminal', () => {
  expect(outline({ name: 'a\x1b[2Jb' })).toBe('name: a�[2Jb')
})
