import { describe, expect, test } from 'vitest'
import { DEEPEST_SUB_DAG, type DagDefinition, type NodeDefinition } from './definition.ts'
import {
  simulateDag,
  simulationOf,
  type SimulatedCall,
  type SimulatedOutcome,
  type SimulatedOutcomes,
  type Simulation,
  type SimulationOptions,
} from './simulate.ts'

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

test('a condition on a missing output fails its target, which tells why, and so the run', () => {
  const { nodes, state } = simulateDag(pipeline, {}, { extract: { output: {} } })
  expect(nodes[1]).toMatchObject({
    code: 'load',
    state: 'FAILED',
    error: {
      code: 'CONDITION',
      message: 'The condition "size(output.rows) >= params.least" cannot be evaluated: there is no "rows"',
    },
  })
  expect(state).toBe('FAILED')
})

test('parameters that cannot be computed fail the node', () => {
  const definition: DagDefinition = {
    nodes: [node('a'), node('b', { params: { deep: { x: '${{ nodes.a.output.x }}' } } })],
    edges: [{ from: 'a', to: 'b' }],
  }
  expect(simulateDag(definition).nodes[1]).toMatchObject({
    state: 'FAILED',
    error: { code: 'EXPRESSION_FAILED', message: expect.stringContaining('/deep/x') },
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
      error: { message: '2 of 3 succeeded.' },
    })
    expect(simulateDag(fan({ successShare: 0.6 }), {}, { list, each: some }).nodes[1]).toMatchObject({
      state: 'SUCCESS',
      output: [1, null, 3],
    })
  })
  test('over nothing succeeds, over something that is no list or over too much fails', () => {
    const over = (output: unknown) => simulateDag(fan({}), {}, { list: { output } }).nodes[1]
    expect(over([])).toMatchObject({ state: 'SUCCESS', output: [] })
    expect(over('abc')).toMatchObject({ state: 'FAILED', error: { message: '"nodes.list.output" gives no list.' } })
    expect(over(new Array(10_001).fill(1))).toMatchObject({ state: 'FAILED', error: { code: 'EXPRESSION_FAILED' } })
  })
})

test('a wait takes its time, or until its instant', () => {
  const waiting = (wait: NodeDefinition['wait'] & {}) =>
    simulateDag({ nodes: [{ code: 'w', wait }], edges: [] }, { run: { fireAt: 1_000 } })
  expect(waiting({ ms: 500 }).endedAt).toBe(1_500)
  expect(waiting({ until: 'run.fireAt + 60000' }).endedAt).toBe(61_000)
  expect(waiting({ until: '"1970-01-01T00:00:05Z"' }).endedAt).toBe(5_000)
  expect(waiting({ until: 'run.fireAt - 1' }).endedAt).toBe(1_000)
  expect(waiting({ until: '"soon"' })).toMatchObject({ state: 'FAILED', nodes: [{ error: { code: 'EXPRESSION_FAILED' } }] })
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

describe('whoever answers is asked', () => {
  /** What is asked about, in its order, each answered by `answer`. */
  function asked(
    definition: DagDefinition,
    answer: (call: SimulatedCall) => SimulatedOutcome,
    options: SimulationOptions = {},
  ): { calls: string[]; simulation: Simulation } {
    const calls: string[] = []
    const simulation = simulationOf(definition, options)
    let step = simulation.next()
    while (!step.done) {
      const { path, index, attempt, at } = step.value
      calls.push(`${at} ${path}${index === null ? '' : `[${index}]`} ${attempt}`)
      step = simulation.next(answer(step.value))
    }
    return { calls, simulation: step.value }
  }
  const parallel: DagDefinition = { nodes: [node('a'), node('b'), node('c')], edges: [{ from: 'b', to: 'c' }] }

  test('about attempts in the order of virtual time, however they overlap', () => {
    const { calls, simulation } = asked(parallel, ({ code, attempt }) => {
      if (code === 'a') return { state: 'FAILED', durationMs: 10, ...(attempt < 3 ? { retryAfterMs: 100 } : {}) }
      return { durationMs: 50 }
    })
    expect(calls).toEqual(['0 a 1', '0 b 1', '50 c 1', '110 a 2', '220 a 3'])
    expect(simulation.nodes.at(-1)).toMatchObject({ code: 'a', state: 'FAILED', endedAt: 230, instances: [{ attempts: 3 }] })
  })
  test('about elements of a fan-out when their turn comes', () => {
    const fan: DagDefinition = {
      params: { list: [30, 10, 10] },
      nodes: [node('each', { forEach: { items: 'params.list', maxParallel: 2 }, params: { ms: '${{ item }}' } }), node('b')],
      edges: [],
    }
    const took = ({ params }: SimulatedCall) => ({ durationMs: (params as { ms?: number }).ms ?? 15 })
    expect(asked(fan, took).calls).toEqual(['0 each[0] 1', '0 each[1] 1', '0 b 1', '10 each[2] 1'])
  })
  test('about an event with its key', () => {
    const wait: DagDefinition = {
      nodes: [{ code: 'w', wait: { event: { name: 'paid', key: 'params.order' } } }],
      edges: [],
    }
    const events: unknown[] = []
    asked(wait, ({ event }) => (events.push(event), {}), { params: { order: 17 } })
    expect(events).toEqual([{ name: 'paid', key: '17' }])
    expect(simulateDag(wait, { params: { order: [] } }).nodes[0]!.error).toEqual({
      code: 'EXPRESSION_FAILED',
      message: '"params.order" gives no text or number for a key.',
    })
  })
  test('and may wait for a real handler', async () => {
    const handlers: Record<string, () => Promise<unknown>> = {
      extract: async () => ({ rows: [1, 2, 3] }),
      load: async () => 'loaded',
    }
    const simulation = simulationOf(pipeline)
    let step = simulation.next()
    while (!step.done) step = simulation.next({ output: await handlers[step.value.code]?.() })
    expect(step.value).toMatchObject({ state: 'SUCCESS', output: { loaded: [1, 2, 3] } })
  })

  const inner: DagDefinition = {
    params: { size: 1 },
    nodes: [node('x', { params: { size: '${{ params.size }}' } }), node('y')],
    edges: [{ from: 'x', to: 'y' }],
    output: { size: '${{ params.size }}', y: '${{ nodes.y.output }}' },
  }
  const outer: DagDefinition = {
    nodes: [
      { code: 'sub', dag: 'inner', params: { size: '${{ 5 + 1 }}' } },
      node('beside'),
      node('after', { params: { sub: '${{ nodes.sub.output }}' } }),
    ],
    edges: [{ from: 'sub', to: 'after' }],
  }
  const dags = { inner }

  test('about the nodes of a sub-DAG that is known', () => {
    const { calls, simulation } = asked(outer, ({ code }) => ({ output: code, durationMs: code === 'beside' ? 5 : 10 }), { dags })
    expect(calls).toEqual(['0 beside 1', '0 sub/x 1', '10 sub/y 1', '20 after 1'])
    expect(simulation.nodes[1]).toMatchObject({
      code: 'sub',
      output: { size: 6, y: 'y' },
      instances: [{ run: { state: 'SUCCESS', endedAt: 20, nodes: [{ code: 'x', params: { size: 6 } }, { code: 'y' }] } }],
    })
    expect(simulation.nodes[2]).toMatchObject({ code: 'after', params: { sub: { size: 6, y: 'y' } } })
  })
  test('about a sub-DAG that is not known as about a task', () => {
    expect(asked(outer, () => ({})).calls).toEqual(['0 sub 1', '0 beside 1', '0 after 1'])
  })
  test('until a sub-DAG fails, which fails its node', () => {
    const { simulation } = asked(outer, ({ code }) => ({ state: code === 'y' ? 'FAILED' : 'SUCCESS' }), { dags })
    expect(simulation.nodes.map(({ code, state }) => `${code} ${state}`)).toEqual([
      'beside SUCCESS',
      'sub FAILED',
      'after SKIPPED',
    ])
    expect(simulation.nodes[1]!.instances[0]).toMatchObject({ state: 'FAILED', error: { code: 'SUB_DAG_FAILED' } })
  })
  test('not for ever by a DAG that is in itself', () => {
    const itself: DagDefinition = { nodes: [{ code: 'a', dag: 'itself' }], edges: [] }
    const { simulation } = asked(itself, () => ({}), { dags: { itself } })
    const runs = function* (run: Simulation | null): Generator<Simulation> {
      for (; run; run = run.nodes[0]!.instances[0]!.run) yield run
    }
    const all = [...runs(simulation)]
    expect(all.map(({ state }) => state)).toEqual(Array.from({ length: DEEPEST_SUB_DAG }, () => 'FAILED'))
    expect(all.at(-1)!.nodes[0]!.error).toMatchObject({ code: 'SUB_DAG_TOO_DEEP' })
  })
})

test('a run that takes longer than its time-out ends there: what has not ended is cancelled', () => {
  const slow: DagDefinition = {
    timeoutMs: 100,
    nodes: [node('in-time'), node('late'), { code: 'sub', dag: 'slower' }, node('after')],
    edges: [{ from: 'late', to: 'after' }],
  }
  const slower: DagDefinition = { nodes: [node('x')], edges: [] }
  const simulation = simulateDag(
    slow,
    { dags: { slower } },
    { 'in-time': { durationMs: 100 }, late: { durationMs: 101 }, 'sub/x': { durationMs: 200 } },
  )
  expect(simulation).toMatchObject({ state: 'TIMEOUT', endedAt: 100 })
  expect(simulation.nodes.map(({ code, state, startedAt, endedAt }) => [code, state, startedAt, endedAt])).toEqual([
    ['in-time', 'SUCCESS', 0, 100],
    ['late', 'CANCELLED', 0, 100],
    ['sub', 'CANCELLED', 0, 100],
    ['after', 'CANCELLED', null, 100],
  ])
  expect(simulation.nodes[2]!.instances[0]!.run).toMatchObject({ state: 'CANCELLED', nodes: [{ code: 'x', state: 'CANCELLED' }] })
})

test('a run whose output cannot be computed has failed, and tells why', () => {
  const definition = { nodes: [node('a')], edges: [], output: '${{ nodes.a.output.rows }}' }
  expect(simulateDag(definition)).toMatchObject({
    state: 'FAILED',
    output: null,
    outputProblem: expect.stringContaining('nodes.a.output.rows'),
  })
})

test('an approval is given unless an outcome says otherwise', () => {
  const review: DagDefinition = {
    nodes: [{ code: 'review', approval: {} }, node('go', { params: { by: '${{ nodes.review.output.by }}' } })],
    edges: [{ from: 'review', to: 'go' }],
  }
  expect(simulateDag(review).nodes[1]!.params).toEqual({ by: 'simulated' })
  expect(simulateDag(review, {}, { review: { state: 'FAILED' } }).nodes[1]!.state).toBe('SKIPPED')
})

test('10,000 nodes in a chain that is skipped need no stack', () => {
  const codes = Array.from({ length: 10_000 }, (_, index) => `n${index}`)
  const edges = codes.slice(1).map((to, index) => ({ from: codes[index]!, to }))
  const simulation = simulateDag({ nodes: codes.map((code) => node(code)), edges }, {}, { n0: { state: 'FAILED' } })
  expect(simulation.nodes.at(-1)).toMatchObject({ code: 'n9999', skippedBecause: 'UPSTREAM_FAILED' })
})
