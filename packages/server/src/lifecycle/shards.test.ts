import type { Assignment } from '@carillon/contract'
import { forEachShard, type NodeControl, type ShardsPolicy } from '@carillon/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitingFacts } from '../storage/waiting.ts'
import { continueRuns } from './continue-runs.ts'
import { runState } from './dag.test-helper.ts'
import {
  createWorld,
  failure,
  startOf,
  success,
  type TaskShape,
  type TestExecutor,
  type TestTask,
  type World,
} from './engine.test-helper.ts'
import { endGoneShards } from './gone-shards.ts'
import { reapLost } from './overdue.ts'
import { deregister } from './sessions.ts'
import { stopRuns } from './stop-runs.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())

function sharded(shards: ShardsPolicy, maxRetries = 0, more: TaskShape = {}): Promise<TestTask> {
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
  return world.task({ ...more, node: { control, retry } })
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

describe('a shard of a broadcast whose executor lives and does not serve it any more', () => {
  const GONE_MS = 300_000

  /** A run whose one shard waits for an executor that has said so long ago that it serves something else. */
  async function unserved(says: { handlers?: readonly string[]; labels?: Readonly<Record<string, string>> }, agoMs: number) {
    const task = await sharded({ mode: 'BROADCAST' })
    const executor = await world.executor(task)
    const run = await world.start(task)
    await world.engine.db.engine((tx) => world.engine.queues.refresh(tx))
    const { handlers = [task.handler], labels = {} } = says
    const say = (said: readonly string[], ms: number) =>
      world.sql(
        `update executor set handlers = $2, labels = $3, registered_at = now() - $4 * interval '1 ms'
         where id = (select executor_id from executor_session where id = $1)`,
        ...[executor.session, JSON.stringify(said), JSON.stringify(labels), ms],
      )
    await say(handlers, agoMs)
    return { task, executor, run, say }
  }

  const errorsOf = (run: number) =>
    world.sql(
      `select state, error ->> 'code' as code, error ->> 'message' as message from instance_history where run_id = $1`,
      run,
    )

  test('fails after a while with a word of its own, and its run ends', async () => {
    const { run, executor } = await unserved({ handlers: ['another'] }, GONE_MS)
    expect(await executor.claim()).toEqual([])
    await endGoneShards(world.engine, true)
    const message = expect.stringMatching(/^Its executor "executor-\d+" does not serve its handler any more/)
    expect(await errorsOf(run)).toEqual([{ state: 'FAILED', code: 'NOT_SERVED', message }])
    expect(await runState(world, run)).toBe('FAILED')
  })

  test('waits until then, for it may register again with the handler', async () => {
    const { run, task, executor, say } = await unserved({ handlers: ['another'] }, GONE_MS - 60_000)
    await endGoneShards(world.engine, true)
    expect(await runState(world, run)).toBe('PENDING')
    await say([task.handler], GONE_MS)
    await endGoneShards(world.engine, true)
    expect((await answerAll(executor)).length).toBe(1)
    expect(await runState(world, run)).toBe('SUCCESS')
  })

  test('fails as well where the executor has not the labels any more that its queue wants', async () => {
    const { run } = await unserved({ labels: { zone: 'b' } }, GONE_MS)
    await world.sql(
      `update queue set selector = '{"zone": "a"}' where id = (select queue_id from instance_live where run_id = $1)`,
      run,
    )
    await endGoneShards(world.engine, true)
    expect(await errorsOf(run)).toMatchObject([{ code: 'NOT_SERVED' }])
  })
})

describe('a shard of a broadcast whose executor has gone', () => {
  const GONE_MS = 300_000

  /** A run whose first shard has succeeded and whose second waits for an executor that left so long ago. */
  async function leftBehind(shards: { readonly successShare?: number }, agoMs: number, more?: TaskShape) {
    const task = await sharded({ mode: 'BROADCAST', ...shards }, 0, more)
    const [stays, leaves] = [await world.executor(task), await world.executor(task)]
    const run = await world.start(task)
    await world.engine.db.engine((tx) => world.engine.queues.refresh(tx))
    await answerAll(stays)
    await leave(leaves, agoMs)
    return { task, run, stays, leaves }
  }

  async function leave({ session, tenantId }: TestExecutor, agoMs: number): Promise<void> {
    await deregister(world.engine, { tenantId, appId: null }, session)
    await longAgo(session, agoMs)
  }

  const longAgo = (session: number, ms: number) =>
    world.sql(
      `with left_session as (
         update executor_session set ended_at = ended_at - $2 * interval '1 ms', started_at = started_at - interval '1 h' where id = $1 returning executor_id)
       update executor set status_set_at = status_set_at - $2 * interval '1 ms' where id = (select executor_id from left_session)`,
      session,
      ms,
    )

  const errorsOf = (run: number) =>
    world.sql(
      `select state, error ->> 'code' as code, error ->> 'message' as message from instance_history where run_id = $1 and state <> 'SUCCESS'`,
      run,
    )

  test.each([
    { successShare: 1, state: 'FAILED' },
    { successShare: 0.5, state: 'SUCCESS' },
  ])('INS-3 fails after a while, and with a share of $successShare its run ends $state', async ({ successShare, state }) => {
    const { run } = await leftBehind({ successShare }, GONE_MS)
    await endGoneShards(world.engine, true)
    expect(await runState(world, run)).toBe(state)
    const message = expect.stringMatching(/^Its executor "executor-\d+" has gone and not come back; /)
    expect(await errorsOf(run)).toEqual([{ state: 'FAILED', code: 'EXECUTOR_GONE', message }])
  })

  test('waits for it until then, and not while nobody can know whose clock is right', async () => {
    const { run, leaves } = await leftBehind({}, GONE_MS - 60_000)
    await endGoneShards(world.engine, true)
    expect(await runState(world, run)).toBe('RUNNING')
    await longAgo(leaves.session, 60_000)
    await endGoneShards(world.engine, false)
    expect(await runState(world, run)).toBe('RUNNING')
  })

  test('is known by when that one left, or was removed', async () => {
    const { task, run, leaves } = await leftBehind({}, GONE_MS)
    const goneAt = async () => {
      const rows = await world.sql<{ id: number }>(`select id from instance_live where run_id = $1`, run)
      const keys = rows.map(({ id }) => ({ tenantId: task.tenantId, id }))
      return (await world.db.survey((tx) => waitingFacts(tx, keys))).map(({ placedGoneAt }) => placedGoneAt)
    }
    const atMs = async (text: string) => (await world.sql<{ at: number }>(text, leaves.session))[0]!.at
    const left = await atMs(`select to_ms(ended_at) as at from executor_session where id = $1`)
    expect(await goneAt()).toEqual([left])
    const removed = await atMs(
      `update executor set deleted_at = statement_timestamp() where id = (select executor_id from executor_session where id = $1) returning to_ms(deleted_at) as at`,
    )
    expect(removed).toBeGreaterThan(left)
    expect(await goneAt()).toEqual([removed])
  })

  test('waits as long where a person had set the executor aside before it went', async () => {
    const { run, leaves } = await leftBehind({}, GONE_MS - 60_000)
    await world.sql(
      `update executor set status = 'MAINTENANCE', status_set_by = 'user:ann', status_set_at = status_set_at - interval '1 h'
       where id = (select executor_id from executor_session where id = $1)`,
      leaves.session,
    )
    await endGoneShards(world.engine, true)
    expect(await runState(world, run)).toBe('RUNNING')
    await longAgo(leaves.session, 60_000)
    await endGoneShards(world.engine, true)
    expect(await runState(world, run)).toBe('FAILED')
  })

  test('is done when its executor comes back under its name', async () => {
    const { task, run, leaves } = await leftBehind({}, GONE_MS)
    const [{ instance }] = (await world.sql<{ instance: string }>(
      `select e.instance from executor e join executor_session s on s.executor_id = e.id where s.id = $1`,
      leaves.session,
    )) as [{ instance: string }]
    const back = await world.executor(task, 100, instance)
    await endGoneShards(world.engine, true)
    expect((await answerAll(back)).length).toBe(1)
    expect(await runState(world, run)).toBe('SUCCESS')
  })

  test('fails at once when its executor is removed', async () => {
    const { run, leaves } = await leftBehind({}, 0)
    await world.sql(
      `update executor set deleted_at = statement_timestamp() where id = (select executor_id from executor_session where id = $1)`,
      leaves.session,
    )
    await endGoneShards(world.engine, true)
    expect(await errorsOf(run)).toMatchObject([{ code: 'EXECUTOR_GONE', message: expect.stringContaining('was removed') }])
    expect(await runState(world, run)).toBe('FAILED')
  })

  test('frees the slot that the next run waits for', async () => {
    const { task, stays } = await leftBehind({}, GONE_MS, { concurrency: { policy: 'SEQUENTIAL' } })
    const next = await world.start(task)
    expect(await stays.claim()).toEqual([])
    await endGoneShards(world.engine, true)
    await continueRuns(world.engine)
    expect((await answerAll(stays)).map(({ run }) => run)).toEqual([next])
    expect(await runState(world, next)).toBe('SUCCESS')
  })

  test('that cannot be ended is put off, and keeps no other from its end', async () => {
    const [bad, sound] = [await leftBehind({}, GONE_MS), await leftBehind({}, GONE_MS)]
    // History holds it already, as it cannot: its end is refused by the table's key.
    await world.sql(
      `insert into instance_history (tenant_id, id, run_id, plan_id, state, queue_id, sort_key, ended_at)
       select tenant_id, id, run_id, plan_id, 'FAILED', queue_id, sort_key, statement_timestamp() from instance_live where run_id = $1`,
      bad.run,
    )
    await endGoneShards(world.engine, true)
    expect(await runState(world, sound.run)).toBe('FAILED')
    await endGoneShards(world.engine, true)
    expect(world.events.filter(({ event }) => event === 'shard.putOff')).toHaveLength(1)
  })

  test('gives its turn to the next', async () => {
    const task = await sharded({ mode: 'BROADCAST', maxParallel: 1 })
    const [first, second] = [await world.executor(task), await world.executor(task)]
    const run = await world.start(task)
    await world.engine.db.engine((tx) => world.engine.queues.refresh(tx))
    await leave(first, GONE_MS)
    expect(await second.claim()).toEqual([])
    await endGoneShards(world.engine, true)
    expect((await answerAll(second)).length).toBe(1)
    expect(await runState(world, run)).toBe('FAILED')
  })

  test('that was lost while it ran is kept as an attempt, and fails when nobody comes back for it', async () => {
    const task = await sharded({ mode: 'BROADCAST' })
    const executor = await world.executor(task)
    const run = await world.start(task)
    await world.engine.db.engine((tx) => world.engine.queues.refresh(tx))
    await executor.claim()
    await leave(executor, GONE_MS)
    await reapLost(world.engine, true)
    await endGoneShards(world.engine, true)
    expect(await errorsOf(run)).toMatchObject([{ state: 'FAILED', code: 'EXECUTOR_GONE' }])
    expect(
      await world.sql(`select outcome from attempt where instance_id = (select id from instance_history where run_id = $1)`, run),
    ).toEqual([{ outcome: 'LOST' }])
  })

  test('leaves alone what was only placed with that executor', async () => {
    const { run } = await leftBehind({}, GONE_MS)
    const placed = await world.task({ node: { route: 'STICKY' } })
    const waits = await world.start(placed)
    await world.sql(
      `update instance_live set queue_id = (select queue_id from instance_live where run_id = $1) where id = $2`,
      run,
      waits,
    )
    await endGoneShards(world.engine, true)
    expect(await runState(world, run)).toBe('FAILED')
    expect(await runState(world, waits)).toBe('PENDING')
  })
})
