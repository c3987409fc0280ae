import { expect, test } from 'vitest'
import { edgesBy } from './beside.ts'
import { boundsOf, curveOf, edgeAt, fitted, neighbour, nodeAt, pointOn, revealing, toGraph, zoomed } from './geometry.ts'
import { NODE_HEIGHT, NODE_WIDTH, type Places } from './model.ts'

//  a ── b ── d
//    ╲─ c
const places: Places = new Map([
  ['a', { x: 0, y: 100 }],
  ['b', { x: 300, y: 90 }],
  ['c', { x: 300, y: 200 }],
  ['d', { x: 600, y: 90 }],
])
const edges = [
  { from: 'a', to: 'b' },
  { from: 'a', to: 'c' },
  { from: 'b', to: 'd' },
]
const graph = { places, before: edgesBy(edges, 'to'), after: edgesBy(edges, 'from') }

test.each([
  ['a', 'right', 'b'],
  ['b', 'left', 'a'],
  ['c', 'left', 'a'],
  ['b', 'down', 'c'],
  ['c', 'up', 'b'],
  ['b', 'up', null],
  ['d', 'right', null],
  ['gone', 'right', null],
] as const)('from %s the key %s leads to %s', (from, direction, to) => {
  expect(neighbour(from, direction, graph)).toBe(to)
})

test('what is under the pointer stays under it while zooming', () => {
  const view = { x: 13, y: -7, k: 0.8 }
  const at = { x: 120, y: 60 }
  const before = toGraph(view, at)
  const after = toGraph(zoomed(view, 1.7, at), at)
  expect(after.x).toBeCloseTo(before.x)
  expect(after.y).toBeCloseTo(before.y)
})

test('a fitted view shows all of a large graph, and a small one no larger than life', () => {
  const size = { width: 400, height: 300 }
  const view = fitted(boundsOf(places), size)
  for (const { x, y } of places.values()) {
    expect(view.x + x * view.k).toBeGreaterThanOrEqual(0)
    expect(view.x + (x + NODE_WIDTH) * view.k).toBeLessThanOrEqual(size.width)
    expect(view.y + (y + NODE_HEIGHT) * view.k).toBeLessThanOrEqual(size.height)
  }
  expect(fitted({ x: 0, y: 0, width: 10, height: 10 }, size).k).toBe(1)
})

test('revealing a node moves the view only when the node is out of sight', () => {
  const size = { width: 400, height: 300 }
  const view = { x: 50, y: 0, k: 1 }
  expect(revealing(view, { x: 0, y: 100 }, size)).toBe(view)
  const moved = revealing(view, { x: 600, y: 90 }, size)
  expect(moved.x + 600 + NODE_WIDTH).toBeLessThanOrEqual(size.width)
})

test('a pointer finds the node that is drawn last, an edge along its whole curve, and nothing beside them', () => {
  expect(nodeAt(places, { x: 310, y: 120 })).toBe('b')
  expect(nodeAt(new Map([...places, ['e', { x: 305, y: 95 }]]), { x: 310, y: 120 })).toBe('e')
  expect(nodeAt(places, { x: 250, y: 0 })).toBeNull()
  const curve = curveOf(places.get('a')!, places.get('c')!)
  for (const t of [0.1, 0.37, 0.5, 0.83]) expect(edgeAt(edges, places, pointOn(curve, t), 4)).toEqual({ from: 'a', to: 'c' })
  expect(edgeAt(edges, places, { x: 250, y: 300 }, 4)).toBeNull()
})
