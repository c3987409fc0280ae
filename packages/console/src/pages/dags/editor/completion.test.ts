import { expect, test } from 'vitest'
import { completionsOf, conditionWords } from './completion.ts'

const words = conditionWords(['rows', 'region'])

test.each([
  ['outp', ['output', 'output.']],
  ['params.r', ['params.rows', 'params.region']],
  ['state == "FAILED" && params.re', ['state == "FAILED" && params.region']],
  ['output.rows > ', undefined],
  ['params.rows', []],
  ['', undefined],
])('what can follow %j', (text, expected) => {
  const texts = completionsOf(text, words).map((completion) => completion.text)
  if (expected === undefined) expect(texts.length).toBeGreaterThan(5)
  else expect(texts).toEqual(expected)
})

test('after a finished value no name is offered', () => {
  expect(completionsOf('output.rows ', words)).toEqual([])
})
