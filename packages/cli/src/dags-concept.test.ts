import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { simulateDag, validateDagDefinition, type DagDefinition } from '@carillon/core'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { ROOT } from './testing/started.ts'

const page = readFileSync(join(ROOT, 'docs/concepts/dags.md'), 'utf8')
const {
  kind: _,
  code: __,
  ...definition
} = parse(/^```yaml file=invoices\.yaml\n(.*?)^```$/ms.exec(page)![1]!) as DagDefinition & { kind: string; code: string }

const invoices = (count: number) => ({ list: { output: { invoices: Array.from({ length: count }, (_, id) => ({ id })) } } })
const ends = (count: number, outcomes = {}) => {
  const { nodes } = simulateDag(definition, {}, { ...invoices(count), ...outcomes })
  return Object.fromEntries(nodes.map(({ code, state, params }) => [code, { state, params }]))
}

test('the DAG of the concept page is valid', () => {
  expect(validateDagDefinition(definition)).toEqual([])
})

test('with few invoices nobody is asked', () => {
  expect(ends(2)).toMatchObject({
    sign: { state: 'SKIPPED' },
    send: {
      state: 'SUCCESS',
      params: [
        { invoice: 0, place: 0 },
        { invoice: 1, place: 1 },
      ],
    },
    report: { state: 'SUCCESS', params: { sent: '2 of 2' } },
  })
})

test('with many a person decides, and the report is written either way', () => {
  expect(ends(1001)).toMatchObject({ sign: { state: 'SUCCESS' }, send: { state: 'SUCCESS' } })
  expect(ends(1001, { sign: { state: 'FAILED' } })).toMatchObject({
    send: { state: 'SKIPPED' },
    report: { state: 'SUCCESS', params: { sent: '0 of 1001' } },
  })
})
