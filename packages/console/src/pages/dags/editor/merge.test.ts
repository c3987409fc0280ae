import type { DagDefinition } from '@carillon/core'
import { describe, expect, test } from 'vitest'
import { merge } from './merge.ts'

const base: DagDefinition = {
  nodes: [
    { code: 'a', task: 't' },
    { code: 'b', task: 't', params: { n: 1 } },
  ],
  edges: [{ from: 'a', to: 'b' }],
  params: { day: 'today' },
}
const [a, b] = base.nodes as [DagDefinition['nodes'][0], DagDefinition['nodes'][0]]

test('what two people did in different places comes together', () => {
  const mine = { ...base, nodes: [a, { ...b, triggerRule: 'ALL_DONE' as const }, { code: 'mine', task: 't' }] }
  const theirs = {
    ...base,
    nodes: [{ ...a, name: 'Extract' }, b, { code: 'theirs', task: 't' }],
    edges: [...base.edges, { from: 'b', to: 'theirs' }],
    timeoutMs: 5,
  }
  const { definition, clashes } = merge(base, mine, theirs)
  expect(clashes).toEqual([])
  expect(definition).toEqual({
    nodes: [
      { ...a, name: 'Extract' },
      { ...b, triggerRule: 'ALL_DONE' },
      { code: 'mine', task: 't' },
      { code: 'theirs', task: 't' },
    ],
    edges: [
      { from: 'a', to: 'b' },
      { from: 'b', to: 'theirs' },
    ],
    params: { day: 'today' },
    timeoutMs: 5,
  })
})

test('two fields of one node are no clash', () => {
  const { definition, clashes } = merge(
    base,
    { ...base, nodes: [a, { ...b, mayFail: true }] },
    { ...base, nodes: [a, { ...b, params: { n: 2 } }] },
  )
  expect(clashes).toEqual([])
  expect(definition.nodes[1]).toEqual({ ...b, mayFail: true, params: { n: 2 } })
})

describe('the same field changed to different values', () => {
  const mine = { ...base, nodes: [a, { ...b, params: { n: 2 } }] }
  const theirs = { ...base, nodes: [a, { ...b, params: { n: 3 } }] }
  test('is a clash, and stays mine until somebody chooses', () => {
    const { definition, clashes } = merge(base, mine, theirs)
    expect(clashes).toEqual([{ at: '/nodes/b/params', mine: { n: 2 }, theirs: { n: 3 } }])
    expect(definition.nodes[1]).toEqual(mine.nodes[1])
  })
  test('is as chosen', () => {
    expect(merge(base, mine, theirs, { '/nodes/b/params': 'theirs' }).definition.nodes[1]).toEqual(theirs.nodes[1])
  })
  test('to the same value is none', () => expect(merge(base, mine, mine).clashes).toEqual([]))
})

test('a node that one removed and the other changed is a clash, and goes only if that is chosen', () => {
  const mine = { ...base, nodes: [a], edges: [] }
  const theirs = { ...base, nodes: [a, { ...b, name: 'B' }] }
  const { clashes } = merge(base, mine, theirs)
  expect(clashes).toEqual([{ at: '/nodes/b', mine: undefined, theirs: { ...b, name: 'B' } }])
  expect(merge(base, mine, theirs, { '/nodes/b': 'theirs' }).definition.nodes).toEqual(theirs.nodes)
})

test('a node that one removed goes although the other drew an edge to it, and the edge goes with it', () => {
  const mine = { ...base, nodes: [a], edges: [] }
  const theirs = { ...base, nodes: [...base.nodes, { code: 'c', task: 't' }], edges: [...base.edges, { from: 'b', to: 'c' }] }
  const { definition, clashes } = merge(base, mine, theirs)
  expect(clashes).toEqual([])
  expect(definition).toEqual({ ...base, nodes: [a, { code: 'c', task: 't' }], edges: [] })
})

test('nodes that are drawn elsewhere by both ask nobody anything', () => {
  const at = (x: number) => ({ ...base, nodes: [{ ...a, position: { x, y: 0 } }, b] })
  expect(merge(base, at(1), at(2))).toEqual({ definition: at(1), clashes: [] })
})
