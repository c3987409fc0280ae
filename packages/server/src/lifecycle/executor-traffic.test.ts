import { afterAll, beforeAll, expect, test } from 'vitest'
import { createWorld, started, success, type TestTask, type World } from './engine.test-helper.ts'
import { cancelRuns } from './control-runs.ts'
import { createExecutorTraffic, type ExecutorTraffic } from './executor-traffic.ts'
import { reapLost } from './overdue.ts'
import { appTopic } from '../runtime/wake-hub.ts'

let world: World
let traffic: ExecutorTraffic
beforeAll(async () => {
  world = await createWorld()
  traffic = createExecutorTraffic(world.engine)
})
afterAll(() => world.close())

const NEVER = new AbortController().signal
const principal = (task: TestTask) => ({ tenantId: task.tenantId, appId: null })
const session = async (task: TestTask) =>
  (
    await traffic.register(principal(task), {
      protocol: 1,
      app: task.appCode,
      instance: 'one',
      mode: 'PULL',
      handlers: [task.handler],
      capacity: 10,
    })
  ).session

test('a claim that waits is answered as soon as a run starts', async () => {
  const task = await world.task()
  const claim = traffic.claim(principal(task), { session: await session(task), seq: 1, max: 10, waitMs: 30_000 }, NEVER)
  const run = await world.start(task)
  expect(await claim).toMatchObject({ assignments: [{ instance: run }] })
})

test('a claim that waits gets what comes into a new queue, also when somebody else who registers is the first to learn of that queue', async () => {
  const [task, other] = [await world.task(), await world.task()]
  const { session: id } = await traffic.register(principal(task), {
    ...{ protocol: 1, app: task.appCode, instance: 'one', mode: 'PULL', handlers: ['new'], capacity: 10 },
  })
  const run = await world.start(task)
  const claim = traffic.claim(principal(task), { session: id, seq: 1, max: 10, waitMs: 60_000 }, NEVER)
  await expect.poll(() => world.engine.hub.topics()).toContain(appTopic(task.appId))
  await world.sql(
    `with added as (insert into queue (app_tenant_id, app_id, handler) values ($1, $2, 'new') returning id)
     update instance_live set queue_id = (select id from added) where id = $3`,
    ...[task.tenantId, task.appId, run],
  )
  await session(other)
  expect(await claim).toMatchObject({ assignments: [{ instance: run }] })
})

test('a claim that waits is answered as soon as something it holds is to be stopped, and once only', async () => {
  const task = await world.task()
  const id = await session(task)
  const run = await world.start(task)
  const { assignments } = await traffic.claim(principal(task), { session: id, seq: 1, max: 10, waitMs: 30_000 }, NEVER)
  await traffic.report(principal(task), { session: id, items: [started(assignments[0]!)] })
  const waiting = traffic.claim(principal(task), { session: id, seq: 2, max: 0, waitMs: 30_000 }, NEVER)
  await world.db.engine((tx) => cancelRuns(tx, world.engine, task.tenantId, [run]))
  expect(await waiting).toMatchObject({ assignments: [], control: { stop: [{ instance: run, reason: 'CANCEL' }] } })
  const again = await traffic.claim(principal(task), { session: id, seq: 3, max: 0, waitMs: 50 }, NEVER)
  expect(again.control.stop).toHaveLength(1)
})

test('a claim that is repeated while the first still waits takes its place, and gets what comes', async () => {
  const task = await world.task()
  const body = { session: await session(task), seq: 1, max: 10, waitMs: 30_000 }
  const lost = traffic.claim(principal(task), body, NEVER)
  const repeated = traffic.claim(principal(task), body, NEVER)
  expect((await lost).assignments).toEqual([])
  const run = await world.start(task)
  expect(await repeated).toMatchObject({ assignments: [{ instance: run }] })
})

test('INV-5 a report that comes after its session has ended is refused and kept, also by a node that never knew the session', async () => {
  const task = await world.task()
  const id = await session(task)
  const run = await world.start(task)
  const { assignments } = await traffic.claim(principal(task), { session: id, seq: 1, max: 10, waitMs: 30_000 }, NEVER)
  await session(task)
  await reapLost(world.engine, false)
  const otherNode = createExecutorTraffic(world.engine)
  const late = await otherNode.report(principal(task), { session: id, items: [success(assignments[0]!)] })
  expect(late.items).toMatchObject([{ status: 'STALE' }])
  expect(await world.sql(`select kind, token from refused_report where instance_id = $1`, run)).toEqual([
    { kind: 'SUCCESS', token: 1 },
  ])
})

test('a heartbeat is answered at once, as calls go, however long the lease is', async () => {
  const { engine } = world
  const patient = createExecutorTraffic({ ...engine, settings: { ...engine.settings, leaseMs: 3_600_000 } })
  const task = await world.task()
  const beat = { session: await session(task), running: [] }
  const begun = performance.now()
  expect(await patient.heartbeat(principal(task), beat)).toMatchObject({ leaseMs: 3_600_000 })
  // What an executor waits for the answer to a call.
  expect(performance.now() - begun).toBeLessThan(15_000)
})

test('INV-16 a session of another tenant is answered like one that does not exist, whatever is asked of it', async () => {
  const [mine, theirs] = [await world.task(), await world.task()]
  const foreign = await session(theirs)
  const calls = (id: number) => [
    traffic.heartbeat(principal(mine), { session: id, running: [] }),
    traffic.claim(principal(mine), { session: id, seq: 1, max: 1, waitMs: 0 }, NEVER),
    traffic.report(principal(mine), { session: id, items: [{ kind: 'STARTED', instance: 1, token: 1 }] }),
    traffic.logs(principal(mine), {
      session: id,
      items: [{ instance: 1, token: 1, lines: [{ seq: 1, at: 0, level: 'INFO', source: 'handler', text: '' }] }],
    }),
    traffic.openCallback(principal(mine), { session: id, instance: 1, token: 1 }),
    traffic.deregister(principal(mine), id),
  ]
  const outcome = async (id: number) =>
    (await Promise.allSettled(calls(id))).map((each) =>
      each.status === 'rejected' ? String(each.reason.message).replace(String(id), 'ID') : each.value,
    )
  expect(await outcome(foreign)).toEqual(await outcome(foreign + 999))
})

test('INV-15 an output that is nested too deeply fails its attempt, and nobody else in the same batch', async () => {
  const [mine, theirs] = [await world.task(), await world.task()]
  const hold = async (task: TestTask) => {
    const id = await session(task)
    const run = await world.start(task)
    const { assignments } = await traffic.claim(principal(task), { session: id, seq: 1, max: 1, waitMs: 0 }, NEVER)
    return {
      run,
      report: (output: unknown) => traffic.report(principal(task), { session: id, items: [success(assignments[0]!, output)] }),
    }
  }
  const [deep, fine] = [await hold(mine), await hold(theirs)]
  const output = JSON.parse('['.repeat(50_000) + ']'.repeat(50_000)) as unknown
  const answers = await Promise.all([deep.report(output), fine.report('fine')])
  expect(answers.flatMap(({ items }) => items)).toEqual([{ status: 'ACCEPTED' }, { status: 'ACCEPTED' }])
  expect(await world.run(deep.run)).toMatchObject({ run: 'FAILED', reason: 'RESULT_TOO_DEEP' })
  expect(await world.run(fine.run)).toMatchObject({ run: 'SUCCESS' })
})

test('log lines sent twice are stored once, lines of a lost attempt are refused, and the limit of an attempt leaves a mark', async () => {
  const task = await world.task()
  const id = await session(task)
  const run = await world.start(task)
  const { assignments } = await traffic.claim(principal(task), { session: id, seq: 1, max: 10, waitMs: 0 }, NEVER)
  const token = assignments[0]!.token
  const ship = (from: number, texts: string[], under = token) =>
    traffic.logs(principal(task), {
      session: id,
      items: [
        {
          instance: run,
          token: under,
          lines: texts.map((text, n) => ({ seq: from + n, at: 0, level: 'INFO' as const, source: 'handler' as const, text })),
        },
      ],
    })
  expect(await ship(1, ['a', 'b\u0000'])).toEqual({ items: [{ status: 'ACCEPTED', ackSeq: 2, cut: false }] })
  expect(await ship(2, ['b again', 'c'])).toEqual({ items: [{ status: 'ACCEPTED', ackSeq: 3, cut: false }] })
  expect(await ship(4, ['x'], token + 1)).toMatchObject({ items: [{ status: 'STALE' }] })
  const lines = () => world.sql<{ text: string }>(`select text from log_line where instance_id = $1 order by seq`, run)
  expect((await lines()).map((line) => line.text)).toEqual(['a', 'b␀', 'c'])
  await world.sql(`update log_extent set bytes = $2 where instance_id = $1`, run, 10 * 1024 * 1024)
  expect(await ship(4, ['too much', 'and more'])).toMatchObject({ items: [{ cut: true }] })
  expect((await lines()).at(-1)!.text).toContain('reached its limit')
})

test('a draining node gives no work, and answers what is asked of it besides', async () => {
  const task = await world.task()
  const draining = createExecutorTraffic(world.engine, () => false)
  const id = await session(task)
  const run = await world.start(task)
  expect(await draining.claim(principal(task), { session: id, seq: 1, max: 10, waitMs: 0 }, NEVER)).toMatchObject({
    assignments: [],
  })
  expect(await traffic.claim(principal(task), { session: id, seq: 1, max: 10, waitMs: 0 }, NEVER)).toMatchObject({
    assignments: [{ instance: run }],
  })
})

test('lines of one attempt that arrive in two items at once are stored once, and fail nobody', async () => {
  const task = await world.task()
  const id = await session(task)
  const run = await world.start(task)
  const { assignments } = await traffic.claim(principal(task), { session: id, seq: 1, max: 10, waitMs: 0 }, NEVER)
  const item = (seq: number) => ({
    instance: run,
    token: assignments[0]!.token,
    lines: [{ seq, at: 0, level: 'INFO' as const, source: 'handler' as const, text: `line ${seq}` }],
  })
  expect(await traffic.logs(principal(task), { session: id, items: [item(1), item(2), item(1)] })).toEqual({
    items: Array.from({ length: 3 }, () => ({ status: 'ACCEPTED', ackSeq: 2, cut: false })),
  })
  expect(await world.sql(`select seq::int from log_line where instance_id = $1 order by seq`, run)).toEqual([
    { seq: 1 },
    { seq: 2 },
  ])
})

test('executors that register while their leases expire never deadlock', async () => {
  const task = await world.task()
  const end = performance.now() + 2_000
  const register = async (instance: string) => {
    while (performance.now() < end) {
      const { session: id } = await traffic.register(principal(task), {
        protocol: 1,
        app: task.appCode,
        instance,
        mode: 'PULL',
        handlers: [task.handler],
        capacity: 1,
      })
      await world.sql(`update executor_session set lease_until = now() - interval '1 second' where id = $1`, id)
    }
  }
  const expire = async () => {
    while (performance.now() < end) await reapLost(world.engine, true)
  }
  await Promise.all([register('a'), register('a'), register('b'), expire(), expire()])
  expect(await world.sql(`select deadlocks::int from pg_stat_database where datname = current_database()`)).toEqual([
    { deadlocks: 0 },
  ])
})

test('a claim that waits on a node that leaves is answered at once, with nothing', async () => {
  const task = await world.task()
  const leave = new AbortController()
  const leaving = createExecutorTraffic(world.engine, () => !leave.signal.aborted, leave.signal)
  const claim = leaving.claim(principal(task), { session: await session(task), seq: 1, max: 10, waitMs: 60_000 }, NEVER)
  leave.abort()
  await world.start(task)
  expect(await claim).toMatchObject({ assignments: [] })
})

test('an executor that asks again at once waits without a look, and is given what comes', async () => {
  const task = await world.task()
  const id = await session(task)
  let looks = 0
  const { db } = world.engine
  const engine: typeof db.engine = (work) => (looks++, db.engine(work))
  const counted = createExecutorTraffic({ ...world.engine, db: { ...db, engine } })
  const ask = (seq: number, waitMs = 30_000) => counted.claim(principal(task), { session: id, seq, max: 10, waitMs }, NEVER)
  expect((await ask(1, 0)).assignments).toEqual([])
  await world.start(task)
  expect((await ask(2)).assignments).toHaveLength(1)

  const before = looks
  const second = ask(3)
  await new Promise(setImmediate)
  const run = await world.start(task)
  expect(await second).toMatchObject({ assignments: [{ instance: run }] })
  expect(looks - before).toBe(0)

  const third = await world.start(task)
  expect(await ask(4)).toMatchObject({ assignments: [{ instance: third }] })
  expect(await ask(5, 50)).toMatchObject({ assignments: [] })
})

test('what comes while an executor has not asked again goes to another that waits, after a moment', async () => {
  const task = await world.task()
  const other = await traffic.register(principal(task), {
    protocol: 1,
    app: task.appCode,
    instance: 'two',
    mode: 'PULL',
    handlers: [task.handler],
    capacity: 10,
  })
  const gone = await session(task)
  await traffic.claim(principal(task), { session: gone, seq: 1, max: 10, waitMs: 0 }, NEVER)
  await world.start(task)
  const last = await traffic.claim(principal(task), { session: gone, seq: 2, max: 10, waitMs: 30_000 }, NEVER)
  expect(last.assignments).toHaveLength(1)
  const waits = traffic.claim(principal(task), { session: other.session, seq: 1, max: 10, waitMs: 30_000 }, NEVER)
  const run = await world.start(task)
  expect(await waits).toMatchObject({ assignments: [{ instance: run }] })
})

test('a claim that is repeated after its answer was lost brings the same again', async () => {
  const task = await world.task()
  const body = { session: await session(task), seq: 1, max: 10, waitMs: 30_000 }
  const lost = traffic.claim(principal(task), body, NEVER)
  const run = await world.start(task)
  expect((await lost).assignments).toMatchObject([{ instance: run }])
  expect(await traffic.claim(principal(task), body, NEVER)).toMatchObject({ assignments: [{ instance: run }] })
})

test('a claim that waits without a look takes nothing once nobody is there to answer', async () => {
  const task = await world.task()
  const id = await session(task)
  await traffic.claim(principal(task), { session: id, seq: 1, max: 10, waitMs: 0 }, NEVER)
  await world.start(task)
  await traffic.claim(principal(task), { session: id, seq: 2, max: 10, waitMs: 30_000 }, NEVER)
  const hangUp = new AbortController()
  const second = traffic.claim(principal(task), { session: id, seq: 3, max: 10, waitMs: 30_000 }, hangUp.signal)
  await new Promise(setImmediate)
  hangUp.abort()
  expect(await second).toMatchObject({ assignments: [] })
  const run = await world.start(task)
  const third = await traffic.claim(principal(task), { session: id, seq: 4, max: 10, waitMs: 30_000 }, NEVER)
  expect(third).toMatchObject({ assignments: [{ instance: run }] })
})
