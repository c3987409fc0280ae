import { DEFAULT_RETRY } from '@carillon/core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createDag, nodesOf, runState } from './dag.test-helper.ts'
import { createWorld, started, type TestTask, type World } from './engine.test-helper.ts'
import { fireSchedules } from './fire-schedules.ts'
import { reapLost, timeOut } from './overdue.ts'
import { endDueNodes, timeOutRuns } from './wait-nodes.ts'

// One row that cannot be worked off harms nothing but itself.

let world: World
let task: TestTask
beforeAll(async () => {
  world = await createWorld()
  task = await world.task({ node: { retry: { ...DEFAULT_RETRY, maxRetries: 0 } } })
})
afterAll(() => world.close())
afterEach(() => void (world.events.length = 0))

/** History holds it already, as it cannot: its end is refused by the table's key. */
const spoil = (instanceId: number) =>
  world.sql(
    `insert into instance_history (tenant_id, id, run_id, plan_id, state, queue_id, sort_key, ended_at)
     select tenant_id, id, run_id, plan_id, 'FAILED', queue_id, sort_key, statement_timestamp() from instance_live where id = $1`,
    instanceId,
  )
const dueIn = async (instanceId: number) => {
  const [row] = await world.sql<{ ms: number }>(
    `select (extract(epoch from coalesce(due_at, deadline_at) - statement_timestamp()) * 1000)::int as ms from instance_live where id = $1`,
    instanceId,
  )
  return row!.ms
}
const runStates = async (runs: readonly number[]) => Promise.all(runs.map((run) => runState(world, run)))

test('nodes whose time has come end beside one that cannot, which is put off', async () => {
  const dag = await createDag(world, task, { nodes: [{ code: 'pause', wait: { ms: 60_000 } }], edges: [] })
  const runs = [await dag.start(), await dag.start(), await dag.start()]
  const bad = (await nodesOf(world, runs[1]!)).pause!.id
  await spoil(bad)
  await world.sql(`update instance_live set due_at = statement_timestamp() where wait_reason = 'TIME'`)
  await endDueNodes(world.engine)
  expect(await runStates(runs)).toEqual(['SUCCESS', 'RUNNING', 'SUCCESS'].map((state, n) => (n === 1 ? 'PENDING' : state)))
  expect(await dueIn(bad)).toBeGreaterThan(10_000)
  expect(world.events).toMatchObject([{ event: 'node.putOff', details: { id: bad } }])
})

test('attempts that have run out of time end beside one that cannot, which is put off', async () => {
  const executor = await world.executor(task)
  const runs = [await world.start(task), await world.start(task), await world.start(task)]
  await executor.report(...(await executor.claim()).map(started))
  await spoil(runs[1]!)
  await world.sql(
    `update instance_live set stop_reason = 'CANCEL', deadline_at = statement_timestamp() where id = any($1::bigint[])`,
    runs,
  )
  await timeOut(world.engine)
  expect(await runStates(runs)).toEqual(['CANCELLED', 'RUNNING', 'CANCELLED'])
  expect(await dueIn(runs[1]!)).toBeGreaterThan(10_000)
  expect(world.events).toMatchObject([{ event: 'instance.putOff', details: { id: runs[1] } }])
})

test('what lost executors held is taken back beside one that cannot be', async () => {
  const once = await world.task({ node: { delivery: 'AT_MOST_ONCE' } })
  const executor = await world.executor(once)
  const runs = [await world.start(once), await world.start(once), await world.start(once)]
  await executor.report(...(await executor.claim()).map(started))
  await spoil(runs[1]!)
  await world.sql(
    `update executor_session set lease_until = statement_timestamp() - interval '1 s' where id = $1`,
    executor.session,
  )
  await reapLost(world.engine, true)
  expect(await runStates(runs)).toEqual(['FAILED', 'RUNNING', 'FAILED'])
  expect(world.events).toMatchObject([{ event: 'instance.putOff', details: { id: runs[1] } }])
})

test('runs that have run out of time end beside one that cannot, which is put off', async () => {
  const dag = await createDag(world, task, { nodes: [{ code: 'ask', approval: {} }], edges: [] })
  const runs = [await dag.start(), await dag.start(), await dag.start()]
  await spoil((await nodesOf(world, runs[1]!)).ask!.id)
  await world.sql(`update run_live set deadline_at = statement_timestamp() where id = any($1::bigint[])`, runs)
  await timeOutRuns(world.engine)
  expect(await runStates(runs)).toEqual(['TIMEOUT', 'PENDING', 'TIMEOUT'])
  expect(world.events).toMatchObject([{ event: 'run.putOff', details: { id: runs[1] } }])
  world.events.length = 0
  await timeOutRuns(world.engine)
  expect(world.events).toEqual([])
})

test('a schedule that cannot be planned keeps no other from firing', async () => {
  const now = await world.db.engine((tx) => tx.now())
  const [sound, bad] = [
    await world.schedule(task, { timing: { kind: 'ONCE', at: now - 1_000 }, nextFireAt: now - 1_000 }),
    await world.schedule(task, { timing: { kind: 'ONCE', at: now - 100_000 }, nextFireAt: now - 100_000 }),
  ]
  // It compiles, and its occurrences cannot be told.
  const { compiled } = world.firing.schedules
  const schedules: typeof world.firing.schedules = {
    compiled: (definition) => (definition.scheduleId === bad ? ({} as never) : compiled(definition)),
  }
  await fireSchedules({ ...world.firing, schedules })
  expect(await world.ledger(sound)).toHaveLength(1)
  expect(world.events).toContainEqual({ event: 'schedule.quarantined', details: expect.objectContaining({ scheduleId: bad }) })
})

describe('a node that waits for an event', () => {
  test('fails, and says why, when its key is too long', async () => {
    const dag = await createDag(world, task, {
      nodes: [{ code: 'paid', wait: { event: { name: 'paid', key: 'params.order' } } }],
      edges: [],
    })
    const run = await dag.start({ params: { order: 'ü'.repeat(600) } })
    expect(await runState(world, run)).toBe('FAILED')
    const { paid } = await nodesOf(world, run)
    expect(paid).toMatchObject({ state: 'FAILED', error: { code: 'EXPRESSION_FAILED' } })
    expect(paid!.error!.message).toContain('"params.order" gives a key of 1200 bytes; 1024 are allowed')
  })

  test('is given what the database cannot store as visible signs', async () => {
    const dag = await createDag(world, task, {
      nodes: [{ code: 'a', task: 'work', params: { text: '${{ "a\\u0000b" }}' } }],
      edges: [],
    })
    expect((await nodesOf(world, await dag.start())).a).toMatchObject({ state: 'PENDING' })
  })
})
