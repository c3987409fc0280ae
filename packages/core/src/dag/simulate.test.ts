import { describe, expect, test } from 'vitest'
import type { DagDefinition, NodeDefinition } from './definition.ts'
import { simulateDag, simulationOf, type SimulatedOutcomes, type SimulationOptions } from './simulate.ts'

const node = (code: string, more: Partial<NodeDefinition> = {}): NodeDefinition => ({ code, task: code, ...more })

/** Extract → load (if there are rows) → report; alert if anything failed. */
const pipeline: DagDefinition = {
  params: { day: 'today', least: 1 },
  nodes: [
    node('extract', { params: { day: '${{ params.day }}', at: '${{ run.fireAt }}' } }),
    node('load', { params: { rows: '${{ nodes.extract.output.rows }}' } }),
    node('report', { triggerRule: 'NONE_FAILED' }),
    node('alert', { triggerRule: 'ONE_FAILED', params: { what: '${{ nodes.load.state }}' } }),
  ],
  edges: [
    { from: 'extract', to: 'load', condition: 'size(output.rows) >= params.least' },
    { from: 'load', to: 'report' },
    { from: 'extract', to: 'report' },
    { from: 'load', to: 'alert' },
  ],
  output: { loaded: '${{ nodes.extract.output.rows }}' },
}

function states(definition: DagDefinition, outcomes: SimulatedOutcomes = {}, options: SimulationOptions = {}) {
  const { state, nodes } = simulateDag(definition, options, outcomes)
  return { state, nodes: nodes.map(({ code, state: ended, skippedBecause }) => [code, skippedBecause ?? ended].join(' ')) }
}

test('nodes run in order, each with its parameters, and the run has its output', () => {
  const simulation = simulateDag(
    pipeline,
    { params: { day: '2024-02-29' }, run: { fireAt: 1_000 } },
    { extract: { output: { rows: [1, 2] }, durationMs: 50 }, load: { durationMs: 10 } },
  )
  expect(simulation.nodes.map(({ code, params, startedAt, endedAt }) => [code, params, startedAt, endedAt])).toEqual([
    ['extract', { day: '2024-02-29', at: 1_000 }, 1_000, 1_050],
    ['load', { rows: [1, 2] }, 1_050, 1_060],
    ['alert', null, null, 1_060],
    ['report', {}, 1_060, 1_060],
  ])
  expect(simulation).toMatchObject({ state: 'SUCCESS', output: { loaded: [1, 2] }, endedAt: 1_060 })
})

test('a condition that is false skips what follows, and says so', () => {
  expect(states(pipeline, { extract: { output: { rows: [] } } })).toEqual({
    state: 'SUCCESS',
    nodes: ['extract SUCCESS', 'load CONDITION', 'alert CONDITION', 'report SUCCESS'],
  })
})

test('a failure goes on to what handles it', () => {
  const simulation = simulateDag(
    pipeline,
    {},
    { extract: { output: { rows: [1] } }, load: { state: 'TIMEOUT', error: { code: 'T' } } },
  )
  expect(simulation.nodes.map(({ code, state }) => `${code} ${state}`)).toEqual([
    'extract SUCCESS',
    'load TIMEOUT',
    'report SKIPPED',
    'alert SUCCESS',
  ])
  expect(simulation.nodes[3]).toMatchObject({ params: { what: 'TIMEOUT' } })
  expect(simulation).toMatchObject({ state: 'FAILED', output: null })
})

test('a condition on a missing output fails its target, which tells why', () => {
  const { nodes } = simulateDag(pipeline, {}, { extract: { output: {} } })
  expect(nodes[1]).toMatchObject({
    code: 'load',
    skippedBecause: 'UPSTREAM_FAILED',
    error: { message: 'The condition "size(output.rows) >= params.least" cannot be evaluated: there is no "rows"' },
  })
})

test('parameters that cannot be computed fail the node', () => {
  const definition: DagDefinition = {
    nodes: [node('a'), node('b', { params: { deep: { x: '${{ nodes.a.output.x }}' } } })],
    edges: [{ from: 'a', to: 'b' }],
  }
  expect(simulateDag(definition).nodes[1]).toMatchObject({
    state: 'FAILED',
    error: { code: 'PARAMETERS', message: expect.stringContaining('/deep/x') },
  })
})

describe('a fan-out', () => {
  const fan = (forEach: Partial<NodeDefinition['forEach'] & {}>): DagDefinition => ({
    nodes: [
      node('list'),
      node('each', { forEach: { items: 'nodes.list.output', ...forEach }, params: { it: '${{ item }}', at: '${{ index }}' } }),
      node('reduce', { params: { total: '${{ sum(nodes.each.output) }}' } }),
    ],
    edges: [
      { from: 'list', to: 'each' },
      { from: 'each', to: 'reduce' },
    ],
  })
  const list = { output: ['a', 'b', 'c'] }
  const each = [{ output: 1, durationMs: 10 }, { output: 2, durationMs: 30 }, { output: 3, durationMs: 10 }] // prettier-ignore

  test('runs once for each element, and the list of outputs is reduced', () => {
    const { nodes } = simulateDag(fan({}), {}, { list, each })
    expect(nodes[1]).toMatchObject({
      params: [
        { it: 'a', at: 0 },
        { it: 'b', at: 1 },
        { it: 'c', at: 2 },
      ],
      output: [1, 2, 3],
      endedAt: 30,
    })
    expect(nodes[2]!.params).toEqual({ total: 6 })
  })
  test('runs so many at once', () => {
    expect(simulateDag(fan({ maxParallel: 2 }), {}, { list, each }).nodes[1]!.endedAt).toBe(30)
    expect(simulateDag(fan({ maxParallel: 1 }), {}, { list, each }).nodes[1]!.endedAt).toBe(50)
  })
  test('succeeds when enough of its elements do', () => {
    const some = [{ output: 1 }, { state: 'FAILED' as const }, { output: 3 }]
    expect(simulateDag(fan({}), {}, { list, each: some }).nodes[1]).toMatchObject({
      state: 'FAILED',
      error: { message: '1 of 3 elements failed' },
    })
    expect(simulateDag(fan({ successShare: 0.6 }), {}, { list, each: some }).nodes[1]).toMatchObject({
      state: 'SUCCESS',
      output: [1, null, 3],
    })
  })
  test('over nothing succeeds, over something that is no list or over too much fails', () => {
    const over = (output: unknown) => simulateDag(fan({}), {}, { list: { output } }).nodes[1]
    expect(over([])).toMatchObject({ state: 'SUCCESS', output: [] })
    expect(over('abc')).toMatchObject({ state: 'FAILED', error: { message: 'nodes.list.output gives no list' } })
    expect(over(new Array(10_001).fill(1))).toMatchObject({ state: 'FAILED', error: { code: 'FOR_EACH' } })
  })
})

test('a wait takes its time, or until its instant', () => {
  const waiting = (wait: NodeDefinition['wait'] & {}) =>
    simulateDag({ nodes: [{ code: 'w', wait }], edges: [] }, { run: { fireAt: 1_000 } })
  expect(waiting({ ms: 500 }).endedAt).toBe(1_500)
  expect(waiting({ until: 'run.fireAt + 60000' }).endedAt).toBe(61_000)
  expect(waiting({ until: '"1970-01-01T00:00:05Z"' }).endedAt).toBe(5_000)
  expect(waiting({ until: 'run.fireAt - 1' }).endedAt).toBe(1_000)
  expect(waiting({ until: '"soon"' })).toMatchObject({ state: 'FAILED', nodes: [{ error: { code: 'WAIT' } }] })
})

test('what ends first decides first: a rule that runs at once does not wait for the others', () => {
  const race: DagDefinition = {
    nodes: [node('slow'), node('fast'), node('first', { triggerRule: 'ONE_SUCCESS' })],
    edges: [
      { from: 'slow', to: 'first' },
      { from: 'fast', to: 'first' },
    ],
  }
  const simulation = simulateDag(race, {}, { slow: { durationMs: 100 }, fast: { durationMs: 10 } })
  expect(simulation.nodes.map(({ code, startedAt }) => [code, startedAt])).toEqual([
    ['fast', 0],
    ['first', 10],
    ['slow', 0],
  ])
})

test('whoever answers may wait for a real handler', async () => {
  const handlers: Record<string, () => Promise<unknown>> = {
    extract: async () => ({ rows: [1, 2, 3] }),
    load: async () => 'loaded',
  }
  const simulation = simulationOf(pipeline)
  let step = simulation.next()
  while (!step.done) step = simulation.next({ output: await handlers[step.value.code]?.() })
  expect(step.value).toMatchObject({ state: 'SUCCESS', output: { loaded: [1, 2, 3] } })
})

test('10,000 nodes in a chain that is skipped need no stack', () => {
  const codes = Array.from({ length: 10_000 }, (_, index) => `n${index}`)
  const edges = codes.slice(1).map((to, index) => ({ from: codes[index]!, to }))
  const simulation = simulateDag({ nodes: codes.map((code) => node(code)), edges }, {}, { n0: { state: 'FAILED' } })
  expect(simulation.nodes.at(-1)).toMatchObject({ code: 'n9999', skippedBecause: 'UPSTREAM_FAILED' })
})
