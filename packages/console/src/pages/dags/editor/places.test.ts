import type { DagDefinition, NodeDefinition } from '@carillon/core'
import { expect, test } from 'vitest'
import { movesOf, placeFor, shifted } from './places.ts'

const node = (code: string, position?: { x: number; y: number }): NodeDefinition =>
  ({ code, task: 'step', ...(position ? { position } : {}) }) as unknown as NodeDefinition
const graph = (...nodes: NodeDefinition[]): DagDefinition => ({ nodes, edges: [] })
const drawn = (places: readonly (readonly [string, { x: number; y: number }])[]) => ({
  places: new Map(places),
  centre: { x: 10.4, y: 20.6 },
})

test('a new node stands where it was dropped', () => {
  expect(placeFor(graph(node('a')), drawn([]), { x: 1.6, y: 2.2 }, 'a')).toEqual({ x: 2, y: 2 })
})

test('in a graph that is laid out it has no place of its own', () => {
  expect(placeFor(graph(node('a')), drawn([['a', { x: 0, y: 0 }]]), null, 'a')).toBeUndefined()
})

test('else it stands to the right of the node that it follows, and below what stands there', () => {
  const both = graph(node('a', { x: 0, y: 0 }), node('b', { x: 0, y: 0 }))
  const first = placeFor(both, drawn([['a', { x: 0, y: 0 }]]), null, 'a')!
  expect(first.x).toBeGreaterThan(0)
  expect(first.y).toBe(0)
  const taken = [...[['a', { x: 0, y: 0 }]], ['b', first]] as [string, { x: number; y: number }][]
  const second = placeFor(both, drawn(taken), null, 'a')!
  expect(second.x).toBe(first.x)
  expect(second.y).toBeGreaterThan(0)
})

test('one that follows nothing stands in sight', () => {
  expect(placeFor(graph(node('a', { x: 500, y: 500 })), drawn([['a', { x: 500, y: 500 }]]), null, null)).toEqual({ x: 10, y: 21 })
})

test('when one node is moved, those that were laid out stay where they were drawn', () => {
  const places = new Map([
    ['a', { x: 0, y: 0 }],
    ['b', { x: 300, y: 0 }],
    ['c', { x: 600, y: 0 }],
  ])
  const nodes = [node('a'), node('b'), node('c', { x: 600, y: 0 })]
  expect(movesOf(nodes, places, shifted(['a'], places, { x: 5, y: -5 }))).toEqual({
    kind: 'MOVE',
    places: [
      ['a', { x: 5, y: -5 }],
      ['b', { x: 300, y: 0 }],
    ],
  })
})
