import { afterAll, beforeAll, expect, test } from 'vitest'
import { continueRuns } from './continue-runs.ts'
import { cancelRuns, pauseRuns, resumeRuns } from './control-runs.ts'
import { createDag } from './dag.test-helper.ts'
import { createWorld, failure, started, success, type World } from './engine.test-helper.ts'
import { fireSchedules } from './fire-schedules.ts'
import { promoteDue, reapLost, timeOut } from './overdue.ts'
import { reconcileRuns } from './reconcile-runs.ts'
import { deliverEvent, endDueNodes } from './wait-nodes.ts'

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

test('runs of DAGs, their parts and the events that they wait for end, begin, are paused and cancelled at once and never deadlock', async () => {
  const task = await world.task()
  const { tenantId } = task
  const executor = await world.executor(task)
  const part = await createDag(world, task, { graph: 'inner', concurrency: { policy: 'SEQUENTIAL' } })
  const shape = {
    nodes: [
      { code: 'a', task: 'work' },
      { code: 'paid', wait: { event: { name: 'paid', key: 'params.k', timeoutMs: 300 } } },
      { code: 'sub', dag: 'part' },
      { code: 'b', task: 'work' },
    ],
    edges: ['a', 'paid', 'sub'].map((from) => ({ from, to: 'b', condition: 'state != "CANCELLED"' })),
    parts: { part },
  }
  const dags = [
    await createDag(world, task, shape),
    await createDag(world, task, { ...shape, concurrency: { policy: 'SEQUENTIAL' } }),
    await createDag(world, task, { ...shape, concurrency: { policy: 'REPLACE' } }),
    await createDag(world, task, { ...shape, concurrency: { policy: 'PARALLEL', limit: 3 } }),
  ]
  const other = world.secondNode()
  const end = performance.now() + 4_000
  const failures: unknown[] = []
  const forever = async (work: () => Promise<unknown>) => {
    while (performance.now() < end) await work().catch((error: { code?: string }) => failures.push(error.code ?? error))
  }
  const someRuns = async () =>
    (
      await world.sql<{ id: number }>(
        `select id from run_live where tenant_id = $1 and target_kind = 'DAG' order by random() limit 5`,
        tenantId,
      )
    ).map((row) => row.id)
  const key = () => Math.floor(Math.random() * 3)
  const startSome = async () => {
    const [row] = await world.sql<{ runs: number }>(`select count(*)::int as runs from run_live where tenant_id = $1`, tenantId)
    const chosen = row!.runs > 60 ? dags.slice(2, 3) : dags.toSorted(() => Math.random() - 0.5)
    await world.startAll(
      chosen.map((dag) => ({
        ...{ tenantId, target: { kind: 'DAG', id: dag.id }, origin: 'API', startedBy: 'test', params: { k: key() } },
      })),
    )
  }
  const tell = (name: string) =>
    world.db.engine((tx) => deliverEvent(tx, world.engine, { tenantId, name, key: String(key()), payload: { n: 1 } }))
  let heard = 0

  await Promise.all([
    ...[world.engine, other.engine].map((engine) => forever(() => continueRuns(engine))),
    forever(startSome),
    forever(startSome),
    forever(async () => void (heard += await tell('paid'))),
    forever(async () => {
      const assignments = await executor.claim(10)
      await executor.report(...assignments.map((each, n) => (n % 5 ? success(each) : failure(each))))
    }),
    forever(() => Promise.all([endDueNodes(world.engine), timeOut(other.engine), reconcileRuns(other.engine)])),
    forever(async () => {
      const ids = await someRuns()
      await world.db.engine((tx) => pauseRuns(tx, world.engine, tenantId, ids, 'x'))
      await world.db.engine((tx) => resumeRuns(tx, other.engine, tenantId, ids))
      await world.db.engine((tx) => cancelRuns(tx, world.engine, tenantId, ids.slice(0, 2)))
    }),
  ])
  await other.close()

  const [row] = await world.sql<{ deadlocks: number }>(
    `select deadlocks::int from pg_stat_database where datname = current_database()`,
  )
  expect({ ...row, failures, postponed: world.events.filter(({ event }) => event === 'outbox.postponed') }).toEqual({
    ...{ deadlocks: 0, failures: [], postponed: [] },
  })
  expect(heard).toBeGreaterThan(0)
})
