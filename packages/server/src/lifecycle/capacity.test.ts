import type { CapacityRule } from '@carillon/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { claimInstances } from './claim.ts'
import { createPushDispatch, dispatchPush } from './dispatch.ts'
import type { Engine } from './engine.ts'
import { createWorld, startOf, type TestTask, type World } from './engine.test-helper.ts'
import { createExecutorTraffic, type ExecutorTraffic } from './executor-traffic.ts'

let world: World
let traffic: ExecutorTraffic
let other: ReturnType<World['secondNode']>
beforeAll(async () => {
  world = await createWorld()
  other = world.secondNode()
  traffic = createExecutorTraffic(world.engine)
})
afterAll(async () => {
  await other.close()
  await world.close()
})

const principal = (tenantId: number) => ({ tenantId, appId: null })

/** An app with rules; its tasks stand in one lane each, as if compiled under them. */
async function divided(...rules: CapacityRule[]) {
  const plain = await world.task()
  await divide(plain, ...rules)
  const inLane = async (...lane: string[]): Promise<TestTask> => {
    const [queue] = await world.sql<{ id: number }>(
      `insert into queue (app_tenant_id, app_id, handler, lane) values ($1, $2, $3, $4::jsonb) returning id`,
      ...[plain.tenantId, plain.appId, plain.handler, JSON.stringify(lane)],
    )
    const task = await world.task({ tenantId: plain.tenantId, node: { queueId: queue!.id, handler: plain.handler } })
    return { ...task, appId: plain.appId, appCode: plain.appCode }
  }
  return { plain, inLane }
}

const divide = (task: TestTask, ...rules: CapacityRule[]) =>
  world.sql(`update app set capacity = $2::jsonb where id = $1`, task.appId, JSON.stringify(rules))

async function pull(task: TestTask, capacity = 100, instance = `pull-${++named}`, engine: Engine = world.engine) {
  const body = { protocol: 1, app: task.appCode, instance, mode: 'PULL' as const, handlers: [task.handler], capacity }
  const { session } = await traffic.register(principal(task.tenantId), body)
  await engine.db.engine((tx) => engine.queues.refresh(tx))
  const turn = { tenant: 0 }
  let seq = 0
  const claim = async (max = capacity) =>
    (await claimInstances(engine, turn, { tenantId: task.tenantId, sessionId: session, seq: ++seq, max })).assignments
  return { session, claim }
}
let named = 0

const start = (task: TestTask, count: number) => world.startAll(Array.from({ length: count }, () => startOf(task)))
const heldOf = async (...tasks: TestTask[]) =>
  (
    await world.sql<{ held: number }>(
      `select count(*)::int as held from instance_live i join run_live r on r.tenant_id = i.tenant_id and r.id = i.run_id
       where r.target_id = any($1) and i.state in ('RESERVED', 'RUNNING')`,
      tasks.map(({ id }) => id),
    )
  )[0]!.held

describe('a limit over an app', () => {
  test('is never exceeded by executors that claim on two nodes at once', async () => {
    const { plain, inLane } = await divided({ label: 'team=reports', limit: 7 })
    const task = await inLane('label:team=reports')
    await start(task, 100)
    const executors = await Promise.all(
      Array.from({ length: 8 }, (_, n) => pull(plain, 5, undefined, n % 2 === 0 ? world.engine : other.engine)),
    )
    const claims = await Promise.all(executors.map(({ claim }) => claim()))
    expect(claims.flat()).toHaveLength(7)
    expect(await heldOf(task)).toBe(7)
  })

  test('is never exceeded by dispatch on one node and claims on another', async () => {
    const { plain, inLane } = await divided({ task: 'nightly', limit: 5 })
    const task = await inLane('task:nightly')
    for (const instance of ['push-a', 'push-b']) {
      const body = { protocol: 1, app: plain.appCode, instance, mode: 'PUSH' as const, handlers: [plain.handler], capacity: 4 }
      await traffic.register(principal(plain.tenantId), { ...body, address: `http://${instance}.example` })
    }
    const executors = await Promise.all(Array.from({ length: 4 }, () => pull(plain, 4, undefined, other.engine)))
    await start(task, 50)
    const dispatch = createPushDispatch({ invoke: () => undefined, cancel: () => undefined })
    await Promise.all([dispatchPush(world.engine, dispatch), ...executors.map(({ claim }) => claim())])
    expect(await heldOf(task)).toBe(5)
  })

  test('does not let what is over it stand before other work', async () => {
    const { plain, inLane } = await divided({ label: 'team=reports', limit: 2 })
    const task = await inLane('label:team=reports')
    await start(task, 300)
    await start(plain, 3)
    await (await pull(plain, 10)).claim()
    expect([await heldOf(task), await heldOf(plain)]).toEqual([2, 3])
  })

  test('counts with the next claim when its number is changed', async () => {
    const { plain, inLane } = await divided({ task: 'nightly', limit: 1 })
    const task = await inLane('task:nightly')
    await start(task, 10)
    const executor = await pull(plain, 10)
    expect(await executor.claim()).toHaveLength(1)
    await divide(plain, { task: 'nightly', limit: 4 })
    expect(await executor.claim()).toHaveLength(3)
    await divide(plain)
    expect(await executor.claim()).toHaveLength(6)
  })

  test('holds for each of two that share a rule', async () => {
    const { plain, inLane } = await divided({ label: 'team=reports', limit: 3 }, { task: 'nightly', limit: 2 })
    const [nightly, hourly] = [await inLane('label:team=reports', 'task:nightly'), await inLane('label:team=reports')]
    await start(nightly, 10)
    await start(hourly, 10)
    await (await pull(plain)).claim()
    expect([await heldOf(nightly), await heldOf(nightly, hourly)]).toEqual([2, 3])
  })
})

describe('a limit on executors', () => {
  test('holds for each by itself, whether they ask or are called', async () => {
    const { plain, inLane } = await divided({ label: 'heavy=yes', executor: '*', limit: 1 })
    const heavy = await inLane('label:heavy=yes')
    const executor = await pull(plain)
    const calls: number[] = []
    for (const instance of ['one', 'two', 'three']) {
      const body = { protocol: 1, app: plain.appCode, instance, mode: 'PUSH' as const, handlers: [plain.handler], capacity: 9 }
      await traffic.register(principal(plain.tenantId), { ...body, address: `http://${instance}.example` })
    }
    await start(heavy, 20)
    const dispatch = createPushDispatch({
      invoke: ({ session }, assignments) => calls.push(...assignments.map(() => session)),
      cancel: () => undefined,
    })
    await dispatchPush(world.engine, dispatch)
    await dispatchPush(world.engine, dispatch)
    expect([calls.length, new Set(calls).size]).toEqual([3, 3])
    expect(await executor.claim()).toHaveLength(1)
  })

  test('of one leaves the others alone', async () => {
    const { plain, inLane } = await divided({ label: 'heavy=yes', executor: 'small', limit: 1 })
    const heavy = await inLane('label:heavy=yes')
    await start(heavy, 20)
    const [small, large] = [await pull(plain, 10, 'small'), await pull(plain, 10, 'large')]
    expect([(await small.claim()).length, (await large.claim()).length]).toEqual([1, 10])
  })
})

describe('a reservation', () => {
  test('keeps its places for work that comes later, though much else waits', async () => {
    const { plain, inLane } = await divided({ label: 'urgent=yes', reserve: 3 })
    const urgent = await inLane('label:urgent=yes')
    const [first, second] = [await pull(plain, 5), await pull(plain, 5)]
    await start(plain, 100)
    expect([(await first.claim(5)).length, (await second.claim(5)).length]).toEqual([5, 2])
    await start(urgent, 10)
    expect(await second.claim(3)).toHaveLength(3)
    expect(await heldOf(urgent)).toBe(3)
  })

  test('is not given away by two nodes at once', async () => {
    const { plain } = await divided({ task: 'urgent', reserve: 4 })
    await start(plain, 100)
    const executors = await Promise.all(
      Array.from({ length: 6 }, (_, n) => pull(plain, 2, undefined, n % 2 === 0 ? world.engine : other.engine)),
    )
    await Promise.all(executors.map(({ claim }) => claim()))
    expect(await heldOf(plain)).toBe(8)
  })
})

describe('tenants of a shared app', () => {
  /** Tasks of three tenants in one app of the platform's. */
  async function sharing(rulesOf: (codes: string[]) => CapacityRule[]) {
    const handler = `shared-${++named}`
    const [app] = await world.sql<{ id: number }>(
      `insert into app (tenant_id, code, name, shared) values (1, $1, $1, true) returning id`,
      handler,
    )
    const [queue] = await world.sql<{ id: number }>(
      `insert into queue (app_tenant_id, app_id, handler) values (1, $1, $2) returning id`,
      ...[app!.id, handler],
    )
    const codes = ['one', 'two', 'three'].map((name) => `${name}-${named}`)
    const tasks = []
    for (const code of codes) tasks.push(await world.task({ tenantId: await world.tenant(code), node: { queueId: queue!.id } }))
    const shared = { ...tasks[0]!, tenantId: 1, appId: app!.id, appCode: handler, handler }
    await divide(shared, ...rulesOf(codes))
    for (const task of tasks) await start(task, 20)
    return { shared, tasks: tasks as [TestTask, TestTask, TestTask] }
  }

  test('get what the limit leaves, and one that may have no more does not hold up the next', async () => {
    const { shared, tasks } = await sharing(([one]) => [{ tenant: one!, limit: 2 }])
    const executor = await pull(shared, 30)
    for (let n = 0; n < 12; n++) await executor.claim(1)
    expect(await heldOf(tasks[0])).toBe(2)
    expect(await heldOf(...tasks)).toBe(12)
  })

  test('leave alone what is reserved to one of them', async () => {
    const { shared, tasks } = await sharing(([, , three]) => [{ tenant: three!, reserve: 6 }])
    await world.sql(`delete from instance_live where tenant_id = $1`, tasks[2].tenantId)
    const executor = await pull(shared, 10)
    expect(await executor.claim()).toHaveLength(4)
    expect(await executor.claim()).toEqual([])
    await start(tasks[2], 6)
    expect(await executor.claim()).toHaveLength(6)
    expect(await heldOf(tasks[2])).toBe(6)
  })
})
