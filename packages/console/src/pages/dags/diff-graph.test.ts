import { diffDefinitions, type DagDefinition } from '@carillon/core'
import { expect, test } from 'vitest'
import { changesOf, mergedGraph } from './diff-graph.ts'

const before: DagDefinition = {
  nodes: [
    { code: 'a', task: 't' },
    { code: 'b', task: 't' },
  ],
  edges: [{ from: 'a', to: 'b' }],
}
const after: DagDefinition = {
  nodes: [
    { code: 'a', task: 't', mayFail: true },
    { code: 'c', task: 't' },
  ],
  edges: [{ from: 'a', to: 'c', condition: 'output > 1' }],
  timeoutMs: 7,
}
const diff = diffDefinitions(before, after)

test('both versions are one graph, in which what is gone still stands', () => {
  const { nodes, edges } = mergedGraph(before, after, diff)
  expect(nodes.map(({ id, mark }) => [id, mark])).toEqual([
    ['a', 'changed'],
    ['c', 'added'],
    ['b', 'removed'],
  ])
  expect(edges.map(({ from, to, mark }) => [from, to, mark])).toEqual([
    ['a', 'c', 'added'],
    ['a', 'b', 'removed'],
  ])
})

test('the list of changes names each with its fields', () => {
  expect(changesOf(diff)).toEqual([
    { kind: 'changed', fields: [{ path: '/timeoutMs', after: 7 }] },
    { kind: 'removed', node: 'b', fields: [] },
    { kind: 'added', node: 'c', fields: [{ path: '/task', after: 't' }] },
    { kind: 'changed', node: 'a', fields: [{ path: '/mayFail', after: true }] },
    { kind: 'removed', edge: { from: 'a', to: 'b' }, fields: [] },
    { kind: 'added', edge: { from: 'a', to: 'c' }, fields: [{ path: '/condition', after: 'output > 1' }] },
  ])
})
