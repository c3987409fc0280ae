import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { guardedConnect } from '../builtin/egress-guard.ts'
import { createExecutor, defineHandler, type Connection, type Executor } from '@carillon/executor'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { cancelRuns } from '../lifecycle/control-runs.ts'
import { cancelPush, createPushDispatch, dispatchPush, markUnreachable, type PushDispatch } from '../lifecycle/dispatch.ts'
import { createWorld, startOf, type TestTask, type World } from '../lifecycle/engine.test-helper.ts'
import { createCallTroubles } from '../lifecycle/call-troubles.ts'
import { createExecutorTraffic } from '../lifecycle/executor-traffic.ts'
import { createPushTransport, type PushOptions } from './push.ts'

let world: World
let dispatch: PushDispatch
let traffic: ReturnType<typeof createExecutorTraffic>
let transport: ReturnType<typeof createPushTransport>
let options: PushOptions
beforeAll(async () => {
  world = await createWorld()
  traffic = createExecutorTraffic(world.engine)
  options = {
    release: ({ tenantId, session }, assignments) =>
      void traffic
        .report(
          { tenantId, appId: null },
          { session, items: assignments.map(({ instance, token }) => ({ kind: 'RELEASE', instance, token })) },
        )
        // What is handed back as the transport closes finds no database any more.
        .catch((error: unknown) => world.engine.report('push.releaseFailed', { error })),
    unreachable: (session) => markUnreachable(dispatch, session),
    report: world.engine.report,
    tell: createCallTroubles(world.engine),
  }
  transport = createPushTransport(options)
  dispatch = createPushDispatch(transport)
})
afterAll(async () => {
  await transport.close()
  await world.close()
})
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const connectionOf = (task: TestTask): Connection => {
  const principal = { tenantId: task.tenantId, appId: null }
  return {
    register: (body) => traffic.register(principal, body),
    heartbeat: (body) => traffic.heartbeat(principal, body),
    claim: (body, signal) => traffic.claim(principal, body, signal),
    report: (body) => traffic.report(principal, body),
    logs: (body) => traffic.logs(principal, body),
    deregister: ({ session }) => traffic.deregister(principal, session),
  }
}

async function pushExecutor(
  task: TestTask,
  run: (signal: AbortSignal) => unknown,
  capacity = 10,
  bodyBytes = 16 * 2 ** 20,
): Promise<Executor> {
  const executor = createExecutor({
    connection: connectionOf(task),
    app: task.appCode,
    instance: `push-${closing.length}`,
    mode: 'push',
    listen: { port: 0, bodyBytes },
    capacity,
    handlers: [defineHandler({ name: task.handler, run: ({ signal }) => run(signal) })],
    log: { info() {}, warn() {}, error() {} },
  })
  await executor.start()
  closing.push(() => executor.stop())
  return executor
}

const until = async (condition: () => Promise<boolean>) => {
  for (const end = performance.now() + 15_000; performance.now() < end;) {
    if (await condition()) return
    await new Promise((resolve) => setImmediate(resolve))
  }
  throw new Error('It did not come to that.')
}
const ended = async (run: number, state: string) => (await world.run(run)).run === state

test('a push executor is called at its address with the secret that it registered, and its results count', async () => {
  const task = await world.task()
  await pushExecutor(task, () => ({ done: true }))
  const run = await world.start(task)
  await dispatchPush(world.engine, dispatch)
  await until(() => ended(run, 'SUCCESS'))
})

test('what is too large for one call goes in several', async () => {
  const task = await world.task()
  await pushExecutor(task, () => 'done', 20, 3 * 2 ** 20)
  const large = { text: 'x'.repeat(900_000) }
  const runs = await Promise.all(Array.from({ length: 8 }, () => world.start(task, { params: large })))
  await dispatchPush(world.engine, dispatch)
  await until(async () => (await Promise.all(runs.map((run) => ended(run, 'SUCCESS')))).every(Boolean))
})

test('a push executor never holds more than its capacity, though two nodes dispatch at once', async () => {
  const task = await world.task()
  let release = () => {}
  const gate = new Promise<void>((resolve) => (release = resolve))
  const executor = await pushExecutor(task, () => gate, 3)
  const runs = await Promise.all(Array.from({ length: 8 }, () => world.start(task)))
  const other = world.secondNode()
  await Promise.all([dispatchPush(world.engine, dispatch), dispatchPush(other.engine, createPushDispatch(transport))])
  await until(() => Promise.resolve(executor.stats.running === 3))
  const [held] = await world.sql<{ held: number }>(
    `select count(*)::int as held from instance_live where state in ('RESERVED', 'RUNNING') and queue_id = $1`,
    task.queueId,
  )
  expect(held).toEqual({ held: 3 })
  release()
  await until(async () => {
    await dispatchPush(world.engine, dispatch)
    return (await Promise.all(runs.map((run) => ended(run, 'SUCCESS')))).every(Boolean)
  })
  await other.close()
})

test('a cancel reaches the handler of a push executor at once', async () => {
  const task = await world.task()
  const executor = await pushExecutor(
    task,
    (signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')))),
  )
  const run = await world.start(task)
  await dispatchPush(world.engine, dispatch)
  await until(() => Promise.resolve(executor.stats.running === 1))
  await world.db.engine((tx) => cancelRuns(tx, world.engine, task.tenantId, [run]))
  await cancelPush(world.engine, dispatch, executor.stats.session!)
  await until(() => ended(run, 'CANCELLED'))
})

/** A push executor that is only an address: registered by hand, answered by `server`. */
async function registerAddress(task: TestTask, address: string): Promise<number> {
  const { session } = await traffic.register(
    { tenantId: task.tenantId, appId: null },
    {
      protocol: 1,
      app: task.appCode,
      instance: 'stub',
      mode: 'PUSH',
      address,
      handlers: [task.handler],
      capacity: 5,
      callToken: 'a-secret-of-its-own',
    },
  )
  return session
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve))))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('refused before a byte was sent: the instance goes to the next executor at once, as the same attempt', async () => {
  const task = await world.task({ node: { delivery: 'AT_MOST_ONCE' } })
  const server = createServer()
  const address = await listening(server)
  await closing.pop()!()
  await registerAddress(task, address)
  const run = await world.start(task)
  await dispatchPush(world.engine, dispatch)
  await until(async () => (await world.run(run)).instance === 'PENDING')
  expect(await world.run(run)).toMatchObject({ attempt: 1 })
  // Passed over for a while instead of being called in a circle.
  await dispatchPush(world.engine, dispatch)
  expect(await world.run(run)).toMatchObject({ instance: 'PENDING' })
})

test('an answer that never came is ambiguous: at-most-once is LOST when its time to start is over, never repeated', async () => {
  const task = await world.task({ node: { delivery: 'AT_MOST_ONCE' } })
  let called = 0
  const address = await listening(createServer((request) => (called++, request.socket.destroy())))
  await registerAddress(task, address)
  const run = await world.start(task)
  await dispatchPush(world.engine, dispatch)
  await until(() =>
    Promise.resolve(world.events.some(({ event, details }) => event === 'push.failed' && details.certain === false)),
  )
  expect(await world.run(run)).toMatchObject({ instance: 'RESERVED' })
  await world.sql(`update instance_live set deadline_at = now() where id = $1`, run)
  await import('../lifecycle/overdue.ts').then(({ timeOut }) => timeOut(world.engine))
  expect(await world.run(run)).toMatchObject({ run: 'FAILED', instance: 'LOST' })
  expect(called).toBe(1)
})

test('a full executor does not keep work from one that is free', async () => {
  const [full, free] = [await world.task(), await world.task()]
  const shared = { ...free, tenantId: full.tenantId, appCode: full.appCode }
  await world.sql(`update queue set app_tenant_id = $1, app_id = $2 where id = $3`, full.tenantId, full.appId, free.queueId)
  const never = new Promise(() => {})
  const busy = await pushExecutor(full, () => never, 1)
  await world.startAll(Array.from({ length: 600 }, () => startOf(full)))
  await dispatchPush(world.engine, dispatch)
  await until(() => Promise.resolve(busy.stats.running === 1))
  const idle = await pushExecutor(shared, () => 'done', 1)
  const other = await world.task({ tenantId: full.tenantId, node: { queueId: free.queueId, handler: free.handler } })
  const run = await world.start(other)
  await dispatchPush(world.engine, dispatch)
  await until(() => ended(run, 'SUCCESS'))
  expect(idle.stats.state).toBe('ONLINE')
})

const answering = (status: number, body: string, type = 'application/json') =>
  listening(
    createServer((request, response) => {
      request.resume().once('end', () => response.writeHead(status, { 'content-type': type }).end(body))
    }),
  )
const heard = (event: string, details: Record<string, unknown>, from: number) =>
  until(async () =>
    world.events
      .slice(from)
      .some((each) => each.event === event && Object.entries(details).every(([key, value]) => each.details[key] === value)),
  )

test.each([
  ['a gateway gives up on an executor that works on', 504, '<html>Gateway Time-out</html>', 'text/html'],
  ['an executor breaks off in the middle of taking', 500, '{"code":"INTERNAL"}', 'application/problem+json'],
  ['somebody answers 200 with rubbish', 200, 'OK', 'text/plain'],
])('when %s, nobody knows what was taken: nothing is handed to another executor', async (_name, status, body, type) => {
  const task = await world.task({ node: { delivery: 'AT_MOST_ONCE' } })
  await registerAddress(task, await answering(status, body, type))
  const run = await world.start(task)
  const from = world.events.length
  await dispatchPush(world.engine, dispatch)
  await heard('push.failed', { certain: false, status }, from)
  expect(await world.run(run)).toMatchObject({ instance: 'RESERVED' })
})

test('an executor that refuses the whole call in the words of the protocol hands it on at once', async () => {
  const task = await world.task({ node: { delivery: 'AT_MOST_ONCE' } })
  await registerAddress(task, await answering(503, '{"code":"UNAVAILABLE"}', 'application/problem+json'))
  const run = await world.start(task)
  await dispatchPush(world.engine, dispatch)
  await until(async () => (await world.run(run)).instance === 'PENDING')
})

const reasonOn = async (session: number) =>
  (
    await world.sql<{ reason: string | null }>(
      `select e.status_reason as reason from executor e join executor_session s on s.tenant_id = e.tenant_id and s.executor_id = e.id where s.id = $1`,
      session,
    )
  )[0]!.reason
const shows = (session: number, reason: string | null) =>
  until(async () => {
    const shown = await reasonOn(session)
    return reason === null ? shown === null : (shown ?? '').includes(reason)
  })

test('a wrong call token shows on the executor that refuses it, as long as it does', async () => {
  const task = await world.task()
  let isRight = false
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      const [status, type] = isRight ? ([200, 'application/json'] as const) : ([401, 'application/problem+json'] as const)
      response.writeHead(status, { 'content-type': type }).end(isRight ? '{"refused":[]}' : '{"code":"UNAUTHENTICATED"}')
    })
  })
  const session = await registerAddress(task, await listening(server))
  const run = await world.start(task)
  await dispatchPush(world.engine, dispatch)
  await shows(session, 'It refuses the token with which the server calls it')
  await until(async () => (await world.run(run)).instance === 'PENDING')
  isRight = true
  dispatch.unreachable.clear()
  await dispatchPush(world.engine, dispatch)
  await shows(session, null)
})

test('an address that the egress rules forbid shows on its executor; what a person said of it stays', async () => {
  const task = await world.task()
  const session = await registerAddress(task, 'http://127.0.0.1:1')
  const guarded = createPushTransport({ ...options, connectOf: () => guardedConnect({ allowPrivate: false }) })
  closing.push(() => guarded.close())
  const node = createPushDispatch(guarded)
  const run = await world.start(task)
  await dispatchPush(world.engine, node)
  await shows(session, 'It may not be called: 127.0.0.1 is a private address')
  await until(async () => (await world.run(run)).instance === 'PENDING')
  await world.sql(
    `update executor set status = 'DRAINING', status_set_by = 'ann', status_reason = 'new rack' where tenant_id = $1`,
    task.tenantId,
  )
  const tell = createCallTroubles(world.engine)
  tell({ tenantId: task.tenantId, session }, 'Nobody listens')
  // One lane: it is written before this.
  tell({ tenantId: task.tenantId, session: session + 1 }, null)
  await dispatchPush(world.engine, node)
  expect(await reasonOn(session)).toBe('new rack')
})

test('an executor that accepts calls and never answers slows no other', async () => {
  const task = await world.task()
  await registerAddress(task, await listening(createServer(() => {})))
  await pushExecutor(task, () => 'done')
  const runs = await Promise.all(Array.from({ length: 12 }, () => world.start(task)))
  await dispatchPush(world.engine, dispatch)
  const states = async () => (await Promise.all(runs.map((run) => world.run(run)))).map(({ run }) => run)
  // Five places of the one that hangs are taken; what it does not hold is done.
  await until(
    async () => (
      await dispatchPush(world.engine, dispatch),
      (await states()).filter((state) => state === 'SUCCESS').length === 7
    ),
  )
})

test('an attempt whose secrets could not be looked up goes back at once, and the executors of other apps get theirs', async () => {
  const broken = await world.task({ node: { settings: { key: '${{ secrets.any }}' }, delivery: 'AT_MOST_ONCE' } })
  const fine = await world.task()
  await pushExecutor(broken, () => 'done')
  await pushExecutor(fine, () => 'done')
  const runs = [await world.start(broken), await world.start(fine)]
  const failing = {
    ...world.engine,
    secrets: { ...world.engine.secrets, load: () => Promise.reject(new Error('The connection was lost.')) },
  }
  await dispatchPush(failing, dispatch)
  expect(await world.run(runs[0]!)).toMatchObject({ instance: 'PENDING', attempt: 1 })
  await until(() => ended(runs[1]!, 'SUCCESS'))
})

test('what finds no place spends nothing of its rate', async () => {
  const task = await world.task({ ratePerSecond: 5 })
  const other = await world.task({ tenantId: task.tenantId })
  await world.sql(`update queue set app_id = $1 where id = $2`, task.appId, other.queueId)
  let finish = () => {}
  const gate = new Promise<void>((resolve) => (finish = resolve))
  await pushExecutor(task, () => gate, 1)
  await pushExecutor({ ...other, appCode: task.appCode }, () => gate, 10)
  await world.sql(`update rate_bucket set refilled_at = now() + interval '1 hour' where tenant_id = $1`, task.tenantId)
  for (let n = 0; n < 5; n++) await world.start(task)
  await dispatchPush(world.engine, dispatch)
  expect(await world.sql(`select tokens from rate_bucket where tenant_id = $1`, task.tenantId)).toEqual([{ tokens: 4 }])
  finish()
})
