import { afterAll, beforeAll, expect, test } from 'vitest'
import { cancelRuns, pauseRuns, resumeRuns } from './control-runs.ts'
import { createWorld, failure, started, success, type World } from './engine.test-helper.ts'
import { fireSchedules } from './fire-schedules.ts'
import { promoteDue, reapLost, timeOut } from './overdue.ts'
import { reconcileRuns } from './reconcile-runs.ts'

let world: World
beforeAll(async () => {
  world = await createWorld({ cancelGraceMs: 50, leaseMs: 1_000, agingMs: 1 })
})
afterAll(() => world.close())

test('firing, claiming, finishing, pausing, cancelling and editing the same schedules and runs at once never deadlocks', async () => {
  const retry = { maxRetries: 1, backoff: 'FIXED', delayMs: 5, maxDelayMs: 5, jitter: 0, retryOn: [], neverOn: [] } as const
  const tasks = [
    await world.task({ node: { retry, timeoutMs: 50 } }),
    await world.task({ concurrency: { policy: 'SEQUENTIAL' }, node: { retry } }),
    await world.task({ concurrency: { policy: 'REPLACE' }, node: { retry } }),
    await world.task({ concurrency: { policy: 'PARALLEL', limit: 2 }, node: { retry, delivery: 'AT_MOST_ONCE' } }),
  ]
  const now = await world.db.engine((tx) => tx.now())
  const schedules: { tenantId: number; id: number }[] = []
  for (const task of tasks) {
    for (let n = 0; n < 10; n++) {
      const id = await world.schedule(task, {
        timing: { kind: 'FIXED_RATE', everyMs: 1_000, anchorAt: now },
        misfire: { policy: 'CATCH_UP', maxFires: 100, windowMs: 3_600_000, perMinute: 60_000 },
        nextFireAt: now - 20_000,
      })
      schedules.push({ tenantId: task.tenantId, id })
    }
  }
  const other = world.secondNode()
  const end = performance.now() + 6_000
  const failures: unknown[] = []
  const forever = async (work: () => Promise<unknown>) => {
    while (performance.now() < end) await work().catch((error: { code?: string }) => failures.push(error.code ?? error))
  }
  const executors = await Promise.all(tasks.map((task) => world.executor(task)))
  const someRuns = (tenantId: number) =>
    world.sql<{ id: number }>(`select id from run_live where tenant_id = $1 order by random() limit 5`, tenantId)

  await Promise.all([
    ...[world.firing, other.firing].map((firing) => forever(() => fireSchedules(firing))),
    ...executors.map((executor, place) =>
      forever(async () => {
        const assignments = await executor.claim(10)
        await executor.report(...assignments.flatMap((each, n) => [started(each), n % 3 ? success(each) : failure(each)]))
        await world.sql(
          `update executor_session set lease_until = statement_timestamp() + ${place % 2 ? "interval '1 second'" : "interval '-1 second'"} where id = $1 and random() < 0.02`,
          executor.session,
        )
      }),
    ),
    forever(() => Promise.all([timeOut(world.engine), promoteDue(other.engine), reconcileRuns(other.engine)])),
    forever(() => reapLost(other.engine, true)),
    forever(async () => {
      const task = tasks[Math.floor(Math.random() * tasks.length)]!
      const ids = (await someRuns(task.tenantId)).map((row) => row.id)
      await world.db.engine((tx) => pauseRuns(tx, world.engine, task.tenantId, ids, 'x'))
      await world.db.engine((tx) => resumeRuns(tx, world.engine, task.tenantId, ids))
      await world.db.engine((tx) => cancelRuns(tx, world.engine, task.tenantId, ids.slice(0, 2)))
    }),
    forever(async () => {
      const schedule = schedules[Math.floor(Math.random() * schedules.length)]!
      // As saving a schedule does it: the due row first, then the definition.
      await world.db.engine(async (tx) => {
        await tx.query({ name: '', text: 'select 1 from schedule_due where schedule_id = $1 for no key update' }, [schedule.id])
        await tx.query({ name: '', text: 'update schedule set version = version + 1, paused = not paused where id = $1' }, [
          schedule.id,
        ])
      })
    }),
  ])
  await other.close()

  const [row] = await world.sql<{ deadlocks: number }>(
    `select deadlocks::int from pg_stat_database where datname = current_database()`,
  )
  expect(row).toEqual({ deadlocks: 0 })
  // Sessions that this test lets expire are the only refusals.
  expect(failures.filter((code) => code !== 'SESSION_ENDED')).toEqual([])
})
