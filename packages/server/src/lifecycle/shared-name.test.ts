import { createExecutor, defineHandler, type Executor } from '@carillon/executor'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createWorld, type TestTask, type World } from './engine.test-helper.ts'
import { createExecutorTraffic, type ExecutorTraffic } from './executor-traffic.ts'

// Two live processes that register under one name, by mistake: a copied configuration, a host name that is not one.

let world: World
let nodes: readonly ExecutorTraffic[]
let close: () => Promise<void>
beforeAll(async () => {
  world = await createWorld()
  const other = world.secondNode()
  close = other.close
  nodes = [createExecutorTraffic(world.engine), createExecutorTraffic(other.engine)]
})
afterAll(async () => {
  await close()
  await world.close()
})

/** A process named `one`, that speaks to this node. */
async function processOf(task: TestTask, node: number): Promise<{ executor: Executor; warnings: string[] }> {
  const traffic = nodes[node]!
  const principal = { tenantId: task.tenantId, appId: null }
  const warnings: string[] = []
  const executor = createExecutor({
    connection: {
      register: (body) => traffic.register(principal, body),
      heartbeat: (body) => traffic.heartbeat(principal, body),
      claim: (body, signal) => traffic.claim(principal, body, signal),
      report: (body) => traffic.report(principal, body),
      logs: (body) => traffic.logs(principal, body),
      deregister: ({ session }) => traffic.deregister(principal, session),
    },
    app: task.appCode,
    instance: 'one',
    handlers: [defineHandler({ name: task.handler, run: () => 'done' })],
    log: { info() {}, error() {}, warn: (text) => void warnings.push(text) },
    tuning: { backOff: { firstMs: 5, mostMs: 20 }, pull: { waitMs: 20 } },
  })
  await executor.start()
  onTestFinished(() => executor.stop())
  return { executor, warnings }
}

const until = async (condition: () => boolean) => {
  for (const end = performance.now() + 15_000; performance.now() < end;) {
    if (condition()) return
    await new Promise((resolve) => setImmediate(resolve))
  }
  throw new Error('It did not come to that.')
}

test('the newer one keeps the name, the older one is told what is wrong and let in again when the other has gone', async () => {
  const task = await world.task()
  const older = await processOf(task, 0)
  const newer = await processOf(task, 1)
  const { session } = newer.executor.stats
  const refusals = () => older.warnings.filter((text) => text.includes('Another process has registered as "one"'))
  await until(() => refusals().length >= 3)
  expect(refusals()[0]).toContain('give each an instance name of its own')
  expect(newer.executor.stats).toMatchObject({ session, state: 'ONLINE' })
  expect(newer.warnings).toEqual([])
  expect(
    await world.sql(`select end_reason as "endReason" from executor_session where app_id = $1 order by id`, task.appId),
  ).toEqual([{ endReason: 'REPLACED' }, { endReason: null }])
  await newer.executor.stop()
  await until(() => older.executor.stats.session !== null)
  expect(older.executor.stats.session).toBeGreaterThan(session!)
})

test('one that is gone without a word is not waited for longer than its lease', async () => {
  const task = await world.task()
  const older = await processOf(task, 0)
  await nodes[1]!.register(
    { tenantId: task.tenantId, appId: null },
    { protocol: 1, app: task.appCode, instance: 'one', mode: 'PULL', handlers: [task.handler], capacity: 1 },
  )
  await until(() => older.warnings.some((text) => text.includes('CODE_TAKEN')))
  await world.sql(`update executor_session set lease_until = now() where app_id = $1 and ended_at is null`, task.appId)
  await until(() => older.executor.stats.session !== null)
})

test('the session of another tenant means nothing', async () => {
  const [task, other] = [await world.task(), await world.task()]
  const body = { protocol: 1, instance: 'one', mode: 'PULL' as const, handlers: ['x'], capacity: 1 }
  const enter = (of: TestTask, previous?: number) =>
    nodes[0]!.register(
      { tenantId: of.tenantId, appId: null },
      { ...body, app: of.appCode, ...(previous !== undefined && { previous }) },
    )
  const { session } = await enter(task)
  await enter(task)
  await expect(enter(task, session)).rejects.toMatchObject({ code: 'CODE_TAKEN' })
  await enter(other)
  await enter(other, session)
})
