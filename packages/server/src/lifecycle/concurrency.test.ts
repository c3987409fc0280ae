import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cancelRuns, pauseRuns, resumeRuns, retryRuns } from './control-runs.ts'
import {
  createWorld,
  failure,
  started,
  startOf,
  success,
  type TestExecutor,
  type TestTask,
  type World,
} from './engine.test-helper.ts'
import { promoteDue, reapLost } from './overdue.ts'
import { reconcileRuns } from './reconcile-runs.ts'
import { startRuns } from './start-runs.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())

const finish = async (executor: TestExecutor) => {
  const assignments = await executor.claim()
  await executor.report(...assignments.map((assignment) => success(assignment)))
  return assignments.map((assignment) => assignment.instance)
}
const live = (task: TestTask) =>
  world.sql<{ id: number; admitted: boolean; state: string }>(
    `select id, admitted, state from run_live where target_id = $1 order by id`,
    task.id,
  )

describe('policies', () => {
  test('SEQUENTIAL runs follow each other in the order in which they came', async () => {
    const task = await world.task({ concurrency: { policy: 'SEQUENTIAL' } })
    const executor = await world.executor(task)
    const runs = [await world.start(task), await world.start(task), await world.start(task)]
    expect(await world.run(runs[1]!)).toMatchObject({
      run: 'PENDING',
      instance: 'WAITING',
      waits: 'SLOT',
      reason: `CONCURRENCY:${runs[0]}`,
    })
    for (const run of runs) expect(await finish(executor)).toEqual([run])
  })

  test('PARALLEL with a limit of two lets two through and the next when one ends', async () => {
    const task = await world.task({ concurrency: { policy: 'PARALLEL', limit: 2 } })
    const executor = await world.executor(task)
    for (let n = 0; n < 4; n++) await world.start(task)
    const first = await executor.claim()
    expect(first).toHaveLength(2)
    await executor.report(success(first[0]!))
    expect(await executor.claim()).toHaveLength(1)
  })

  test('SINGLETON records what it leaves out as SKIPPED, with the run that holds it', async () => {
    const task = await world.task({ concurrency: { policy: 'SINGLETON' } })
    const holder = await world.start(task)
    const skipped = await world.start(task)
    expect(await world.run(skipped)).toMatchObject({ run: 'SKIPPED', instance: null, reason: `CONCURRENCY:${holder}` })
  })

  test('KEYED keeps order per value at the path, and lets different values run side by side', async () => {
    const task = await world.task({ concurrency: { policy: 'KEYED', path: 'customer.id', each: 'SEQUENTIAL' } })
    const executor = await world.executor(task)
    const start = (id: number) => world.start(task, { params: { customer: { id } } })
    const [a1, a2, b1] = [await start(1), await start(1), await start(2)]
    expect(await finish(executor)).toEqual([a1, b1])
    expect(await finish(executor)).toEqual([a2])
  })

  test('REPLACE asks the running one to stop and starts when it has', async () => {
    const task = await world.task({ concurrency: { policy: 'REPLACE' } })
    const executor = await world.executor(task)
    const old = await world.start(task)
    const [assignment] = await executor.claim()
    await executor.report(started(assignment!))
    const [second, third] = [await world.start(task), await world.start(task)]
    expect((await executor.claimed(0)).control.stop).toMatchObject([{ instance: old, reason: 'REPLACED' }])
    expect(await world.run(second)).toMatchObject({ run: 'CANCELLED' })
    await executor.report(failure(assignment!))
    expect(await world.run(old)).toMatchObject({ run: 'CANCELLED' })
    expect(await finish(executor)).toEqual([third])
  })

  test('a trigger that bypasses the policy neither waits nor counts', async () => {
    const task = await world.task({ concurrency: { policy: 'SEQUENTIAL' } })
    await world.start(task)
    const bypassing = await world.start(task, { bypassConcurrency: true })
    expect(await world.run(bypassing)).toMatchObject({ instance: 'PENDING' })
  })
})

describe('across nodes', () => {
  test('INV-13 twenty triggers on two nodes at once let exactly one through', async () => {
    const task = await world.task({ concurrency: { policy: 'SINGLETON' } })
    const other = world.secondNode()
    const starts = Array.from({ length: 20 }, (_, place) => {
      const { engine } = place % 2 ? other : world
      return engine.db.engine((tx) => startRuns(tx, engine, [startOf(task)]))
    })
    const results = (await Promise.all(starts)).flat()
    await other.close()
    expect(results.filter((result) => result.kind === 'STARTED' && result.state === 'PENDING')).toHaveLength(1)
  })

  test('INV-13 while runs start and end on two nodes, a limit of three is never exceeded and nothing is left asleep', async () => {
    const task = await world.task({ concurrency: { policy: 'PARALLEL', limit: 3 } })
    const other = world.secondNode()
    const executors = [await world.executor(task), await world.executor(task)]
    const total = 60
    let most = 0
    let ended = 0
    const starting = Promise.all(
      Array.from({ length: total }, (_, place) => {
        const { engine } = place % 2 ? other : world
        return engine.db.engine((tx) => startRuns(tx, engine, [startOf(task)]))
      }),
    )
    const working = executors.map(async (executor) => {
      while (ended < total) {
        const assignments = await executor.claim(2)
        const [{ admitted }] = (await world.sql<{ admitted: number }>(
          `select count(*)::int as admitted from run_live where target_id = $1 and admitted`,
          task.id,
        )) as [{ admitted: number }]
        most = Math.max(most, admitted)
        await executor.report(...assignments.map((assignment) => success(assignment)))
        ended += assignments.length
      }
    })
    await Promise.all([starting, ...working])
    await other.close()
    expect(most).toBeLessThanOrEqual(3)
    expect(await live(task)).toEqual([])
  })

  test('INV-14 a slot whose holder dies with its executor goes to the next in line: none leaks', async () => {
    const task = await world.task({ concurrency: { policy: 'SEQUENTIAL' }, node: { delivery: 'AT_MOST_ONCE' } })
    const runs = [await world.start(task), await world.start(task), await world.start(task)]
    for (const run of runs) {
      const executor = await world.executor(task)
      expect(await executor.claim()).toMatchObject([{ instance: run }])
      await world.sql(`update executor_session set lease_until = now() - interval '1 second' where id = $1`, executor.session)
      await reapLost(world.engine, true)
    }
    expect(await live(task)).toEqual([])
  })

  test('INV-10 a run that waits for a slot which nobody holds is found and started', async () => {
    const task = await world.task({ concurrency: { policy: 'SEQUENTIAL' } })
    const [holder, waiting] = [await world.start(task), await world.start(task)]
    await world.sql(`delete from instance_live where id = $1`, holder)
    await world.sql(`delete from run_live where id = $1`, holder)
    await reconcileRuns(world.engine)
    expect(await world.run(waiting)).toMatchObject({ instance: 'PENDING' })
    expect(world.events).toContainEqual(expect.objectContaining({ event: 'run.admittedLate' }))
  })
})

describe('control', () => {
  const act = <T>(work: (tx: Parameters<Parameters<World['db']['engine']>[0]>[0]) => Promise<T>) => world.db.engine(work)

  test('a cancelled run that waits ends at once, and the slot it held goes on', async () => {
    const task = await world.task({ concurrency: { policy: 'SEQUENTIAL' } })
    const [first, second] = [await world.start(task), await world.start(task)]
    expect(await act((tx) => cancelRuns(tx, world.engine, task.tenantId, [first, 1]))).toEqual([
      { runId: first, kind: 'DONE' },
      { runId: 1, kind: 'NOT_FOUND' },
    ])
    expect(await world.run(first)).toMatchObject({ run: 'CANCELLED', instance: 'CANCELLED' })
    expect(await world.run(second)).toMatchObject({ instance: 'PENDING' })
    expect(await act((tx) => cancelRuns(tx, world.engine, task.tenantId, [first]))).toMatchObject([{ kind: 'REFUSED' }])
  })

  test('a paused run is not claimed, keeps its state through a failed attempt, and goes on when resumed', async () => {
    const task = await world.task({
      node: { retry: { maxRetries: 3, backoff: 'FIXED', delayMs: 1, maxDelayMs: 1, jitter: 0, retryOn: [], neverOn: [] } },
    })
    const executor = await world.executor(task)
    const run = await world.start(task)
    const [assignment] = await executor.claim()
    await act((tx) => pauseRuns(tx, world.engine, task.tenantId, [run], 'user:x'))
    await executor.report(failure(assignment!))
    expect(await world.run(run)).toMatchObject({ run: 'PAUSED', instance: 'WAITING', waits: 'TIME' })
    await world.sql(`update instance_live set due_at = now() where id = $1`, run)
    await promoteDue(world.engine)
    expect(await world.run(run)).toMatchObject({ run: 'PAUSED', instance: 'WAITING', waits: 'PAUSED' })
    await act((tx) => resumeRuns(tx, world.engine, task.tenantId, [run]))
    expect(await world.run(run)).toMatchObject({ run: 'PENDING', instance: 'PENDING' })
    expect(await finish(executor)).toEqual([run])
  })

  test('a paused run at the head of its line is passed over, and takes its turn when it is resumed', async () => {
    const task = await world.task({ concurrency: { policy: 'SEQUENTIAL' } })
    const executor = await world.executor(task)
    const [first, second, third] = [await world.start(task), await world.start(task), await world.start(task)]
    await act((tx) => pauseRuns(tx, world.engine, task.tenantId, [second], 'user:x'))
    expect(await finish(executor)).toEqual([first])
    expect(await finish(executor)).toEqual([third])
    expect(await finish(executor)).toEqual([])
    await act((tx) => resumeRuns(tx, world.engine, task.tenantId, [second]))
    expect(await finish(executor)).toEqual([second])
  })

  test('a retry is a new run of the same plan and parameters; a live run cannot be retried', async () => {
    const task = await world.task()
    const executor = await world.executor(task)
    const run = await world.start(task, { params: { a: 1 } })
    expect(await act((tx) => retryRuns(tx, world.engine, task.tenantId, [run], 'user:x'))).toMatchObject([{ kind: 'REFUSED' }])
    await finish(executor)
    const [result] = await act((tx) => retryRuns(tx, world.engine, task.tenantId, [run], 'user:x'))
    expect(result).toMatchObject({ kind: 'DONE' })
    expect(await executor.claim()).toMatchObject([{ params: { a: 1 } }])
  })

  test('INV-16 what another tenant names is not found: nothing of it is stopped, paused or repeated', async () => {
    const [mine, theirs] = [await world.task(), await world.task()]
    const run = await world.start(theirs)
    for (const results of [
      await act((tx) => cancelRuns(tx, world.engine, mine.tenantId, [run])),
      await act((tx) => pauseRuns(tx, world.engine, mine.tenantId, [run], 'x')),
      await act((tx) => resumeRuns(tx, world.engine, mine.tenantId, [run])),
      await act((tx) => retryRuns(tx, world.engine, mine.tenantId, [run], 'x')),
    ]) {
      expect(results).toEqual([{ runId: run, kind: 'NOT_FOUND' }])
    }
    expect(await world.run(run)).toMatchObject({ run: 'PENDING', instance: 'PENDING' })
  })
})

describe('order', () => {
  test('priority comes first, and a low one that has waited long enough before a later high one', async () => {
    const task = await world.task()
    const executor = await world.executor(task)
    const low = await world.start(task, { priority: 1 })
    const middle = await world.start(task)
    const high = await world.start(task, { priority: 10 })
    const aged = await world.start(task, { priority: 1 })
    // As if it had been queued an hour ago.
    await world.sql(`update instance_live set sort_key = sort_key - 3600000 where id = $1`, aged)
    expect((await executor.claim()).map((assignment) => assignment.instance)).toEqual([aged, high, middle, low])
  })
})

describe('fairness', () => {
  test('on a shared executor the one run of a small tenant is not behind the thousand of a large one', async () => {
    const [queue] = await world.sql<{ id: number }>(
      `insert into queue (app_tenant_id, app_id, handler) values (1, 2, 'shared') returning id`,
    )
    const [large, small] = [
      await world.task({ node: { queueId: queue!.id } }),
      await world.task({ node: { queueId: queue!.id } }),
    ]
    for (let n = 0; n < 2; n++) await world.startAll(Array.from({ length: 500 }, () => startOf(large)))
    const run = await world.start(small)
    const executor = await world.executor({ ...large, tenantId: 1, appCode: 'builtin', handler: 'shared' })
    const first = await executor.claim(10)
    expect(first.map((assignment) => assignment.instance)).toContain(run)
    expect(first.length).toBeGreaterThanOrEqual(6)
  })

  test('shares follow the weights of the tenants', async () => {
    const [queue] = await world.sql<{ id: number }>(
      `insert into queue (app_tenant_id, app_id, handler) values (1, 2, 'weighted') returning id`,
    )
    const [heavy, light] = [
      await world.task({ node: { queueId: queue!.id } }),
      await world.task({ node: { queueId: queue!.id } }),
    ]
    await world.sql(`update tenant set weight = 3 where id = $1`, heavy.tenantId)
    await world.startAll([
      ...Array.from({ length: 100 }, () => startOf(heavy)),
      ...Array.from({ length: 100 }, () => startOf(light)),
    ])
    const executor = await world.executor({ ...heavy, tenantId: 1, appCode: 'builtin', handler: 'weighted' })
    const taken = await executor.claim(40)
    expect(taken.filter((assignment) => assignment.tenant === heavy.tenantId)).toHaveLength(30)
    expect(taken.filter((assignment) => assignment.tenant === light.tenantId)).toHaveLength(10)
  })

  test('a suspended tenant is a closed lane', async () => {
    const [queue] = await world.sql<{ id: number }>(
      `insert into queue (app_tenant_id, app_id, handler) values (1, 2, 'closed') returning id`,
    )
    const task = await world.task({ node: { queueId: queue!.id } })
    await world.start(task)
    await world.sql(`update tenant set state = 'SUSPENDED' where id = $1`, task.tenantId)
    const executor = await world.executor({ ...task, tenantId: 1, appCode: 'builtin', handler: 'closed' })
    expect(await executor.claim(10)).toEqual([])
    expect(await (await world.executor(task)).claim(10)).toEqual([])
  })
})
