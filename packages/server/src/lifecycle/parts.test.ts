import { DEEPEST_SUB_DAG } from '@carillon/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { continueRuns } from './continue-runs.ts'
import { createDag, nodesOf, runState, workOff } from './dag.test-helper.ts'
import { createWorld, success, type TestExecutor, type TestTask, type World } from './engine.test-helper.ts'

// Runs of DAGs that are a part of a node of another.

let world: World
let task: TestTask
let executor: TestExecutor
beforeAll(async () => {
  world = await createWorld()
  task = await world.task()
  executor = await world.executor(task)
})
afterAll(() => world.close())

test('a part whose output cannot be computed has failed, and so has its node, which says what and why', async () => {
  const part = await createDag(world, task, {
    nodes: [{ code: 'inner', task: 'work' }],
    edges: [],
    output: { total: '${{ nodes.inner.output.rows }}' },
  })
  const dag = await createDag(world, task, { nodes: [{ code: 'sub', dag: 'part' }], edges: [], parts: { part } })
  const run = await dag.start()
  await continueRuns(world.engine)
  await workOff(world, executor, run, (_node, each) => success(each, { lines: 3 }))
  await continueRuns(world.engine)
  const { sub } = await nodesOf(world, run)
  expect(sub).toMatchObject({ state: 'FAILED', output: null, error: { code: 'SUB_DAG_FAILED' } })
  expect(sub!.error!.message).toMatch(/output cannot be computed: \/total: .*nodes\.inner\.output\.rows/)
  expect(await runState(world, run)).toBe('FAILED')
})

test('the run of a DAG by itself ends as it would as a part', async () => {
  const dag = await createDag(world, task, { graph: 'a', output: { total: '${{ nodes.a.output.rows }}' } })
  const run = await dag.start()
  await workOff(world, executor, run)
  expect(await world.run(run)).toMatchObject({ run: 'FAILED', reason: expect.stringContaining('OUTPUT:/total: ') })
})

test.each([
  [DEEPEST_SUB_DAG - 1, 'WAITING', null],
  [DEEPEST_SUB_DAG, 'FAILED', { code: 'SUB_DAG_TOO_DEEP', message: 'DAGs stand at most 10 deep in each other.' }],
])('parts end where activating a DAG would have ended them: of depth %i its node is %s', async (depth, state, error) => {
  const part = await createDag(world, task, { graph: 'inner' })
  const dag = await createDag(world, task, { nodes: [{ code: 'sub', dag: 'part' }], edges: [], parts: { part } })
  const run = await dag.start({ depth: depth - 1 })
  await continueRuns(world.engine)
  await continueRuns(world.engine)
  expect((await nodesOf(world, run)).sub).toMatchObject({ state, error })
  const parts = await world.sql<{ depth: number }>('select depth from run_live where parent_run_id = $1', run)
  expect(parts).toEqual(error === null ? [{ depth }] : [])
})

test('a node whose part cannot start hears of it in a transaction of its own, as its run is locked before the part', async () => {
  const part = await createDag(world, task, { graph: 'inner', concurrency: { policy: 'SINGLETON' } })
  const dag = await createDag(world, task, { nodes: [{ code: 'sub', dag: 'part' }], edges: [], parts: { part } })
  const holder = await part.start()
  const run = await dag.start()
  await continueRuns(world.engine)
  expect((await nodesOf(world, run)).sub).toMatchObject({ state: 'WAITING', waits: 'SUB_DAG' })
  await continueRuns(world.engine)
  expect((await nodesOf(world, run)).sub).toMatchObject({
    state: 'FAILED',
    error: { code: 'SKIPPED', message: `Its concurrency policy skipped it: CONCURRENCY:${holder}.` },
  })
})
