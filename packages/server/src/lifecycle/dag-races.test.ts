import { DEFAULT_RETRY } from '@carillon/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cancelRuns, pauseRuns, resumeRuns } from './control-runs.ts'
import { createDag, runState, statesOf, workOff } from './dag.test-helper.ts'
import { createWorld, success, type TestExecutor, type TestTask, type World } from './engine.test-helper.ts'
import { reapLost } from './overdue.ts'

let world: World
let task: TestTask
let executor: TestExecutor
beforeAll(async () => {
  world = await createWorld()
  task = await world.task({ node: { retry: { ...DEFAULT_RETRY, maxRetries: 0 } } })
  executor = await world.executor(task)
})
afterAll(() => world.close())

const ROUNDS = 10

test('a run that is stopped as its last node ends has succeeded or been stopped, and nothing of it is left', async () => {
  const dag = await createDag(world, task, { graph: 'a' })
  for (let round = 0; round < ROUNDS; round++) {
    const run = await dag.start()
    const [a] = await executor.claim()
    await Promise.all([executor.report(success(a!)), world.db.engine((tx) => cancelRuns(tx, world.engine, task.tenantId, [run]))])
    if ((await runState(world, run)) === 'RUNNING' || (await runState(world, run)) === 'PENDING')
      await executor.report(success(a!))
    const state = await runState(world, run)
    expect(['SUCCESS', 'CANCELLED']).toContain(state)
    expect(await statesOf(world, run)).toEqual({ a: state })
    expect(await world.sql('select 1 from instance_live where run_id = $1', run)).toEqual([])
  }
})

test('a run that is paused as a node ends begins nothing more, and all of the rest when it is resumed', async () => {
  const dag = await createDag(world, task, { graph: 'a>b a>c' })
  for (let round = 0; round < ROUNDS; round++) {
    const run = await dag.start()
    const [a] = await executor.claim()
    await Promise.all([
      executor.report(success(a!)),
      world.db.engine((tx) => pauseRuns(tx, world.engine, task.tenantId, [run], 'ann')),
    ])
    expect(await executor.claim()).toEqual([])
    expect(await statesOf(world, run)).toEqual({ a: 'SUCCESS', b: 'WAITING', c: 'WAITING' })
    await world.db.engine((tx) => resumeRuns(tx, world.engine, task.tenantId, [run]))
    expect((await workOff(world, executor, run)).toSorted()).toEqual(['b', 'c'])
    expect(await runState(world, run)).toBe('SUCCESS')
  }
})

test('a node whose executor is lost runs again elsewhere, and what is downstream of it once', async () => {
  const dag = await createDag(world, task, { graph: 'a>b' })
  const run = await dag.start()
  const killed = await world.executor(task)
  const [lost] = await killed.claim()
  await world.sql(
    `update executor_session set lease_until = statement_timestamp() - interval '1 s' where id = $1`,
    killed.session,
  )
  await reapLost(world.engine, true)
  expect(await workOff(world, executor, run)).toEqual(['a', 'b'])
  await killed.report(success(lost!))
  expect(await statesOf(world, run)).toEqual({ a: 'SUCCESS', b: 'SUCCESS' })
  expect(await runState(world, run)).toBe('SUCCESS')
})
