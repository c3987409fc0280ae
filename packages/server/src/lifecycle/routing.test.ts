import type { RoutePolicy } from '@carillon/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setExecutorStatus } from '../storage/executor-admin.ts'
import { createPushDispatch, dispatchPush, type PushDispatch } from './dispatch.ts'
import { createWorld, startOf, success, type TestTask, type World } from './engine.test-helper.ts'
import { createExecutorTraffic, type ExecutorTraffic } from './executor-traffic.ts'
import { createPlacing, placeInstances, takeBackPlaced } from './place-instances.ts'
import { reapLost } from './overdue.ts'

let world: World
let traffic: ExecutorTraffic
beforeAll(async () => {
  world = await createWorld()
  traffic = createExecutorTraffic(world.engine)
})
afterAll(() => world.close())

const NEVER = new AbortController().signal
const principal = (task: TestTask) => ({ tenantId: task.tenantId, appId: null })

interface Executor {
  readonly id: number
  readonly session: number
  /** What it gets when it asks now. */
  claim(): Promise<number[]>
}

async function pull(task: TestTask, instance: string, capacity = 100): Promise<Executor> {
  const body = { protocol: 1, app: task.appCode, instance, mode: 'PULL' as const, handlers: [task.handler], capacity }
  const { executorId, session } = await traffic.register(principal(task), body)
  let seq = 0
  const claim = async () => {
    const { assignments } = await traffic.claim(principal(task), { session, seq: ++seq, max: capacity, waitMs: 0 }, NEVER)
    return assignments.map(({ instance: id }) => id)
  }
  return { id: executorId, session, claim }
}

interface Push {
  readonly dispatch: PushDispatch
  /** Whom instances were handed to since the last look, in order. */
  taken(): string[]
}

function pushes(names: Map<number, string>): Push {
  const calls: { id: number; name: string }[] = []
  const dispatch = createPushDispatch({
    invoke: ({ session }, assignments) =>
      calls.push(...assignments.map(({ instance }) => ({ id: instance, name: names.get(session)! }))),
    cancel: () => undefined,
  })
  return {
    dispatch,
    taken: () =>
      calls
        .splice(0)
        .sort((a, b) => a.id - b.id)
        .map(({ name }) => name),
  }
}

async function pushExecutors(
  task: TestTask,
  capacities: Readonly<Record<string, number>>,
  handlers = [task.handler],
): Promise<Push & { sessions: Map<string, number> }> {
  const names = new Map<number, string>()
  for (const [instance, capacity] of Object.entries(capacities)) {
    const body = { protocol: 1, app: task.appCode, instance, mode: 'PUSH' as const, handlers, capacity }
    names.set((await traffic.register(principal(task), { ...body, address: `http://${instance}.example` })).session, instance)
  }
  return { ...pushes(names), sessions: new Map([...names].map(([session, name]) => [name, session])) }
}

const startMany = (task: TestTask, count: number, paramsOf: (n: number) => Record<string, unknown> = () => ({})) =>
  world.startAll(Array.from({ length: count }, (_, n) => startOf(task, { params: paramsOf(n) })))

/** As the loops of a node do it. */
async function settle() {
  while ((await placeInstances(world.engine, createPlacing(), 1)) === 0);
}

const drain = (task: TestTask, id: number) =>
  world.db.engine((tx) => setExecutorStatus(tx, task.tenantId, id, { status: 'DRAINING', setBy: 'user:x', reason: 'release' }))
const routed = (route: RoutePolicy | RoutePolicy['strategy']) => world.task({ node: { route } })

describe('what a strategy remembers', () => {
  test('ROUND_ROBIN goes on where another node has stopped', async () => {
    const task = await routed('ROUND_ROBIN')
    const { dispatch, taken, sessions } = await pushExecutors(task, { a: 9, b: 9, c: 9 })
    await startMany(task, 2)
    await dispatchPush(world.engine, dispatch)
    expect(taken()).toEqual(['a', 'b'])
    const node = world.secondNode()
    const other = pushes(new Map([...sessions].map(([name, session]) => [session, name])))
    await node.engine.db.engine((tx) => node.engine.queues.refresh(tx))
    await startMany(task, 2)
    await dispatchPush(node.engine, other.dispatch)
    expect(other.taken()).toEqual(['c', 'a'])
    await node.close()
  })

  test('LFU and LRU count what was given in earlier turns', async () => {
    for (const strategy of ['LFU', 'LRU'] as const) {
      const task = await routed(strategy)
      const { dispatch, taken } = await pushExecutors(task, { a: 9, b: 9, c: 9 })
      const order: string[] = []
      for (let n = 0; n < 6; n++) {
        await startMany(task, 1)
        await settle()
        await dispatchPush(world.engine, dispatch)
        order.push(...taken())
      }
      expect(order).toEqual(['a', 'b', 'c', 'a', 'b', 'c'])
    }
  })

  test('BUSYOVER fills the first one only when nobody is idle', async () => {
    const task = await routed('BUSYOVER')
    const { dispatch, taken } = await pushExecutors(task, { a: 3, b: 3 })
    await startMany(task, 4)
    await settle()
    await dispatchPush(world.engine, dispatch)
    expect(taken()).toEqual(['a', 'b', 'a', 'a'])
  })
})

describe('a task that names its executors', () => {
  const weighted: RoutePolicy = {
    strategy: 'WEIGHTED_ROUND_ROBIN',
    executors: [
      { instance: 'a', weight: 3, priority: 9 },
      { instance: 'b', weight: 1, priority: 9 },
      { instance: 'c', priority: 1 },
    ],
  }
  test('is given to them alone: by weight within the highest priority, to the next when these are full', async () => {
    const task = await routed(weighted)
    const { dispatch, taken } = await pushExecutors(task, { a: 3, b: 3, c: 3, stranger: 9 })
    await startMany(task, 10)
    await settle()
    await dispatchPush(world.engine, dispatch)
    expect(taken()).toEqual(['a', 'a', 'b', 'a', 'b', 'b', 'c', 'c', 'c'])
    // The tenth waits for a place of theirs.
    await settle()
    await dispatchPush(world.engine, dispatch)
    expect(taken()).toEqual([])
  })

  test('is given to them alone when they ask for work', async () => {
    const task = await routed(weighted)
    const stranger = await pull(task, 'stranger')
    const [a, b] = [await pull(task, 'a', 9), await pull(task, 'b', 9)]
    await startMany(task, 4)
    await settle()
    expect([await stranger.claim(), (await a.claim()).length, (await b.claim()).length]).toEqual([[], 3, 1])
  })
})

describe('a task whose strategy names one executor', () => {
  test.each([
    ['FIRST', 'first'],
    ['LAST', 'last'],
  ] as const)('%s: only it gets the work, what it has no place for too', async (strategy, name) => {
    const task = await routed(strategy)
    const executors = {
      first: await pull(task, 'first', 2),
      middle: await pull(task, 'middle', 2),
      last: await pull(task, 'last', 2),
    }
    await startMany(task, 3)
    await settle()
    for (const [instance, executor] of Object.entries(executors))
      expect((await executor.claim()).length).toBe(instance === name ? 2 : 0)
    await settle()
    expect(await executors.middle.claim()).toEqual([])
    for (const [instance, executor] of Object.entries(executors))
      expect((await executor.claim()).length).toBe(instance === name ? 1 : 0)
  })

  test('FAILOVER, and any with failover: what the first has no place for goes to the next', async () => {
    for (const route of ['FAILOVER', { strategy: 'FIRST', failover: true }] as const) {
      const task = await routed(route)
      const [first, second] = [await pull(task, 'first', 2), await pull(task, 'second', 2)]
      await startMany(task, 5)
      await settle()
      expect([(await first.claim()).length, (await second.claim()).length]).toEqual([2, 2])
    }
  })

  test('CONSISTENT_HASH keeps the instances of a key together, and moves only those of the executor that drains', async () => {
    const task = await routed({ strategy: 'CONSISTENT_HASH', key: 'customer.id' })
    const executors = await Promise.all(['a', 'b', 'c'].map((name) => pull(task, name)))
    const homes = async () => {
      await startMany(task, 60, (n) => ({ customer: { id: n % 20 } }))
      await settle()
      const home = new Map<number, Set<number>>()
      for (const executor of executors) {
        for (const instance of await executor.claim()) {
          const [row] = await world.sql<{ id: number }>(
            `select (params #>> '{customer,id}')::int as id from run_live where id = $1`,
            instance,
          )
          home.set(row!.id, (home.get(row!.id) ?? new Set()).add(executor.id))
        }
      }
      return home
    }
    const before = await homes()
    expect(before.size).toBe(20)
    for (const at of before.values()) expect(at.size).toBe(1)
    const [gone] = executors
    await drain(task, gone!.id)
    for (const [key, at] of await homes()) {
      if (before.get(key)!.has(gone!.id)) expect(at.has(gone!.id)).toBe(false)
      else expect(at).toEqual(before.get(key))
    }
  })
})

describe('STICKY', () => {
  test('stays with its home; when that drains, what waits for it and what follows has another, for good', async () => {
    const task = await routed('STICKY')
    const [a, b] = [await pull(task, 'a', 1), await pull(task, 'b', 1)]
    await startMany(task, 2)
    await settle()
    const [first, second] = [await a.claim(), await b.claim()]
    expect(first.length + second.length).toBe(1)
    const [home, other] = first.length === 1 ? [a, b] : [b, a]
    expect(await takeBackPlaced(world.engine, 1)).toBe(1)
    await settle()
    expect(await other.claim()).toEqual([])
    await drain(task, home.id)
    await takeBackPlaced(world.engine)
    await settle()
    const [moved] = await other.claim()
    expect(moved).toBeDefined()
    await traffic.report(principal(task), { session: other.session, items: [success({ instance: moved!, token: 1 } as never)] })
    await world.db.engine((tx) => setExecutorStatus(tx, task.tenantId, home.id, { status: 'ONLINE', setBy: null, reason: null }))
    await startMany(task, 1)
    await settle()
    expect((await other.claim()).length).toBe(1)
  })

  test('has a home for each key', async () => {
    const task = await routed({ strategy: 'STICKY', key: 'customer' })
    const [a, b] = [await pull(task, 'a'), await pull(task, 'b')]
    await startMany(task, 10, (n) => ({ customer: n }))
    await settle()
    expect([(await a.claim()).length, (await b.claim()).length]).toEqual([5, 5])
    const rows = await world.sql<{ homes: number }>(
      `select count(*)::int as homes from route_state where task_id = $1 and key <> ''`,
      task.id,
    )
    expect(rows).toEqual([{ homes: 10 }])
  })

  test('moves when its home is killed: what it held and what waited for it runs on the other', async () => {
    const task = await world.task({ node: { route: 'STICKY' } })
    const { dispatch, taken, sessions } = await pushExecutors(task, { a: 1, b: 9 })
    const [home] = await world.sql<{ id: number }>(`select id from executor where instance = 'a' and app_id = $1`, task.appId)
    await world.sql(
      `insert into route_state (tenant_id, task_id, previous) values ($1, $2, $3)`,
      task.tenantId,
      task.id,
      home!.id,
    )
    await startMany(task, 3)
    await settle()
    await dispatchPush(world.engine, dispatch)
    expect(taken()).toEqual(['a'])
    await world.sql(`update executor_session set lease_until = now() - interval '1 s' where id = $1`, sessions.get('a'))
    await reapLost(world.engine, true)
    await world.sql(
      `update instance_live set state = 'PENDING', wait_reason = null, due_at = null where plan_id = $1 and state = 'WAITING'`,
      task.planId,
    )
    await takeBackPlaced(world.engine)
    await settle()
    await dispatchPush(world.engine, dispatch)
    expect(taken()).toEqual(['b', 'b', 'b'])
  })
})

test('an executor that does not take in time what others may have loses it to them', async () => {
  const task = await routed('FAILOVER')
  const [first, second] = [await pull(task, 'first'), await pull(task, 'second')]
  await startMany(task, 1)
  await settle()
  await takeBackPlaced(world.engine)
  expect(await second.claim()).toEqual([])
  await world.sql(`update instance_live set placed_until = now() where plan_id = $1`, task.planId)
  await takeBackPlaced(world.engine)
  await settle()
  expect([await first.claim(), (await second.claim()).length]).toEqual([[], 1])
})

test('what waits for one executor does not hold up the others of its app', async () => {
  const named = await routed('FIRST')
  const other = await world.task({ tenantId: named.tenantId })
  await world.sql(`update queue set app_id = $2 where id = $1`, other.queueId, named.appId)
  const { dispatch, taken } = await pushExecutors(named, { a: 1, b: 5 }, [named.handler, other.handler])
  await startMany(named, 20)
  await startMany(other, 3)
  await settle()
  await dispatchPush(world.engine, dispatch)
  expect(taken()).toEqual(['a', 'b', 'b', 'b'])
})

test('an executor takes only what its labels are selected for', async () => {
  const task = await world.task()
  await world.sql(
    `update queue set selector = '{"zone": {"in": ["a", "b"]}, "gpu": {"notIn": ["none"]}}' where id = $1`,
    task.queueId,
  )
  const at = async (instance: string, labels: Record<string, string>) => {
    const body = {
      protocol: 1,
      app: task.appCode,
      instance,
      mode: 'PULL' as const,
      handlers: [task.handler],
      capacity: 5,
      labels,
    }
    const { session } = await traffic.register(principal(task), body)
    const { assignments } = await traffic.claim(principal(task), { session, seq: 1, max: 5, waitMs: 0 }, NEVER)
    return assignments.length
  }
  await startMany(task, 1)
  expect([
    await at('elsewhere', { zone: 'c' }),
    await at('without', { zone: 'a', gpu: 'none' }),
    await at('right', { zone: 'b' }),
  ]).toEqual([0, 0, 1])
})

test('nobody takes what is not placed yet, and it is placed as soon as there is somebody', async () => {
  const task = await routed('FIRST')
  await startMany(task, 1)
  await settle()
  const executor = await pull(task, 'late')
  expect(await executor.claim()).toEqual([])
  await settle()
  expect((await executor.claim()).length).toBe(1)
})
