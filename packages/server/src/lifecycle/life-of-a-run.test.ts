import { afterAll, beforeAll, expect, test } from 'vitest'
import { createWorld, failure, started, success, type World } from './engine.test-helper.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())

test('a run starts, is claimed, started and ended, and is history with its output', async () => {
  const task = await world.task()
  const executor = await world.executor(task)
  const run = await world.start(task, { params: { customer: 7 } })
  const [assignment] = await executor.claim()
  expect(assignment).toMatchObject({ instance: run, token: 1, params: { customer: 7 }, attempt: 1 })
  expect(await world.run(run)).toMatchObject({ run: 'PENDING', instance: 'RESERVED' })
  expect(await executor.report(started(assignment!))).toEqual([{ status: 'ACCEPTED' }])
  expect(await world.run(run)).toMatchObject({ run: 'RUNNING', instance: 'RUNNING' })
  expect(await executor.report(success(assignment!, { rows: 3 }))).toEqual([{ status: 'ACCEPTED' }])
  expect(await world.run(run)).toMatchObject({ run: 'SUCCESS', instance: 'SUCCESS' })
  const [row] = await world.sql(`select output from instance_history where id = $1`, run)
  expect(row).toEqual({ output: { rows: 3 } })
})

test('a failed attempt is kept and repeated after its pause, and the run fails when no retry is left', async () => {
  const task = await world.task({
    node: { retry: { maxRetries: 1, backoff: 'FIXED', delayMs: 0, maxDelayMs: 0, jitter: 0, retryOn: [], neverOn: [] } },
  })
  const executor = await world.executor(task)
  const run = await world.start(task)
  const [first] = await executor.claim()
  await executor.report(started(first!), failure(first!, 'FIRST'))
  expect(await world.run(run)).toMatchObject({ instance: 'PENDING', attempt: 2 })
  const [second] = await executor.claim()
  expect(second).toMatchObject({ attempt: 2, token: 2 })
  await executor.report(failure(second!, 'SECOND'))
  expect(await world.run(run)).toMatchObject({ run: 'FAILED', instance: 'FAILED', reason: 'SECOND' })
  expect(await world.sql(`select number, outcome, error ->> 'code' as code from attempt where instance_id = $1`, run)).toEqual([
    { number: 1, outcome: 'FAILED', code: 'FIRST' },
  ])
})
