import { afterAll, beforeAll, expect, test } from 'vitest'
import { continueRuns } from './continue-runs.ts'
import { createDag, nodesOf, runState, workOff } from './dag.test-helper.ts'
import { createWorld, success, type TestExecutor, type TestTask, type World } from './engine.test-helper.ts'

// Parameters that a run computes are held against the schema of what they are for, before an attempt is spent on them.

const paramsSchema = { type: 'object', required: ['rows'], properties: { rows: { type: 'integer' } } }

let world: World
let task: TestTask
let executor: TestExecutor
beforeAll(async () => {
  world = await createWorld()
  task = await world.task({ node: { paramsSchema } })
  executor = await world.executor(task)
})
afterAll(() => world.close())

test('a node whose parameters its task refuses fails without an attempt, and says which and why', async () => {
  const dag = await createDag(world, task, {
    nodes: [
      { code: 'count', task: 'work', params: { rows: 1 } },
      { code: 'load', task: 'work', params: { rows: '${{ nodes.count.output.rows }}' } },
    ],
    edges: [{ from: 'count', to: 'load' }],
  })
  const run = await dag.start()
  await workOff(world, executor, run, (_node, each) => success(each, { rows: 'three' }))
  expect((await nodesOf(world, run)).load).toMatchObject({
    state: 'FAILED',
    error: { code: 'PARAMS_INVALID', message: 'params/rows must be integer.' },
  })
  expect(await runState(world, run)).toBe('FAILED')

  const right = await dag.start()
  await workOff(world, executor, right, (_node, each) => success(each, { rows: 3 }))
  expect(await runState(world, right)).toBe('SUCCESS')
})

test('a fan-out of which one element has such parameters begins none', async () => {
  const dag = await createDag(world, task, {
    params: { items: [1, 'two', 3] },
    nodes: [{ code: 'each', task: 'work', forEach: { items: 'params.items' }, params: { rows: '${{ item }}' } }],
    edges: [],
  })
  const run = await dag.start()
  expect((await nodesOf(world, run)).each).toMatchObject({
    state: 'FAILED',
    error: { code: 'PARAMS_INVALID', message: 'Of element 1: params/rows must be integer.' },
  })
  expect(await runState(world, run)).toBe('FAILED')
})

test('a reference to a secret is judged as one: good where a secret is wanted, whatever its value will be', async () => {
  const secret = await world.task({
    node: { paramsSchema: { type: 'object', required: ['key'], properties: { key: { type: 'string', 'x-secret': true } } } },
  })
  const nodes = (key: string) => [{ code: 'call', task: 'work', params: { key, header: { auth: '${{ secrets.api }}' } } }]
  const right = await createDag(world, secret, { nodes: nodes('${{ secrets.api }}'), edges: [] })
  expect((await nodesOf(world, await right.start())).call).toMatchObject({ state: 'PENDING' })
  const wrong = await createDag(world, secret, { nodes: nodes('${{ params.key }}'), edges: [], params: { key: 'in clear' } })
  expect((await nodesOf(world, await wrong.start())).call).toMatchObject({ state: 'FAILED', error: { code: 'PARAMS_INVALID' } })
})

test('a part whose DAG refuses its parameters does not start, and its node says why', async () => {
  const part = await createDag(world, task, { graph: 'inner', params: { rows: 1 }, paramsSchema })
  const dag = await createDag(world, task, {
    nodes: [{ code: 'sub', dag: 'part', params: { rows: '${{ params.rows }}' } }],
    edges: [],
    params: { rows: 'many' },
    parts: { part },
  })
  const run = await dag.start()
  await continueRuns(world.engine)
  await continueRuns(world.engine)
  expect((await nodesOf(world, run)).sub).toMatchObject({
    state: 'FAILED',
    error: { code: 'VALIDATION_FAILED', message: 'params/rows must be integer.' },
  })
  expect(await runState(world, run)).toBe('FAILED')
})
