import { expect, test } from 'vitest'
import { doubled, rowsOf, selectorOf } from './selector.ts'

const selector = { env: 'prod', zone: { in: ['a', 'b, c'] }, gpu: { notIn: ['none'] } }

test('a selector is the same after it was shown as rows', () => {
  expect(rowsOf(selector).map(({ label, rule }) => [label, rule])).toEqual([
    ['env', 'is'],
    ['zone', 'in'],
    ['gpu', 'notIn'],
  ])
  expect(selectorOf(rowsOf(selector))).toEqual(selector)
})

test('a row in which nothing is typed is left out; one without a label goes as it is, for the server to refuse it', () => {
  expect(selectorOf([{ label: ' ', rule: 'in', values: '\n' }])).toEqual({})
  expect(selectorOf([{ label: '', rule: 'is', values: 'prod' }])).toEqual({ '': 'prod' })
})

test('a label that stands in two rows is no selector: one of them would be lost', () => {
  const rows = [...rowsOf(selector), { label: ' zone', rule: 'is', values: 'c' } as const]
  expect([...doubled(rows)]).toEqual(['zone'])
  expect(selectorOf(rows)).toBeNull()
})
