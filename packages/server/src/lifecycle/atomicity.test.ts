import { DEEPEST_CHAIN } from '@carillon/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { acceptStarts } from './accept-starts.ts'
import { completeInstances } from './complete-instances.ts'
import { createLifecycle } from './create-lifecycle.ts'
import { createWorld, started, success, type TestTask, type World } from './engine.test-helper.ts'
import { lockInstances } from './lock-instances.ts'
import type { StartRequest } from './lifecycle.ts'
import { continueRuns } from './continue-runs.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())

const request = (task: TestTask, key: string, requestHash = 'same'): StartRequest => ({
  tenantId: task.tenantId,
  target: { kind: 'TASK', id: task.id },
  origin: 'API',
  startedBy: 'test',
  params: {},
  idempotency: { principal: 'token:1', route: 'trigger', key, requestHash },
})
const runs = async (task: TestTask) => (await world.sql(`select 1 from run_live where target_id = $1`, task.id)).length

test('INV-7 the same key sent by twenty callers at once, on two nodes, starts one run and answers all of them with it', async () => {
  const task = await world.task()
  const other = world.secondNode()
  const nodes = [world.engine, other.engine].map((engine) => createLifecycle(engine, { wakeFiring() {}, wakeBackfill() {} }))
  const answers = (
    await Promise.all(Array.from({ length: 20 }, (_, n) => nodes[n % 2]!.startRuns([request(task, 'once')])))
  ).flat()
  await other.close()
  expect(new Set(answers.map((answer) => answer.kind === 'STARTED' && answer.runId)).size).toBe(1)
  expect(answers.filter((answer) => answer.kind === 'STARTED' && !answer.replayed)).toHaveLength(1)
  expect(await runs(task)).toBe(1)
})

test('INV-7 a key used twice within one batch starts one run; with another request it is refused', async () => {
  const task = await world.task()
  const answers = await world.db.engine((tx) =>
    acceptStarts(tx, world.engine, [request(task, 'k'), request(task, 'k'), request(task, 'k', 'different')]),
  )
  expect(answers).toMatchObject([
    { kind: 'STARTED', replayed: false },
    { kind: 'STARTED', replayed: true },
    { kind: 'REFUSED', code: 'IDEMPOTENCY_MISMATCH' },
  ])
  expect(await runs(task)).toBe(1)
})

test('INV-7 a key whose request was refused is free again', async () => {
  const task = await world.task()
  const start = () => world.db.engine((tx) => acceptStarts(tx, world.engine, [request(task, 'later')]))
  await world.sql(`update task set enabled = false where id = $1`, task.id)
  expect(await start()).toMatchObject([{ kind: 'REFUSED', code: 'TASK_DISABLED' }])
  await world.sql(`update task set enabled = true where id = $1`, task.id)
  expect(await start()).toMatchObject([{ kind: 'STARTED', replayed: false }])
})

test('INV-8 an end that is rolled back leaves run, instance, slot and outbox as they were', async () => {
  const downstream = await world.task()
  const task = await world.task({
    tenantId: downstream.tenantId,
    concurrency: { policy: 'SEQUENTIAL' },
    downstream: [{ taskId: downstream.id, outcomes: ['SUCCESS'] }],
  })
  const executor = await world.executor(task)
  const [run, next] = [await world.start(task), await world.start(task)]
  await executor.claim()
  const ending = world.db.engine(async (tx) => {
    const instance = (await lockInstances(tx, [{ tenantId: task.tenantId, id: run }])).get(task.tenantId, run)!
    await completeInstances(tx, world.engine, [{ instance, end: { kind: 'SUCCESS' } }])
    throw new Error('The node dies here.')
  })
  await expect(ending).rejects.toThrow('dies')
  expect(await world.run(run)).toMatchObject({ run: 'PENDING', instance: 'RESERVED' })
  expect(await world.run(next)).toMatchObject({ instance: 'WAITING', waits: 'SLOT' })
  expect(await world.sql(`select 1 from outbox`)).toEqual([])
})

test('INV-8 a downstream task starts once for each end that it waits for, with the run that caused it', async () => {
  const downstream = await world.task()
  const task = await world.task({ tenantId: downstream.tenantId, downstream: [{ taskId: downstream.id, outcomes: ['SUCCESS'] }] })
  const executor = await world.executor(task)
  const run = await world.start(task, { params: { day: 1 } })
  const [assignment] = await executor.claim()
  await executor.report(success(assignment!))
  await Promise.all([continueRuns(world.engine), continueRuns(world.engine), continueRuns(world.engine)])
  expect(
    await world.sql(`select origin, parent_run_id as parent, depth, params from run_live where target_id = $1`, downstream.id),
  ).toEqual([
    { origin: 'UPSTREAM', parent: run, depth: 1, params: { upstream: { run, outcome: 'SUCCESS', params: { day: 1 } } } },
  ])
})

test.each([
  [DEEPEST_CHAIN - 1, 1],
  [DEEPEST_CHAIN, 0],
])('a chain of downstream runs ends where saving a task would have ended it: of depth %i start %i', async (depth, starts) => {
  const downstream = await world.task()
  const task = await world.task({ tenantId: downstream.tenantId, downstream: [{ taskId: downstream.id, outcomes: ['SUCCESS'] }] })
  const executor = await world.executor(task)
  await world.start(task)
  const [assignment] = await executor.claim()
  await executor.report(success(assignment!))
  await world.sql(`update outbox set payload = jsonb_set(payload, '{depth}', to_jsonb($1::int))`, depth)
  await continueRuns(world.engine)
  expect(await world.sql(`select 1 from run_live where target_id = $1`, downstream.id)).toHaveLength(starts)
  expect(await world.sql(`select 1 from outbox`)).toEqual([])
})

test("INV-9 a run's state follows from its instance at every moment of its life", async () => {
  const task = await world.task()
  const executor = await world.executor(task)
  const run = await world.start(task)
  const states = [await world.run(run)]
  const [assignment] = await executor.claim()
  states.push(await world.run(run))
  await executor.report(started(assignment!))
  states.push(await world.run(run))
  await executor.report(success(assignment!))
  states.push(await world.run(run))
  expect(states.map(({ run: state, instance }) => `${instance} → ${state}`)).toEqual([
    'PENDING → PENDING',
    'RESERVED → PENDING',
    'RUNNING → RUNNING',
    'SUCCESS → SUCCESS',
  ])
})
