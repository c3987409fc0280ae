import { expect, test } from 'vitest'
import { findUnsafeInteger } from './unsafe-integer.ts'

test.each([
  ['9007199254740993', '', '9007199254740993'],
  ['-9007199254740992', '', '-9007199254740992'],
  ['{"a": 1, "ids": [7, {"x/y": 12345678901234567890}]}', '/ids/1/x~1y', '12345678901234567890'],
  ['[[1, 2], ["9007199254740993", 9007199254740994]]', '/1/1', '9007199254740994'],
  ['{"a \\" { [": {"b": "1234567890123456, 1"}, "c": 9007199254740995}', '/c', '9007199254740995'],
  ['{"a": [], "b": {}, "c": [true, null, 9007199254740995]}', '/c/2', '9007199254740995'],
])('of %s the integer that would be rounded is found', (json, path, text) => {
  expect(findUnsafeInteger(json)).toEqual({ path, text })
})

test.each([
  '9007199254740991',
  '-9007199254740991',
  '"9007199254740993"',
  '{"9007199254740993": 1}',
  '1e300',
  '9007199254740993.5',
  '[0.12345678901234567890]',
  '{"a": "x\\\\"}',
])('%s has none', (json) => {
  expect(findUnsafeInteger(json)).toBeNull()
})

test('a text of millions of signs is looked through', () => {
  const long = JSON.stringify({ text: 'x"'.repeat(2_000_000), list: Array.from({ length: 100_000 }, (_, n) => n) })
  expect(findUnsafeInteger(`[${long}, 9007199254740993]`)?.path).toBe('/1')
})
