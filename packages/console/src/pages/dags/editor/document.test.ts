import type { DagDefinition } from '@carillon/core'
import { describe, expect, test } from 'vitest'
import { applyEdit, copied, freshCode, pasted, refusalOf } from './document.ts'
import { edited, nextRedo, present, redone, restored, startHistory, undone } from './history.ts'

const dag: DagDefinition = {
  nodes: [
    { code: 'a', task: 't' },
    { code: 'b', task: 't', position: { x: 10, y: 20 } },
    { code: 'c', task: 't' },
  ],
  edges: [
    { from: 'a', to: 'b' },
    { from: 'b', to: 'c', condition: 'output > 1' },
  ],
}

describe('an edit', () => {
  test('adds a node behind another one', () => {
    const after = applyEdit(dag, { kind: 'ADD_NODE', node: { code: 'd', task: 't' }, after: 'c' })
    expect(after.nodes.map(({ code }) => code)).toEqual(['a', 'b', 'c', 'd'])
    expect(after.edges.at(-1)).toEqual({ from: 'c', to: 'd' })
  })

  test('gives a node another code, and its edges follow with their conditions', () => {
    const after = applyEdit(dag, { kind: 'CHANGE_NODE', code: 'b', node: { code: 'x', task: 't' } })
    expect(after.edges).toEqual([
      { from: 'a', to: 'x' },
      { from: 'x', to: 'c', condition: 'output > 1' },
    ])
  })

  test('removes nodes with their edges, and nothing else', () => {
    const after = applyEdit(dag, { kind: 'REMOVE', nodes: ['b'], edge: null })
    expect(after).toEqual({ nodes: [dag.nodes[0], dag.nodes[2]], edges: [] })
  })

  test('leaves what it does not touch the same object, so that it need not be drawn again', () => {
    expect(applyEdit(dag, { kind: 'MOVE', places: [['b', { x: 1, y: 2 }]] }).nodes[0]).toBe(dag.nodes[0])
  })
})

describe('an edge', () => {
  test('that would close a cycle is refused with the way round', () => {
    expect(refusalOf(dag, 'c', 'a')).toEqual({ kind: 'CYCLE', way: ['c', 'a', 'b', 'c'] })
  })
  test('is refused where it is already, and from a node to itself', () => {
    expect(refusalOf(dag, 'a', 'b')).toEqual({ kind: 'THERE' })
    expect(refusalOf(dag, 'a', 'a')).toEqual({ kind: 'ITSELF' })
  })
  test('is allowed elsewhere', () => expect(refusalOf(dag, 'a', 'c')).toBeNull())
})

describe('copied nodes', () => {
  test('are pasted under codes that are free, with the edges between them', () => {
    const edit = pasted(copied(dag, ['b', 'c']), dag)!
    expect(edit.nodes.map(({ code }) => code)).toEqual(['b-2', 'c-2'])
    expect(edit.edges).toEqual([{ from: 'b-2', to: 'c-2', condition: 'output > 1' }])
    expect(edit.nodes[0]!.position).toEqual({ x: 50, y: 60 })
  })
  test.each(['', 'no JSON', '{"nodes":[]}', '{"nodes":[{"code":"<b>"}]}', '7', 'null'])('are not found in %j', (text) =>
    expect(pasted(text, dag)).toBeNull(),
  )
})

test('a fresh code is the wanted one, or has the next free number', () => {
  expect(freshCode('load', new Set())).toBe('load')
  expect(freshCode('load', new Set(['load', 'load-2']))).toBe('load-3')
  expect(freshCode('etl.load/eu', new Set())).toBe('etl-load-eu')
  expect(freshCode('12', new Set())).toBe('node')
})

describe('the history', () => {
  const two = ['x', 'y'].reduce(
    (history, code) => edited(history, { kind: 'ADD_NODE', node: { code, task: 't' }, after: null }),
    startHistory(dag),
  )
  const codes = (history: typeof two) => present(history).nodes.map(({ code }) => code)

  test('goes back and forth', () => {
    expect(codes(undone(undone(two)))).toEqual(['a', 'b', 'c'])
    expect(present(undone(undone(undone(two))))).toBe(dag)
    expect(codes(redone(undone(two)))).toEqual(['a', 'b', 'c', 'x', 'y'])
  })

  test('forgets what was undone once something else is done', () => {
    const other = edited(undone(two), { kind: 'REMOVE', nodes: ['a'], edge: null })
    expect(codes(other)).toEqual(['b', 'c', 'x'])
    expect(nextRedo(other)).toBeNull()
  })

  test('is the same after it was written down and read again', () => {
    const { base, edits, at } = JSON.parse(JSON.stringify(undone(two))) as typeof two
    const again = restored({ base, edits, at })
    expect(codes(again)).toEqual(['a', 'b', 'c', 'x'])
    expect(codes(redone(again))).toEqual(['a', 'b', 'c', 'x', 'y'])
    expect(codes(undone(again))).toEqual(['a', 'b', 'c'])
  })
})
