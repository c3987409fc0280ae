import { readFileSync } from 'node:fs'
import { definitionDocumentSchema } from '@carillon/contract'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'

// The schema that editors are given, as another validator than ours understands it.

const valid = new Ajv2020({ strict: false, allErrors: true }).compile(definitionDocumentSchema())

test.each<[string, unknown, boolean]>([
  ['a task', { kind: 'Task', code: 'load', type: 'note' }, true],
  ['a task without its type', { kind: 'Task', code: 'load' }, false],
  ['a DAG without edges', { kind: 'Dag', code: 'report', nodes: [{ code: 'only', task: 'load' }] }, true],
  ['a node with a field that there is not', { kind: 'Dag', code: 'report', nodes: [{ code: 'only', taks: 'load' }] }, false],
  ['a kind that there is not', { kind: 'Flow', code: 'x' }, false],
  ['a schedule with a cron expression', schedule({ kind: 'CRON', expression: '@daily', timezone: 'UTC' }), true],
  ['a schedule with a timing of no kind', schedule({ expression: '@daily' }), false],
])('%s', (_, document, right) => {
  expect([valid(document), valid.errors ?? []]).toEqual([right, right ? [] : expect.anything()])
})

function schedule(timing: object) {
  return { kind: 'Schedule', code: 'nightly', task: 'load', timing }
}

test('the files of the guide to definitions as code are right by it', () => {
  const guide = readFileSync(new URL('../../../../../docs/guides/definitions-as-code.md', import.meta.url), 'utf8')
  const files = [...guide.matchAll(/^```yaml file=\S+\n(.*?)^```$/gms)].map(([, text]) => text!)
  const documents = files.flatMap((text) => [...parseAllDocuments(text)].map((document): unknown => document.toJS()))
  expect(documents).toHaveLength(5)
  for (const document of documents) expect([valid(document), valid.errors]).toEqual([true, null])
})
