import { expect, test } from 'vitest'
import { isTooDeep, storableJson } from './storable-json.ts'

test.each([
  ['an ordinary value', { a: [1, null, 'ä 中 😀'] }, '{"a":[1,null,"ä 中 😀"]}'],
  ['NUL in a text and a key', { 'k\u0000': 'a\u0000b' }, '{"k␀":"a␀b"}'],
  ['half of a surrogate pair', ['\ud83d', 'x\udc00y'], '["�","x�y"]'],
  ['a text that only looks like an escape', '\\u0000', '"\\\\u0000"'],
  ['nothing', undefined, 'null'],
])('%s', (_name, value, text) => {
  expect(storableJson(value)).toBe(text)
})

test('what is nested as deeply as anyone needs can be kept, and a hundred thousand levels are too deep', () => {
  const nested = (levels: number) => JSON.parse('[{"a":'.repeat(levels / 2) + '1' + '}]'.repeat(levels / 2)) as unknown
  expect([isTooDeep(1), isTooDeep(nested(500)), isTooDeep(nested(502)), isTooDeep(nested(100_000))]).toEqual([
    false,
    false,
    true,
    true,
  ])
})
