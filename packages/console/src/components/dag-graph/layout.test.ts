import { describe, expect, test } from 'vitest'
import { layers, shape } from './graph.test-helper.ts'
import { layOut, layOutInColumns } from './layout.ts'
import { NODE_HEIGHT, NODE_WIDTH, type Places } from './model.ts'
import { ranksOf, type Shape } from './ranks.ts'

describe.each([
  ['of dagre', layOut],
  ['in columns', layOutInColumns],
])('the layout %s', (_, layout) => {
  test('puts every node to the right of what leads to it', () => {
    const graph = shape('a>b a>c b>d c>d d>e a>e')
    const places = layout(graph)
    for (const { from, to } of graph.edges) expect(places.get(to)!.x).toBeGreaterThan(places.get(from)!.x + NODE_WIDTH)
  })

  test('lets no two nodes overlap', () => {
    expect(overlapping(layout(layers(8, 12)))).toEqual([])
  })

  test('is the same for the same graph', () => {
    expect([...layout(layers(6, 6))]).toEqual([...layout(layers(6, 6))])
  })

  test('has a place for every node of a draft, whatever it holds: a cycle, an edge to itself, an edge to a node that is gone', () => {
    const draft: Shape = { ids: ['a', 'b', 'c'], edges: [...shape('a>b b>a a>a').edges, { from: 'c', to: 'gone' }] }
    expect([...layout(draft).keys()]).toEqual(['a', 'b', 'c'])
  })

  test('of nothing is nothing', () => {
    expect(layout({ ids: [], edges: [] }).size).toBe(0)
  })
})

test('ten thousand nodes are laid out without dagre, which would take minutes', () => {
  const graph = layers(100, 100)
  expect([...layOut(graph)]).toEqual([...layOutInColumns(graph)])
})

test('a rank is the longest way to a node', () => {
  expect(Object.fromEntries(ranksOf(shape('a>b b>c a>c c>d')))).toEqual({ a: 0, b: 1, c: 2, d: 3 })
})

function overlapping(places: Places): string[] {
  const list = [...places]
  return list.flatMap(([id, a], index) =>
    list
      .slice(index + 1)
      .filter(([, b]) => Math.abs(a.x - b.x) < NODE_WIDTH && Math.abs(a.y - b.y) < NODE_HEIGHT)
      .map(([other]) => `${id} ${other}`),
  )
}
