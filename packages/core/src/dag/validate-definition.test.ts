import { describe, expect, test } from 'vitest'
import type { DagDefinition, EdgeDefinition, NodeDefinition } from './definition.ts'
import { bestTimeOf } from './best-time.test-helper.ts'
import { validateDagDefinition } from './validate-definition.ts'

const node = (code: string, more: Partial<NodeDefinition> = {}): NodeDefinition => ({ code, task: 'task', ...more })
const bare = (code: string, more: Partial<NodeDefinition>): NodeDefinition => ({ code, ...more })
const chain = (...codes: string[]): EdgeDefinition[] => codes.slice(1).map((to, index) => ({ from: codes[index]!, to }))
const problems = (nodes: readonly NodeDefinition[], edges: readonly EdgeDefinition[] = [], more: Partial<DagDefinition> = {}) =>
  validateDagDefinition({ nodes, edges, ...more })
/** The only problem. */
const problem = (...definition: Parameters<typeof problems>) => {
  const all = problems(...definition)
  expect(all).toHaveLength(1)
  return all[0]!
}

test('a sound definition has no problems', () => {
  const sound = problems(
    [
      node('extract', { params: { day: '${{ params.day }}', at: '${{ run.fireAt }}', key: '${{ secrets.key }}' } }),
      node('load-all', { forEach: { items: 'nodes.extract.output.parts' }, params: { part: '${{ item }}', at: '${{ index }}' } }),
      bare('ok', { approval: { prompt: 'fine?' }, triggerRule: 'ALL_DONE' }),
      bare('pause', { wait: { event: { name: 'arrived', key: 'nodes["load-all"].output[0]' } } }),
      bare('sub', { dag: 'other', dagVersion: 2, params: { total: '${{ nodes.extract.output.total }}' } }),
    ],
    [
      ...chain('extract', 'load-all', 'ok', 'pause', 'sub'),
      { from: 'extract', to: 'ok', condition: 'state == "SUCCESS" && output.total > params.least && error == null' },
    ],
    { params: { day: 'today', least: 3 }, output: { total: '${{ nodes.extract.output.total }}' } },
  )
  expect(sound).toEqual([])
})

describe('the graph', () => {
  test('has a code once', () => {
    expect(problem([node('a'), node('b'), node('a')])).toEqual({
      path: '/nodes/2/code',
      node: 'a',
      message: 'The code "a" is already that of /nodes/0.',
    })
  })
  test('has edges between its nodes only', () => {
    expect(problem([node('a')], chain('a', 'b'))).toEqual({
      path: '/edges/0/to',
      edge: { from: 'a', to: 'b' },
      message: 'There is no node "b".',
    })
  })
  test('has an edge once', () => {
    expect(problem([node('a'), node('b')], [...chain('a', 'b'), ...chain('a', 'b')])).toMatchObject({
      path: '/edges/1',
      message: expect.stringContaining('already there as /edges/0'),
    })
  })
  test('has no edge from a node to itself', () => {
    expect(problem([node('a')], chain('a', 'a'))).toMatchObject({
      path: '/edges/0',
      message: 'The node "a" would wait for itself.',
    })
  })
  test('has no cycle; one is printed', () => {
    const codes = ['start', 'a', 'b', 'c', 'end']
    const found = problem(
      codes.map((code) => node(code)),
      [...chain(...codes), { from: 'c', to: 'a' }],
    )
    expect(found.message).toMatch(/^It closes a cycle: (a → b → c → a|b → c → a → b|c → a → b → c)\.$/)
    expect(found.edge).toEqual(expect.objectContaining({ from: expect.stringMatching(/^[abc]$/) }))
    expect(found.path).toMatch(/^\/edges\/\d$/)
  })
  test('has a long cycle printed in short', () => {
    const codes = Array.from({ length: 100 }, (_, index) => `n${index}`)
    const found = problem(
      codes.map((code) => node(code)),
      chain(...codes, 'n0'),
    )
    expect(found.message).toContain('… 80 more … → ')
  })
  test('has at least one node and at most so many nodes and edges', () => {
    expect(problem([])).toMatchObject({ path: '/nodes' })
    const many = Array.from({ length: 10_001 }, (_, index) => node(`n${index}`))
    expect(problem(many).message).toBe('A DAG has at most 10000 nodes, this has 10001; split it into sub-DAGs.')
    expect(
      problem(
        [node('a')],
        Array.from({ length: 100_001 }, () => ({ from: 'a', to: 'b' })),
      ),
    ).toMatchObject({ path: '/edges' })
  })
})

describe('a node', () => {
  test('does exactly one thing', () => {
    expect(problem([bare('a', {})])).toMatchObject({ path: '/nodes/0', node: 'a' })
    expect(problem([node('a', { dag: 'b' })])).toMatchObject({
      path: '/nodes/0/dag',
      message: 'It has task and dag; a node has exactly one of task, dag, approval, wait.',
    })
    expect(problem([node('a', { dagVersion: 1 })])).toMatchObject({ path: '/nodes/0/dagVersion' })
  })
  test('is not repeated when it is an approval or a wait', () => {
    const forEach = { items: 'params.list' }
    expect(problem([bare('a', { approval: {}, forEach })])).toMatchObject({ path: '/nodes/0/forEach' })
    expect(problem([bare('a', { wait: { ms: 1 }, forEach })])).toMatchObject({ path: '/nodes/0/forEach' })
  })
  test('is not repeated when it is a DAG, whose own nodes can be', () => {
    expect(problem([bare('a', { dag: 'b', forEach: { items: 'params.list' } })])).toMatchObject({
      path: '/nodes/0/forEach',
      node: 'a',
      message: 'A DAG is not repeated; give it the list in params and put forEach on the nodes with a task in that DAG.',
    })
  })
  test('waits for exactly one thing', () => {
    expect(problem([bare('a', { wait: {} })])).toMatchObject({ path: '/nodes/0/wait' })
    expect(problem([bare('a', { wait: { ms: 1, until: 'params.at' } })])).toMatchObject({ path: '/nodes/0/wait' })
  })
  test('has a trigger rule only behind something', () => {
    expect(problem([node('a', { triggerRule: 'ONE_FAILED' })])).toMatchObject({ path: '/nodes/0/triggerRule', node: 'a' })
    expect(problems([node('a', { triggerRule: 'ALL_SUCCESS' })])).toEqual([])
  })
})

describe('an expression', () => {
  const behind = (more: Partial<NodeDefinition>) => problem([node('a'), node('b', more), node('c')], chain('a', 'b', 'c'))
  test('compiles; the place in it is told', () => {
    expect(behind({ params: { 'x/y': ['${{ 1 + }}'] } })).toMatchObject({ path: '/nodes/1/params/x~1y/0', node: 'b' })
    expect(behind({ forEach: { items: 'params.' } })).toMatchObject({
      path: '/nodes/1/forEach/items',
      message: expect.stringContaining('(line 1, column 8)'),
    })
    expect(problem([bare('a', { wait: { until: ')' } })])).toMatchObject({ path: '/nodes/0/wait/until' })
    expect(problem([node('a'), node('b')], [{ from: 'a', to: 'b', condition: 'matches(' }])).toMatchObject({
      path: '/edges/0/condition',
      edge: { from: 'a', to: 'b' },
    })
  })
  test('names only nodes upstream, however far', () => {
    const codes = ['a', 'b', 'c', 'd']
    const reads = (reader: string, read: string) =>
      problems(codes.map((code) => node(code, code === reader ? { params: { x: `\${{ nodes.${read}.output }}` } } : {})), chain('a', 'b', 'c')) // prettier-ignore
    expect(reads('c', 'a')).toEqual([])
    expect(reads('c', 'b')).toEqual([])
    expect(reads('c', 'd')).toMatchObject([
      { path: '/nodes/2/params/x', node: 'c', message: expect.stringContaining('not upstream') },
    ])
    expect(reads('a', 'c')).toMatchObject([{ message: expect.stringContaining('"c" is not upstream of "a"') }])
    expect(reads('b', 'b')).toMatchObject([{ message: expect.stringContaining('"b" is not upstream of "b"') }])
    expect(reads('b', 'z')).toMatchObject([{ message: expect.stringContaining('There is no node "z"') }])
  })
  test('names a node, so that it is known before what it reads', () => {
    expect(behind({ params: { x: '${{ nodes[params.which].output }}' } }).message).toMatch(/A node is named/)
  })
  test('sees item and index in a fan-out only, and no secrets but in params', () => {
    expect(behind({ params: { x: '${{ item }}' } }).message).toBe(
      'There is no "item" here; there are params, run, nodes, secrets.',
    )
    expect(behind({ forEach: { items: 'secrets.list' } }).message).toBe(
      'There is no "secrets" here; there are params, run, nodes.',
    )
  })
  test('of a condition sees how the node it leaves ended, and the parameters', () => {
    expect(problem([node('a'), node('b')], [{ from: 'a', to: 'b', condition: 'nodes.a.output' }]).message).toBe(
      'There is no "nodes" here; there are state, output, error, params.',
    )
  })
})

test('a default is a plain value', () => {
  expect(problem([node('a')], [], { params: { x: { y: '${{ run.id }}' } } })).toMatchObject({ path: '/params/x/y' })
  expect(problem([node('a')], [], { params: { key: '${{ secrets.key }}' } })).toMatchObject({ path: '/params/key' })
})

test('a node that runs a DAG gives it no secrets', () => {
  expect(problem([bare('sub', { dag: 'other', params: { to: { key: '${{ secrets.key }}' } } })])).toEqual({
    path: '/nodes/0/params/to/key',
    node: 'sub',
    message: 'A DAG is given no secrets: refer to this one in the params of the nodes of other that need it.',
  })
})

test('the output names nodes of the DAG and no secrets', () => {
  expect(problem([node('a')], [], { output: '${{ nodes.b.output }}' })).toMatchObject({ path: '/output' })
  expect(problem([node('a')], [], { output: ['${{ secrets.x }}'] })).toMatchObject({
    path: '/output/0',
    message: 'An output holds no secrets.',
  })
})

// JSON takes about 30 ms for 10,000 nodes. What is measured against it holds on a busy machine too; looking at nodes or edges once for each
// other one would take hundreds of times as long.
describe('10,000 nodes are checked in a few times what JSON takes for them', () => {
  const layers = 100
  const code = (layer: number, place: number) => `n${layer}-${place}`
  const nodes = Array.from({ length: 10_000 }, (_, index) => {
    const layer = Math.floor(index / 100)
    // Reads a node far upstream, so that all ancestors are needed.
    const params: Record<string, unknown> = layer > 2 ? { x: `\${{ nodes["${code(0, index % 100)}"].output }}` } : {}
    return node(code(layer, index % 100), { params })
  })
  const edges = Array.from({ length: layers - 1 }, (_, layer) =>
    Array.from({ length: 1_000 }, (_unused, index) => ({
      from: code(layer, index % 100),
      to: code(layer + 1, (index + Math.floor(index / 100) * 7) % 100),
    })),
  ).flat()

  function timesJson(chosen: readonly EdgeDefinition[]): number {
    const took = bestTimeOf(() => problems(nodes, chosen))
    return took / bestTimeOf(() => JSON.parse(JSON.stringify({ nodes, edges: chosen })) as unknown)
  }

  test('in layers, with 20,000 edges', () => {
    const some = edges.filter((_, index) => index % 1_000 < 200)
    expect(problems(nodes, some)).toEqual([])
    expect(timesJson(some)).toBeLessThan(20)
  })
  test('in one chain', () => {
    const codes = nodes.map((one) => one.code)
    expect(problems(nodes, chain(...codes))).toEqual([])
    expect(timesJson(chain(...codes))).toBeLessThan(20)
  })
  test('with 99,000 edges', () => {
    expect(problems(nodes, edges)).toEqual([])
    expect(timesJson(edges)).toBeLessThan(20)
  })
  test('in one cycle', () => {
    const codes = nodes.map((one) => one.code)
    expect(problem(nodes, chain(...codes, codes[0]!)).message).toContain('cycle')
  })
})
