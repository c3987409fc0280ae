import { DEFAULT_RETRY } from '@carillon/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cancelRuns, pauseRuns, resumeRuns } from './control-runs.ts'
import { createDag, nodesOf, runState, statesOf } from './dag.test-helper.ts'
import { createWorld, failure, started, success, type TestExecutor, type TestTask, type World } from './engine.test-helper.ts'
import { timeOut } from './overdue.ts'
import { timeOutRuns } from './wait-nodes.ts'

// The first stop of a run decides how it ends: nothing that comes after it makes it run again or end as something else.

let world: World
let task: TestTask
let executor: TestExecutor
beforeAll(async () => {
  world = await createWorld()
  task = await world.task({ node: { retry: { ...DEFAULT_RETRY, maxRetries: 3, delayMs: 0, jitter: 0 } } })
  executor = await world.executor(task)
})
afterAll(() => world.close())

const cancel = (run: number) => world.db.engine((tx) => cancelRuns(tx, world.engine, task.tenantId, [run]))
const pause = (run: number) => world.db.engine((tx) => pauseRuns(tx, world.engine, task.tenantId, [run], 'ann'))
const resume = (run: number) => world.db.engine((tx) => resumeRuns(tx, world.engine, task.tenantId, [run]))
const giveUp = async (run: number) => {
  await world.sql(`update run_live set deadline_at = statement_timestamp() - interval '1 s' where id = $1`, run)
  await timeOutRuns(world.engine)
}
const reasonOf = async (run: number) => (await world.run(run)).reason

test('a run that is given up by its own time-out runs nothing again, although its nodes have retries left', async () => {
  const dag = await createDag(world, task, { graph: 'a b' })
  const run = await dag.start()
  const [a, b] = await executor.claim()
  await executor.report(started(a!), started(b!))
  await giveUp(run)
  expect((await executor.claimed(0)).control.stop.map(({ reason }) => reason)).toEqual(['TIMEOUT', 'TIMEOUT'])
  await executor.report(failure(a!), success(b!))
  expect(await executor.claim()).toEqual([])
  expect(await statesOf(world, run)).toEqual({ a: 'CANCELLED', b: 'CANCELLED' })
  expect((await nodesOf(world, run)).a!.error!.code).toBe('RUN_TIMEOUT')
  expect([await runState(world, run), await reasonOf(run)]).toEqual(['TIMEOUT', 'RUN_TIMEOUT'])
})

test('a run that is stopped keeps its reason when what it had reserved starts', async () => {
  const dag = await createDag(world, task, { graph: 'a' })
  const run = await dag.start()
  const [a] = await executor.claim()
  await giveUp(run)
  await executor.report(started(a!))
  expect(await reasonOf(run)).toBe('RUN_TIMEOUT')
  await executor.report(success(a!))
  expect(await runState(world, run)).toBe('TIMEOUT')
})

test('a run that is cancelled while its time runs out ends as it was stopped first', async () => {
  const dag = await createDag(world, task, { graph: 'a' })
  const run = await dag.start()
  const [a] = await executor.claim()
  await cancel(run)
  await giveUp(run)
  await executor.report(failure(a!))
  expect([await runState(world, run), await reasonOf(run)]).toEqual(['CANCELLED', 'CANCEL'])
})

test('a node in the grace period of its own time-out is not tried again when its run is cancelled', async () => {
  const dag = await createDag(world, task, { graph: 'a' })
  const run = await dag.start()
  const [a] = await executor.claim()
  await executor.report(started(a!))
  await world.sql(`update instance_live set deadline_at = statement_timestamp() - interval '1 s' where run_id = $1`, run)
  await timeOut(world.engine)
  await cancel(run)
  await executor.report(failure(a!))
  expect(await statesOf(world, run)).toEqual({ a: 'CANCELLED' })
  expect(await runState(world, run)).toBe('CANCELLED')
})

test.each(['of a DAG', 'of a task'])('a run %s that is being stopped is neither paused nor resumed', async (kind) => {
  const run = kind === 'of a DAG' ? await (await createDag(world, task, { graph: 'a' })).start() : await world.start(task)
  const [a] = await executor.claim()
  await executor.report(started(a!))
  await cancel(run)
  const refused = [{ runId: run, kind: 'REFUSED', detail: 'The run is being stopped.' }]
  expect(await pause(run)).toEqual(refused)
  expect(await resume(run)).toEqual(refused)
  await executor.report(success(a!))
  expect([await runState(world, run), await reasonOf(run)]).toEqual(['CANCELLED', 'CANCEL'])
})

test('a paused run can be stopped, and is not resumed from it', async () => {
  const dag = await createDag(world, task, { graph: 'a' })
  const run = await dag.start()
  const [a] = await executor.claim()
  await pause(run)
  await cancel(run)
  expect(await resume(run)).toMatchObject([{ kind: 'REFUSED' }])
  await executor.report(success(a!))
  expect(await runState(world, run)).toBe('CANCELLED')
})

test('a resumed run is RUNNING if anything of it has ever started, and PENDING otherwise', async () => {
  const dag = await createDag(world, task, { graph: 'a>b' })
  const run = await dag.start()
  await pause(run)
  await resume(run)
  expect(await runState(world, run)).toBe('PENDING')
  const [a] = await executor.claim()
  await executor.report(success(a!))
  await pause(run)
  await resume(run)
  expect(await runState(world, run)).toBe('RUNNING')
  await cancel(run)
})
