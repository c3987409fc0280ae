import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHealthChecks, DEFAULT_HEALTH_SETTINGS, type HealthSettings, type Probe } from './check-health.ts'
import { createPushDispatch, dispatchPush } from './dispatch.ts'
import { createWorld, type TestTask, type World } from './engine.test-helper.ts'
import { createExecutorTraffic, type ExecutorTraffic } from './executor-traffic.ts'
import { housekeep } from './housekeep.ts'
import { reapLost } from './overdue.ts'
import { markExecutorDeleted } from '../storage/executor-admin.ts'
import { registerByHand } from '../storage/executor-session.ts'

let world: World
let traffic: ExecutorTraffic
beforeAll(async () => {
  world = await createWorld()
  traffic = createExecutorTraffic(world.engine)
})
afterAll(() => world.close())

const NEVER = new AbortController().signal
const principal = (task: TestTask) => ({ tenantId: task.tenantId, appId: null })
let named = 0
const healthUrl = () => `http://executor-${++named}.example/health`

function register(task: TestTask, url: string, instance = url) {
  const body = { protocol: 1, app: task.appCode, mode: 'PULL' as const, handlers: [task.handler], capacity: 10 }
  return traffic.register(principal(task), { ...body, instance, healthUrl: url })
}

const works: Probe = async () => ({ ok: true })
const fails: Probe = async () => ({ ok: false, reason: 'It answered 503' })
const node = (probe: Probe, id = 'node', settings: Partial<HealthSettings> = {}) =>
  createHealthChecks(world.engine, id, probe, { ...DEFAULT_HEALTH_SETTINGS, ...settings })

/** One check by this probe of all that is due, or would be by now. */
async function check(probe: Probe, id = 'node') {
  await world.sql(`update executor_check set due_at = now(), own_due_at = now() where due_at < now() + interval '50 minutes'`)
  const checks = node(probe, id)
  while ((await checks.step(1)) === 0);
  await checks.settled()
}

const healthOf = async (executorId: number) =>
  (
    await world.sql<{ health: string; inService: boolean }>(
      `select health, in_service as "inService" from executor where id = $1`,
      executorId,
    )
  )[0]!

test('an executor with a health URL gets its first work with its first successful check, in the midst of its claim', async () => {
  const task = await world.task()
  const { session, executorId } = await register(task, healthUrl())
  const run = await world.start(task)
  const claim = (seq: number, waitMs: number) => traffic.claim(principal(task), { session, seq, max: 10, waitMs }, NEVER)
  expect((await claim(1, 0)).assignments).toEqual([])
  const waiting = claim(2, 30_000)
  await check(works)
  expect((await waiting).assignments).toMatchObject([{ instance: run }])
  expect(await healthOf(executorId)).toEqual({ health: 'HEALTHY', inService: true })
})

test('three failures in a row take it out of routing, two successes bring it back, and its history tells', async () => {
  const task = await world.task()
  const { session, executorId } = await register(task, healthUrl())
  await check(works)
  for (const probe of [fails, fails, works, fails, fails]) await check(probe)
  expect(await healthOf(executorId)).toEqual({ health: 'HEALTHY', inService: true })
  await check(fails)
  expect(await healthOf(executorId)).toEqual({ health: 'UNHEALTHY', inService: false })
  await world.start(task)
  expect(await traffic.claim(principal(task), { session, seq: 1, max: 10, waitMs: 0 }, NEVER)).toMatchObject({ assignments: [] })
  await check(works)
  expect(await healthOf(executorId)).toMatchObject({ inService: false })
  await check(works)
  expect(await healthOf(executorId)).toEqual({ health: 'HEALTHY', inService: true })
  const history = await world.sql(`select kind, value, reason from executor_event where executor_id = $1 order by id`, executorId)
  expect(history).toEqual([
    { kind: 'STATUS', value: 'ONLINE', reason: null },
    { kind: 'HEALTH', value: 'HEALTHY', reason: null },
    { kind: 'HEALTH', value: 'UNHEALTHY', reason: 'It answered 503' },
    { kind: 'HEALTH', value: 'HEALTHY', reason: null },
  ])
  await expect(world.sql(`update executor_event set reason = 'x'`)).rejects.toThrow()
})

test('the third failure is found within three intervals, also of one that hangs until each check is given up', async () => {
  const task = await world.task()
  const { executorId } = await register(task, healthUrl())
  await check(works)
  const dueIn = async () =>
    Number(
      (
        await world.sql<{ ms: number }>(
          `select extract(epoch from own_due_at - checked_at) * 1000 as ms from executor_check where executor_id = $1`,
          executorId,
        )
      )[0]!.ms,
    )
  const [timeoutMs, everyMs] = [500, 5_000]
  const hangs: Probe = (_url, signal) =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve({ ok: false, reason: 'It did not answer in time' })))
  const intervals = [everyMs]
  for (let failures = 1; failures <= 2; failures++) {
    await world.sql(`update executor_check set due_at = now(), own_due_at = now() where executor_id = $1`, executorId)
    const checks = node(hangs, 'node', { everyMs, timeoutMs })
    await checks.step(1)
    await checks.settled()
    intervals.push(timeoutMs + (await dueIn()))
  }
  const looks = 3 * 500
  expect(intervals.reduce((sum, each) => sum + each) + timeoutMs + looks).toBeLessThanOrEqual(3 * everyMs + 10)
  await check(works)
  expect(await dueIn()).toBeGreaterThanOrEqual(27_000)
})

test('of two nodes that look at once, one checks each executor', async () => {
  const task = await world.task()
  const urls = Array.from({ length: 40 }, healthUrl)
  for (const url of urls) await register(task, url)
  const asked: string[] = []
  const probe: Probe = async (url) => (asked.push(url), { ok: true })
  const other = world.secondNode()
  const nodes = [node(probe, 'a'), createHealthChecks(other.engine, 'b', probe, DEFAULT_HEALTH_SETTINGS)]
  await Promise.all(nodes.map((each) => each.step(1)))
  await Promise.all(nodes.map((each) => each.settled()))
  expect(asked.filter((url) => urls.includes(url)).sort()).toEqual(urls.sort())
  await other.close()
})

test('a check that a dead node had taken is made by another once its time is over, and what it still says is not heard', async () => {
  const task = await world.task()
  const { executorId } = await register(task, healthUrl())
  let answer: (result: Awaited<ReturnType<Probe>>) => void = () => {}
  const stuck = node(() => new Promise((resolve) => (answer = resolve)), 'a')
  await stuck.step(1)
  const other = node(works, 'b')
  await other.step(1)
  await other.settled()
  expect(await healthOf(executorId)).toMatchObject({ health: 'UNKNOWN' })
  await world.sql(`update executor_check set due_at = now() where executor_id = $1`, executorId)
  await other.step(1)
  await other.settled()
  expect(await healthOf(executorId)).toMatchObject({ health: 'HEALTHY' })
  answer({ ok: false, reason: 'late' })
  await stuck.settled()
  expect(await world.sql(`select ok, failures from executor_check where executor_id = $1`, executorId)).toEqual([
    { ok: true, failures: 0 },
  ])
})

test('an executor that registers anew during a check is not judged by what the old one answered', async () => {
  const task = await world.task()
  const { executorId } = await register(task, healthUrl(), 'same')
  let answer: (result: Awaited<ReturnType<Probe>>) => void = () => {}
  const checks = node(() => new Promise((resolve) => (answer = resolve)))
  await checks.step(1)
  await register(task, healthUrl(), 'same')
  answer({ ok: true })
  await checks.settled()
  expect(await healthOf(executorId)).toMatchObject({ health: 'UNKNOWN' })
})

test('a node that reaches nobody takes nobody out of service while another reaches them', async () => {
  const task = await world.task()
  const { executorId } = await register(task, healthUrl())
  await check(works)
  const [cut, fine] = [node(fails, 'cut'), node(works, 'fine')]
  for (let round = 0; round < 4; round++) {
    // Time has come for whoever has not failed it; who has waits a little longer.
    await world.sql(
      `update executor_check set due_at = now(), own_due_at = now() + interval '4 s' where executor_id = $1`,
      executorId,
    )
    for (const each of [cut, cut, fine]) {
      await each.step(1)
      await each.settled()
      await world.sql(`update executor_check set due_at = now() where executor_id = $1`, executorId)
    }
  }
  expect(await healthOf(executorId)).toEqual({ health: 'HEALTHY', inService: true })
})

test('executors that hang hold half of the places, so that the others are checked', async () => {
  const task = await world.task()
  const hanging = Array.from({ length: 8 }, healthUrl)
  for (const url of hanging) await register(task, url)
  await check(fails)
  await world.sql(`update executor_check set due_at = now(), own_due_at = now() where due_at < now() + interval '50 minutes'`)
  const checks = node(
    (url, signal, executor) => (hanging.includes(url) ? new Promise(() => {}) : works(url, signal, executor)),
    'b',
    { atOnce: 4 },
  )
  await checks.step(1)
  await checks.step(1)
  const other = await world.task()
  const { executorId } = await register(other, healthUrl())
  for (let inService = false; !inService; inService = (await healthOf(executorId)).inService) await checks.step(1)
})

test('INV-16 one tenant cannot take all places for itself', async () => {
  const [greedy, other] = [await world.task(), await world.task()]
  const hanging = Array.from({ length: 8 }, healthUrl)
  for (const url of hanging) await register(greedy, url)
  const checks = node(
    (url, signal, executor) => (hanging.includes(url) ? new Promise(() => {}) : works(url, signal, executor)),
    'c',
    { atOnce: 64 },
  )
  const { executorId } = await register(other, healthUrl())
  for (let inService = false; !inService; inService = (await healthOf(executorId)).inService) await checks.step(1)
})

test('while it is unhealthy, the reason is that of the check that failed last; its history keeps the one with which it began', async () => {
  const task = await world.task()
  const { executorId } = await register(task, healthUrl())
  const reason = async () =>
    (
      await world.sql<{ why: string; at: number }>(
        `select health_reason as why, health_set_at as at from executor where id = $1`,
        executorId,
      )
    )[0]
  const failing =
    (reason: string): Probe =>
    async () => ({ ok: false, reason })
  for (let time = 0; time < 3; time++) await check(failing('Nobody listens at its address'))
  const began = (await reason())!
  expect(began.why).toBe('Nobody listens at its address')
  await check(failing('It answered 302'))
  expect(await reason()).toEqual({ why: 'It answered 302', at: began.at })
  await check(works)
  expect(await reason()).toEqual({ why: 'It answered 302', at: began.at })
  await check(failing('It says DOWN'))
  expect(await reason()).toEqual({ why: 'It says DOWN', at: began.at })
  const events = `select value, reason from executor_event where executor_id = $1 and kind = 'HEALTH'`
  expect(await world.sql(events, executorId)).toEqual([{ value: 'UNHEALTHY', reason: 'Nobody listens at its address' }])
})

test('one registered by hand comes and goes with its health checks: they are its heartbeats', async () => {
  const task = await world.task()
  const called: number[][] = []
  const push = createPushDispatch({
    invoke: (_target, assignments) => void called.push(assignments.map(({ instance }) => instance)),
    cancel: () => undefined,
  })
  const id = (await world.db.engine((tx) =>
    registerByHand(
      tx,
      {
        ...{ tenantId: task.tenantId, appId: task.appId, instance: 'typed-in', mode: 'PUSH', address: 'http://typed.example' },
        ...{
          handlers: [task.handler],
          capacity: 5,
          labels: {},
          metadata: {},
          healthUrl: healthUrl(),
          healthEveryMs: null,
          perCall: null,
        },
      },
      'user:x',
      'a-token-of-its-own',
    ),
  ))!
  const status = async () =>
    (
      await world.sql<{ status: string; statusReason: string | null }>(
        `select status, status_reason as "statusReason" from executor where id = $1`,
        id,
      )
    )[0]
  const run = await world.start(task)
  await world.db.engine((tx) => world.engine.queues.refresh(tx))
  await dispatchPush(world.engine, push)
  expect([called, await status()]).toEqual([[], { status: 'OFFLINE', statusReason: 'It has not answered a health check yet' }])
  await check(works)
  expect(await status()).toEqual({ status: 'ONLINE', statusReason: null })
  await dispatchPush(world.engine, push)
  expect(called).toEqual([[run]])
  const lease = () =>
    world.sql<{ id: number; leaseUntil: number }>(
      `select id, lease_until as "leaseUntil" from executor_session where executor_id = $1 and ended_at is null`,
      id,
    )
  const [before] = await lease()
  await check(fails)
  expect(await lease()).toEqual([before])
  await check(works)
  const [after] = await lease()
  expect(after!.id).toBe(before!.id)
  expect(after!.leaseUntil).toBeGreaterThan(before!.leaseUntil)
  await world.sql(`update executor_session set lease_until = now() - interval '1 s' where executor_id = $1`, id)
  await reapLost(world.engine, true)
  expect(await status()).toEqual({ status: 'OFFLINE', statusReason: 'Its health checks failed' })
  await check(works)
  expect(await status()).toEqual({ status: 'ONLINE', statusReason: null })
})

test('an executor that is gone is not asked any more, until it registers', async () => {
  const task = await world.task()
  const url = healthUrl()
  const { session } = await register(task, url, 'comes-back')
  await traffic.deregister(principal(task), session)
  const asked: string[] = []
  const probe: Probe = async (each) => (asked.push(each), { ok: true })
  await check(probe)
  await check(probe)
  expect(asked).not.toContain(url)
  await register(task, url, 'comes-back')
  await check(probe)
  expect(asked).toContain(url)
})

test('the checks of an executor that was removed, and history older than a month, are let go of', async () => {
  const task = await world.task()
  const { executorId } = await register(task, healthUrl())
  await world.db.engine((tx) => markExecutorDeleted(tx, task.tenantId, executorId))
  await world.sql(
    `insert into executor_event (tenant_id, executor_id, at, kind, value) values ($1, $2, now() - interval '31 days', 'STATUS', 'ONLINE')`,
    ...[task.tenantId, executorId],
  )
  const days = { historyDays: 90, logDays: 30, ledgerDays: 90, auditDays: 365, idempotencyMs: 86_400_000 }
  await housekeep(world.engine, world.firing.days, days)
  expect(await world.sql(`select from executor_check where executor_id = $1`, executorId)).toEqual([])
  expect(await world.sql(`select value from executor_event where executor_id = $1 order by id`, executorId)).toEqual([
    { value: 'ONLINE' },
    { value: 'OFFLINE' },
  ])
})
