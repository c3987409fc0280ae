import { expect, test } from 'vitest'
import { selects, type LabelSelector } from './selector.ts'

test.each<[LabelSelector, boolean]>([
  [{}, true],
  [{ env: 'prod' }, true],
  [{ env: 'test' }, false],
  [{ env: 'prod', zone: 'a' }, false],
  [{ env: { in: ['test', 'prod'] } }, true],
  [{ env: { in: ['test'] } }, false],
  [{ zone: { in: ['a'] } }, false],
  [{ env: { notIn: ['test'] } }, true],
  [{ env: { notIn: ['test', 'prod'] } }, false],
  [{ zone: { notIn: ['a'] } }, true],
  [{ constructor: { notIn: ['a'] } }, true],
])('%j selects an executor with env=prod: %s', (selector, expected) => {
  expect(selects(selector, { env: 'prod', gpu: 'no' })).toBe(expected)
})
