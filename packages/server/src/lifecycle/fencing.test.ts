import { DEFAULT_RETRY } from '@carillon/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createWorld, failure, started, success, type World } from './engine.test-helper.ts'
import { reapLost, timeOut } from './overdue.ts'
import { endSingleInstances } from '../storage/instance.ts'
import { pauseRuns } from './control-runs.ts'
import type { Transaction } from '../storage/database.ts'
import { expireSessions, endOpenSession, lockSession } from '../storage/executor-session.ts'

let world: World
beforeAll(async () => {
  world = await createWorld({ cancelGraceMs: 0 })
})
afterAll(() => world.close())

const lose = async (session: number) => {
  await world.sql(`update executor_session set lease_until = now() - interval '1 second' where id = $1`, session)
  await reapLost(world.engine, true)
}
const refused = (instance: number) =>
  world.sql<{ kind: string; token: number }>(
    `select kind, token from refused_report where instance_id = $1 order by id`,
    instance,
  )

describe('claiming', () => {
  test('INV-4 two executors that claim the same queue at the same time never get the same instance', async () => {
    const task = await world.task()
    const [a, b] = [await world.executor(task), await world.executor(task)]
    await world.startAll(
      Array.from(
        { length: 200 },
        () =>
          ({
            tenantId: task.tenantId,
            target: { kind: 'TASK', id: task.id },
            origin: 'API',
            startedBy: 'test',
            params: {},
          }) as const,
      ),
    )
    const claims = await Promise.all([a.claim(80), b.claim(80), a.claim(80), b.claim(80)])
    const instances = claims.flat().map((assignment) => assignment.instance)
    expect(new Set(instances).size).toBe(instances.length)
  })

  test('INV-4 a claim repeated after a lost answer brings the same assignments, and no others', async () => {
    const task = await world.task()
    const executor = await world.executor(task)
    await world.start(task)
    const first = await executor.claim(10, 1)
    await world.start(task)
    expect(await executor.claim(10, 1)).toEqual(first)
    expect(await executor.claim(10, 2)).toHaveLength(1)
  })

  test('INV-4 tokens of an instance rise with every reservation, whoever holds it', async () => {
    const task = await world.task()
    const run = await world.start(task)
    for (const token of [1, 2, 3]) {
      const executor = await world.executor(task)
      expect(await executor.claim()).toMatchObject([{ instance: run, token, attempt: token }])
      await lose(executor.session)
    }
  })

  test('an executor that was put into maintenance gets nothing, and takes up again when it is back', async () => {
    const task = await world.task()
    const executor = await world.executor(task)
    await world.start(task)
    await world.sql(
      `update executor e set status = 'MAINTENANCE', status_set_by = 'user:x' from executor_session s where s.executor_id = e.id and s.id = $1`,
      executor.session,
    )
    expect(await executor.claimed()).toMatchObject({ assignments: [], control: { status: 'MAINTENANCE' } })
    await world.sql(
      `update executor e set status = 'ONLINE', status_set_by = null from executor_session s where s.executor_id = e.id and s.id = $1`,
      executor.session,
    )
    expect(await executor.claim()).toHaveLength(1)
  })

  test('a paused app is a closed lane: what it queued stays PENDING and is not claimed', async () => {
    const task = await world.task()
    const executor = await world.executor(task)
    const run = await world.start(task)
    await world.sql(`update app set paused = true where id = $1`, task.appId)
    expect(await executor.claim()).toEqual([])
    expect(await world.run(run)).toMatchObject({ instance: 'PENDING' })
  })

  test('a rate of five a second gives five at once and no sixth', async () => {
    const task = await world.task({ ratePerSecond: 5 })
    const executor = await world.executor(task)
    for (let n = 0; n < 8; n++) await world.start(task)
    expect(await executor.claim()).toHaveLength(5)
    await world.sql(
      `update rate_bucket set tokens = 0.4, refilled_at = now() + interval '1 hour' where tenant_id = $1`,
      task.tenantId,
    )
    expect(await executor.claim()).toEqual([])
  })

  test('a rate of an app is shared by its tasks, beside their own', async () => {
    const task = await world.task({ ratePerSecond: 2 })
    const [queue] = await world.sql<{ id: number }>(
      `insert into queue (app_tenant_id, app_id, handler) values ($1, $2, $3) returning id`,
      ...[task.tenantId, task.appId, task.handler],
    )
    const other = await world.task({ tenantId: task.tenantId, node: { queueId: queue!.id, handler: task.handler } })
    await world.sql(`update app set rate_per_second = 5 where id = $1`, task.appId)
    await world.sql(
      `insert into rate_bucket (tenant_id, key, per_second, burst, tokens) values ($1, $2, 5, 5, 5)`,
      ...[task.tenantId, `app:${task.appId}`],
    )
    const executor = await world.executor(task)
    for (let n = 0; n < 8; n++) {
      await world.start(task)
      await world.start(other)
    }
    const taken = await executor.claim()
    const [held] = await world.sql<{ own: number }>(
      `select count(*)::int as own from instance_live i join run_live r on r.id = i.run_id where r.target_id = $1 and i.state = 'RESERVED'`,
      task.id,
    )
    expect([taken.length, held!.own]).toEqual([5, 2])
    await world.sql(
      `update rate_bucket set tokens = 0.4, refilled_at = now() + interval '1 hour' where tenant_id = $1`,
      task.tenantId,
    )
    expect(await executor.claim()).toEqual([])
  })
})

describe('reports', () => {
  test('INV-5 a late result of a lost attempt is refused and recorded, and the attempt that runs now is untouched', async () => {
    const task = await world.task()
    const [first, second] = [await world.executor(task), await world.executor(task)]
    const run = await world.start(task)
    const [old] = await first.claim()
    await first.report(started(old!))
    await lose(first.session)
    const [current] = await second.claim()
    await second.report(started(current!))
    expect(await first.report(success(old!, 'late'))).toMatchObject([{ status: 'STALE' }])
    expect(await world.run(run)).toMatchObject({ instance: 'RUNNING', attempt: 2 })
    expect(await refused(run)).toEqual([{ kind: 'SUCCESS', token: 1 }])
    expect(await second.report(success(current!))).toMatchObject([{ status: 'ACCEPTED' }])
    expect(await world.run(run)).toMatchObject({ run: 'SUCCESS' })
  })

  test('INV-5 a guess of the right token from another session is refused', async () => {
    const task = await world.task()
    const [holder, thief] = [await world.executor(task), await world.executor(task)]
    const run = await world.start(task)
    const [assignment] = await holder.claim()
    expect(await thief.report(success(assignment!))).toMatchObject([{ status: 'STALE' }])
    expect(await world.run(run)).toMatchObject({ instance: 'RESERVED' })
  })

  test('INV-5 a result told three times counts once; a different one after it changes nothing', async () => {
    const task = await world.task()
    const executor = await world.executor(task)
    const run = await world.start(task)
    const [assignment] = await executor.claim()
    expect(await executor.report(success(assignment!, 1), success(assignment!, 1))).toMatchObject([
      { status: 'ACCEPTED' },
      { status: 'DUPLICATE' },
    ])
    expect(await executor.report(success(assignment!, 1))).toMatchObject([{ status: 'DUPLICATE' }])
    expect(await executor.report(failure(assignment!))).toMatchObject([{ status: 'STALE' }])
    expect(await world.run(run)).toMatchObject({ run: 'SUCCESS' })
  })

  test('INV-5 a success that comes before its start counts; the start that follows changes nothing', async () => {
    const task = await world.task()
    const executor = await world.executor(task)
    const run = await world.start(task)
    const [assignment] = await executor.claim()
    await executor.report(success(assignment!))
    expect(await executor.report(started(assignment!))).toMatchObject([{ status: 'DUPLICATE' }])
    expect(await world.run(run)).toMatchObject({ run: 'SUCCESS' })
  })

  test('INV-5 an expired lease that nobody took over is still the holder: expiry only permits take-over', async () => {
    const task = await world.task()
    const executor = await world.executor(task)
    const run = await world.start(task)
    const [assignment] = await executor.claim()
    await world.sql(`update executor_session set lease_until = now() - interval '1 hour' where id = $1`, executor.session)
    expect(await executor.report(success(assignment!))).toMatchObject([{ status: 'ACCEPTED' }])
    expect(await world.run(run)).toMatchObject({ run: 'SUCCESS' })
  })

  test('INV-5 a success after a cancel leaves the run cancelled', async () => {
    const task = await world.task()
    const executor = await world.executor(task)
    const run = await world.start(task)
    const [assignment] = await executor.claim()
    await executor.report(started(assignment!))
    await world.db.engine((tx) =>
      import('./control-runs.ts').then(({ cancelRuns }) => cancelRuns(tx, world.engine, task.tenantId, [run])),
    )
    expect((await executor.claimed(0)).control.stop).toEqual([{ instance: run, token: 1, reason: 'CANCEL' }])
    expect(await executor.report(success(assignment!))).toMatchObject([{ status: 'ACCEPTED' }])
    expect(await world.run(run)).toMatchObject({ run: 'CANCELLED', instance: 'CANCELLED' })
  })

  test('INV-20 an output over the limit fails its instance with a clear error, and nothing else of its batch', async () => {
    const task = await world.task()
    const executor = await world.executor(task)
    const [big, small] = [await world.start(task), await world.start(task)]
    const assignments = await executor.claim()
    const of = (run: number) => assignments.find((assignment) => assignment.instance === run)!
    await executor.report(success(of(big), 'x'.repeat(300_000)), success(of(small), 'y'))
    expect(await world.run(big)).toMatchObject({ run: 'FAILED', reason: 'RESULT_TOO_LARGE' })
    const [kept] = await world.sql<{ error: { message: string } }>(`select error from instance_history where id = $1`, big)
    expect(kept!.error.message).toMatch(/limits\.resultBytes allows, which is 262144 bytes/)
    expect(await world.run(small)).toMatchObject({ run: 'SUCCESS' })
  })
})

test('a result that PostgreSQL could not store as it is costs nobody anything: the sign in question becomes visible', async () => {
  const task = await world.task({ node: { retry: { ...DEFAULT_RETRY, maxRetries: 0 } } })
  const executor = await world.executor(task)
  const [output, error] = [await world.start(task), await world.start(task)]
  const [first, second] = await executor.claim()
  await executor.report(success(first!, { text: 'a\u0000b\ud83d' }), failure(second!, 'NUL\u0000'))
  expect(await world.run(output)).toMatchObject({ run: 'SUCCESS' })
  expect(await world.run(error)).toMatchObject({ run: 'FAILED' })
})

test('an executor that leaves in the middle of an attempt hands it on without using up a retry', async () => {
  const task = await world.task({ node: { retry: { ...DEFAULT_RETRY, maxRetries: 0 } } })
  const executor = await world.executor(task)
  const run = await world.start(task)
  const [assignment] = await executor.claim()
  await executor.report(started(assignment!), failure(assignment!, 'SHUTDOWN'))
  expect(await world.run(run)).toMatchObject({ instance: 'PENDING', attempt: 2 })
})

const handedBack = ({ instance, token }: { instance: number; token: number }) => ({ kind: 'RELEASE' as const, instance, token })

describe('loss and time-out', () => {
  test('an instance that was handed back unstarted is claimed again as the same attempt', async () => {
    const task = await world.task()
    const executor = await world.executor(task)
    const run = await world.start(task)
    const [assignment] = await executor.claim()
    await executor.report(handedBack(assignment!))
    expect(await executor.claim()).toMatchObject([{ instance: run, token: 2, attempt: 1 }])
  })

  test('at-most-once: what is handed back although it had started is LOST, not given to anyone again', async () => {
    const task = await world.task({ node: { delivery: 'AT_MOST_ONCE' } })
    const executor = await world.executor(task)
    const runs = [await world.start(task), await world.start(task)]
    const [one, other] = await executor.claim()
    await executor.report(started(one!))
    await executor.report(handedBack(one!))
    await executor.report(started(other!), handedBack(other!))
    for (const run of runs) expect(await world.run(run)).toMatchObject({ run: 'FAILED', instance: 'LOST' })
    expect(await executor.claim()).toEqual([])
  })

  test('at-least-once: what is handed back although it had started is a loss, and runs again as the next attempt', async () => {
    const task = await world.task()
    const executor = await world.executor(task)
    const run = await world.start(task)
    const [assignment] = await executor.claim()
    await executor.report(started(assignment!))
    await executor.report(handedBack(assignment!))
    expect(await world.run(run)).toMatchObject({ instance: 'PENDING', attempt: 2 })
  })

  test('at-most-once: an instance whose executor was lost is LOST and never given to anyone again', async () => {
    const task = await world.task({ node: { delivery: 'AT_MOST_ONCE' } })
    const executor = await world.executor(task)
    const run = await world.start(task)
    await executor.claim()
    await lose(executor.session)
    expect(await world.run(run)).toMatchObject({ run: 'FAILED', instance: 'LOST' })
    expect(await (await world.executor(task)).claim()).toEqual([])
  })

  test('what kills every executor that takes it fails after five losses', async () => {
    const task = await world.task()
    const run = await world.start(task)
    for (let loss = 0; loss < 5; loss++) {
      const executor = await world.executor(task)
      await executor.claim()
      await lose(executor.session)
    }
    expect(await world.run(run)).toMatchObject({ run: 'FAILED', reason: 'LOST' })
  })

  test('registering again under the same name ends the earlier session, and its instances go to others', async () => {
    const task = await world.task()
    const executor = await world.executor(task)
    const run = await world.start(task)
    await executor.claim()
    await world.db.lease(async (tx) => {
      const [row] = await tx.query<{ id: number }>(
        { name: '', text: 'select executor_id as id from executor_session where id = $1' },
        [executor.session],
      )
      await endOpenSession(tx, task.tenantId, row!.id, 'REPLACED')
    })
    await expect(executor.claim()).rejects.toMatchObject({ code: 'SESSION_ENDED' })
    await reapLost(world.engine, false)
    expect(await world.run(run)).toMatchObject({ instance: 'PENDING', attempt: 2 })
  })

  test('a lease that is renewed in time is never taken', async () => {
    const task = await world.task()
    const executor = await world.executor(task)
    await world.start(task)
    await executor.claim()
    expect(await world.db.engine((tx) => expireSessions(tx, 100))).not.toContain(executor.session)
  })

  test('a handler past its time-out is asked to stop, then given up, and the attempt is repeated', async () => {
    const task = await world.task({
      node: {
        timeoutMs: 1_000,
        retry: { maxRetries: 1, backoff: 'FIXED', delayMs: 0, maxDelayMs: 0, jitter: 0, retryOn: [], neverOn: [] },
      },
    })
    const executor = await world.executor(task)
    const run = await world.start(task)
    const [assignment] = await executor.claim()
    await executor.report(started(assignment!))
    await world.sql(`update instance_live set deadline_at = now() where id = $1`, run)
    await timeOut(world.engine)
    expect((await executor.claimed(0)).control.stop).toMatchObject([{ instance: run, reason: 'TIMEOUT' }])
    await timeOut(world.engine)
    expect(await world.run(run)).toMatchObject({ instance: 'PENDING', attempt: 2 })
    expect(await world.sql(`select outcome from attempt where instance_id = $1`, run)).toEqual([{ outcome: 'TIMEOUT' }])
    expect(await executor.report(success(assignment!))).toMatchObject([{ status: 'DUPLICATE' }])
    expect(await world.run(run)).toMatchObject({ instance: 'PENDING' })
  })

  test('a reservation that is never started is given to someone else', async () => {
    const task = await world.task()
    const executor = await world.executor(task)
    const run = await world.start(task)
    await executor.claim()
    await world.sql(`update instance_live set deadline_at = now() where id = $1`, run)
    await timeOut(world.engine)
    expect(await world.run(run)).toMatchObject({ instance: 'PENDING', attempt: 2 })
  })
})

/** Does `behind` while the changes of `work` are not committed yet, and has come as far as it can: it waits for their locks. */
async function waitingBehind<T>(work: (tx: Transaction) => Promise<unknown>, behind: () => Promise<T>): Promise<T> {
  let commit = () => {}
  const held = new Promise<void>((resolve) => (commit = resolve))
  let locked = () => {}
  const isLocked = new Promise<void>((resolve) => (locked = resolve))
  const working = world.db.engine(async (tx) => {
    await work(tx)
    locked()
    await held
  })
  await isLocked
  const waiting = behind()
  for (let count = 0; count === 0;) {
    const [row] = await world.sql<{ count: number }>(`select count(*)::int as count from pg_locks where not granted`)
    count = row!.count
  }
  commit()
  await working
  return waiting
}

test('a report that waits behind a pause finds it: the run stays paused, and what was handed back is not claimed', async () => {
  const task = await world.task()
  const executor = await world.executor(task)
  const run = await world.start(task)
  const [assignment] = await executor.claim()
  await waitingBehind(
    (tx) => pauseRuns(tx, world.engine, task.tenantId, [run], 'user:x'),
    () => executor.report(handedBack(assignment!)),
  )
  expect(await world.run(run)).toMatchObject({ run: 'PAUSED', instance: 'WAITING', waits: 'PAUSED' })
  expect(await executor.claim()).toEqual([])
})

test('a claim that waits for its session finds the executor as it stands then, not as it stood when it asked', async () => {
  const task = await world.task()
  const executor = await world.executor(task)
  await world.start(task)
  const claimed = await waitingBehind(
    async (tx) => {
      await lockSession(tx, task.tenantId, executor.session)
      const text = `update executor e set status = 'MAINTENANCE', status_set_by = 'user:x' from executor_session s where s.executor_id = e.id and s.id = $1`
      await tx.query({ name: '', text }, [executor.session])
    },
    () => executor.claimed(),
  )
  expect(claimed).toMatchObject({ assignments: [], control: { status: 'MAINTENANCE' } })
})

test('an end under a token that has passed moves neither the instance nor its run', async () => {
  const task = await world.task()
  const run = await world.start(task)
  await world.db.engine(async (tx) =>
    endSingleInstances(
      tx,
      [
        {
          instance: { tenantId: task.tenantId, id: run, token: 7 },
          state: 'SUCCESS',
          output: null,
          error: null,
          runState: 'SUCCESS',
          runReason: null,
          startedAt: null,
        },
      ],
      0,
    ),
  )
  expect(await world.run(run)).toMatchObject({ run: 'PENDING', instance: 'PENDING' })
})
