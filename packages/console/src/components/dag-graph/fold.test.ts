import { describe, expect, test } from 'vitest'
import { drawnAs, fold, groupsOf } from './fold.ts'
import { layers, shape } from './graph.test-helper.ts'
import type { GraphNode } from './model.ts'
import { ranksOf } from './ranks.ts'

const namesOf = (text: string) =>
  Object.fromEntries([...groupsOf(shape(text)).values()].map(({ name, members }) => [name, members.join(' ')]))

describe('groups', () => {
  test('are nodes whose names begin alike, before the last part or the number', () => {
    expect(namesOf('begin>load-eu begin>load-us load-eu>step1 load-us>step2 step1>end')).toEqual({
      load: 'load-eu load-us',
      step: 'step1 step2',
    })
    expect(namesOf('a_b-1>c a_b-2>c')).toEqual({ a_b: 'a_b-1 a_b-2' })
  })

  test('have more than one member', () => {
    expect(namesOf('load-eu>report')).toEqual({})
  })

  test('that would close a circle are those of one column', () => {
    expect(namesOf('eu-begin>all eu-open>all all>eu-end all>eu-close')).toEqual({
      'eu 1': 'eu-begin eu-open',
      'eu 3': 'eu-end eu-close',
    })
  })

  test('can be folded in any choice without a cycle', () => {
    const graph = layers(6, 8)
    const groups = [...groupsOf(graph).values()]
    expect(groups).toHaveLength(6)
    for (const chosen of [groups, groups.slice(2, 3), groups.filter((_, place) => place % 2 === 0)]) {
      const { nodes, edges } = fold({ nodes: graph.ids.map((id) => node(id)), edges: graph.edges }, chosen)
      const ranks = ranksOf({ ids: nodes.map(({ id }) => id), edges })
      expect(edges.every(({ from, to }) => ranks.get(from)! < ranks.get(to)!)).toBe(true)
    }
  })
})

const node = (id: string, more: Partial<GraphNode> = {}): GraphNode => ({ id, name: id, kind: 'task', ...more })

describe('a folded group', () => {
  const graph = {
    nodes: [
      node('begin', { state: 'SUCCESS' }),
      node('load-eu', { state: 'RUNNING', startedAt: 20 }),
      node('load-us', { state: 'FAILED', startedAt: 10, endedAt: 30 }),
      node('load-cn', { state: 'RUNNING', startedAt: 25 }),
      node('end', { state: 'WAITING' }),
    ],
    edges: [
      { from: 'begin', to: 'load-eu', taken: true },
      { from: 'begin', to: 'load-us', label: 'x > 1', taken: false },
      { from: 'load-eu', to: 'end' },
      { from: 'load-us', to: 'end', taken: false },
      { from: 'load-cn', to: 'load-us' },
      { from: 'begin', to: 'end', label: 'x < 1' },
    ],
  }
  const group = groupsOf({ ids: graph.nodes.map(({ id }) => id), edges: graph.edges }).get('load')!
  const folded = fold(graph, [group])

  test('is one node that counts what its members are in, what needs a look first', () => {
    expect(folded.nodes.map(({ id }) => id)).toEqual(['begin', 'end', 'group:load'])
    expect(folded.nodes.at(-1)).toEqual({
      id: 'group:load',
      name: 'load',
      kind: 'group',
      elements: 3,
      state: 'FAILED',
      tally: [
        { state: 'FAILED', count: 1 },
        { state: 'RUNNING', count: 2 },
      ],
      startedAt: 10,
    })
  })

  test('has one edge where its members had several, taken when one was; other edges are the same', () => {
    expect(folded.edges).toEqual([
      { from: 'begin', to: 'group:load', taken: true },
      { from: 'group:load', to: 'end' },
      graph.edges[5],
    ])
    expect(folded.edges[2]).toBe(graph.edges[5])
  })

  test('stands for its members', () => {
    expect(drawnAs([group]).get('load-us')).toBe('group:load')
    expect(fold(graph, [])).toBe(graph)
  })
})
