import type { Assignment } from '@carillon/contract'
import { forEachShard, type NodeControl, type ShardsPolicy } from '@carillon/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runState } from './dag.test-helper.ts'
import { createWorld, failure, startOf, success, type TestExecutor, type TestTask, type World } from './engine.test-helper.ts'
import { reapLost } from './overdue.ts'
import { stopRuns } from './stop-runs.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())

function sharded(shards: ShardsPolicy, maxRetries = 0): Promise<TestTask> {
  const control: NodeControl = {
    does: { kind: 'TASK', taskId: 0 },
    triggerRule: 'ALL_SUCCESS',
    mayFail: false,
    forEach: forEachShard(shards),
    priority: null,
    parents: 0,
    edges: [],
  }
  const retry = { maxRetries, backoff: 'FIXED', delayMs: 0, maxDelayMs: 0, jitter: 0, retryOn: [], neverOn: [] } as const
  return world.task({ node: { control, retry } })
}

const shardsOf = (assignments: readonly Assignment[]) =>
  assignments.map(({ shard, params }) => ({ ...shard, params })).sort((a, b) => a.index - b.index)

async function answerAll(
  executor: TestExecutor,
  answer: (each: Assignment) => ReturnType<typeof success> = (each) => success(each),
) {
  const assignments = await executor.claim()
  for (const each of assignments) await executor.report(answer(each))
  return assignments
}

describe('a task that falls apart into shards', () => {
  test('becomes as many instances, each told its index and the total', async () => {
    const task = await sharded({ mode: 'COUNT', total: 3 })
    const executor = await world.executor(task)
    const run = await world.start(task, { params: { day: 'monday' } })
    expect(shardsOf(await answerAll(executor))).toEqual(
      [0, 1, 2].map((index) => ({ index, total: 3, params: { day: 'monday' } })),
    )
    expect(await runState(world, run)).toBe('SUCCESS')
  })

  test('gives each shard its own parameters over those of the run', async () => {
    const task = await sharded({ mode: 'PARAMS', params: [{ region: 'eu' }, { region: 'us', day: 'sunday' }] })
    const executor = await world.executor(task)
    await world.start(task, { params: { day: 'monday' } })
    expect(shardsOf(await answerAll(executor)).map((shard) => shard.params)).toEqual([
      { day: 'monday', region: 'eu' },
      { day: 'sunday', region: 'us' },
    ])
  })

  test('runs no more of them at once than it may', async () => {
    const task = await sharded({ mode: 'COUNT', total: 5, maxParallel: 2 })
    const executor = await world.executor(task)
    const run = await world.start(task)
    const atOnce: number[] = []
    for (let round = 0; round < 3; round++) atOnce.push((await answerAll(executor)).length)
    expect(atOnce).toEqual([2, 2, 1])
    expect(await runState(world, run)).toBe('SUCCESS')
  })

  test.each([
    { successShare: 1, failures: 1, state: 'FAILED' },
    { successShare: 0.75, failures: 1, state: 'SUCCESS' },
    { successShare: 0.75, failures: 2, state: 'FAILED' },
  ])('with a share of $successShare and $failures of 4 failed it ends $state', async ({ successShare, failures, state }) => {
    const task = await sharded({ mode: 'COUNT', total: 4, successShare })
    const executor = await world.executor(task)
    const run = await world.start(task)
    await answerAll(executor, (each) => (each.shard.index < failures ? failure(each) : success(each)))
    expect(await runState(world, run)).toBe(state)
  })

  test('a shard that is lost with its executor is given alone to another', async () => {
    const task = await sharded({ mode: 'COUNT', total: 2 })
    const [dying, other] = [await world.executor(task, 1), await world.executor(task)]
    const run = await world.start(task)
    const [lost] = await dying.claim(1)
    const [kept] = await other.claim()
    await world.sql(
      `update executor_session set lease_until = statement_timestamp() - interval '1 s' where id = $1`,
      dying.session,
    )
    await reapLost(world.engine, true)
    const again = await other.claim()
    expect(shardsOf(again)).toEqual([{ index: lost!.shard.index, total: 2, params: {} }])
    await other.report(success(kept!), success(again[0]!))
    expect(await runState(world, run)).toBe('SUCCESS')
  })

  test('a shard that is tried again goes to another executor first, and after a while to any', async () => {
    const task = await sharded({ mode: 'COUNT', total: 2 }, 1)
    const [first, second] = [await world.executor(task), await world.executor(task)]
    const run = await world.start(task)
    const [broken, whole] = await first.claim()
    await first.report(success(whole!), failure(broken!))
    expect(await first.claim()).toEqual([])
    await world.sql(`update instance_live set avoid_until = statement_timestamp() where run_id = $1`, run)
    const [again] = await first.claim()
    expect(again!.shard).toEqual(broken!.shard)
    await first.report(failure(again!))
    expect(await second.claim()).toEqual([])
    expect(await runState(world, run)).toBe('FAILED')
  })

  test('is given to the other executor at once, past whatever the first may not take', async () => {
    const task = await sharded({ mode: 'COUNT', total: 2 }, 1)
    const [first, second] = [await world.executor(task), await world.executor(task)]
    await world.start(task)
    const broken = await first.claim()
    await first.report(...broken.map((each) => failure(each)))
    const other = await world.start(task)
    const next = await first.claim(1)
    expect(next.map(({ run }) => run)).toEqual([other])
    expect(shardsOf(await second.claim(2))).toEqual(shardsOf(broken))
  })

  test('is tried again at once by the only executor that there is', async () => {
    const task = await sharded({ mode: 'COUNT', total: 2 }, 1)
    const only = await world.executor(task)
    await world.start(task)
    const broken = await only.claim()
    await only.report(...broken.map((each) => failure(each)))
    expect(shardsOf(await only.claim())).toEqual(shardsOf(broken))
  })

  test('is stopped as a whole', async () => {
    const task = await sharded({ mode: 'COUNT', total: 3 })
    const run = await world.start(task)
    await world.db.engine((tx) => stopRuns(tx, world.engine, [{ tenantId: task.tenantId, id: run }], 'CANCEL'))
    expect(await runState(world, run)).toBe('CANCELLED')
    const [left] = await world.sql<{ left: number }>(`select count(*)::int as left from instance_live where run_id = $1`, run)
    expect(left).toEqual({ left: 0 })
  })
})

describe('a broadcast', () => {
  test('runs once on every executor that is live when it begins, and nowhere else', async () => {
    const task = await sharded({ mode: 'BROADCAST' })
    const executors = [await world.executor(task), await world.executor(task)]
    const run = await world.start(task)
    await world.engine.db.engine((tx) => world.engine.queues.refresh(tx))
    const late = await world.executor(task)
    expect(await late.claim()).toEqual([])
    const claimed = [await answerAll(executors[0]!), await answerAll(executors[1]!)]
    expect(claimed.map(shardsOf)).toEqual([0, 1].map((index) => [{ index, total: 2, params: {} }]))
    expect(await runState(world, run)).toBe('SUCCESS')
  })

  test('with no live executor fails at once and says so', async () => {
    const task = await sharded({ mode: 'BROADCAST' })
    const [result] = await world.startAll([startOf(task)])
    const runId = (result as { runId: number }).runId
    expect(await runState(world, runId)).toBe('FAILED')
    const [row] = await world.sql<{ code: string }>(
      `select error ->> 'code' as code from instance_history where run_id = $1`,
      runId,
    )
    expect(row).toEqual({ code: 'NO_EXECUTOR' })
  })
})
