import { expect, test } from 'vitest'
import { definitionDocumentSchema, inDependencyOrder, type DefinitionDocument } from './definition-document.ts'

test('the published schema is in step with the documents (vitest -u writes it)', async () => {
  await expect(`${JSON.stringify(definitionDocumentSchema(), null, 1)}\n`).toMatchFileSnapshot('../definitions.schema.json')
})

test('what others refer to comes first, whatever the order it is written in', () => {
  const documents = [
    { kind: 'Schedule', code: 's', task: 'a', timing: { kind: 'MANUAL' } },
    { kind: 'Dag', code: 'outer', nodes: [{ code: 'n', dag: 'inner' }] },
    { kind: 'Dag', code: 'inner', nodes: [{ code: 'n', task: 'a' }] },
    { kind: 'Task', code: 'a', type: 't', downstream: [{ task: 'b' }] },
    { kind: 'Task', code: 'b', type: 't' },
    { kind: 'TaskType', code: 't', work: 'log' },
  ] as DefinitionDocument[]
  expect(inDependencyOrder(documents).map(({ code }) => code)).toEqual(['t', 'b', 'a', 'inner', 'outer', 's'])
})

test('documents that refer to each other in a circle are all there, once', () => {
  const task = (code: string, next: string): DefinitionDocument => ({
    kind: 'Task',
    code,
    type: 't',
    downstream: [{ task: next }],
  })
  expect(inDependencyOrder([task('a', 'b'), task('b', 'a')])).toHaveLength(2)
})
