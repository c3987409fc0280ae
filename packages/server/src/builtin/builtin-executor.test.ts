import { DEFAULT_RETRY, type PlanNode } from '@carillon/core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { createExecutorTraffic } from '../lifecycle/executor-traffic.ts'
import { createWorld, type TestTask, type World } from '../lifecycle/engine.test-helper.ts'
import { queueTopic } from '../runtime/wake-hub.ts'
import { BUILTIN_APP, createBuiltinExecutor, type BuiltinExecutorOptions } from './builtin-executor.ts'
import { serve } from './http-server.test-helper.ts'

let world: World
const queues = new Map<string, number>()
beforeAll(async () => {
  world = await createWorld({ resultBytes: 1000 })
  for (const handler of ['http', 'log', 'delay']) {
    const [queue] = await world.sql<{ id: number }>(
      `insert into queue (app_tenant_id, app_id, handler) values ($1, $2, $3) returning id`,
      BUILTIN_APP.tenantId,
      BUILTIN_APP.appId,
      handler,
    )
    queues.set(handler, queue!.id)
  }
})
afterAll(() => world.close())

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

/** A built-in executor on the world's engine; ended instances are told by the promise of {@link ended}. */
async function start(nodeName: string, egressOf: BuiltinExecutorOptions['egressOf'] = () => ({ allowPrivate: true })) {
  const { engine } = world
  const traffic = createExecutorTraffic(engine)
  const executor = createBuiltinExecutor({
    traffic: {
      ...traffic,
      report: async (principal, body) => {
        const answers = await traffic.report(principal, body)
        for (const { kind, instance } of body.items) if (kind !== 'STARTED' && kind !== 'PROGRESS') settle(instance)
        return answers
      },
    },
    resultBytes: engine.settings.resultBytes,
    capacity: 8,
    egressOf,
    nodeName,
    log: { info: () => {}, warn: () => {}, error: () => {} },
  })
  stops.push(() => executor.stop())
  await executor.start()
  return executor
}

const waiting = new Map<number, () => void>()
const settle = (instance: number) => waiting.get(instance)?.()

/** Starts a run of the kind for a tenant and resolves with it when its instance has ended. */
async function run(
  kind: 'http' | 'log' | 'delay',
  settings: Record<string, unknown>,
  more: { params?: object; task?: TestTask } = {},
) {
  const task = more.task ?? (await taskOf(kind, settings))
  const runId = await world.start(task, { params: { ...more.params } })
  const ended = new Promise<void>((resolve) => waiting.set(runId, resolve))
  world.engine.hub.wake(queueTopic(queues.get(kind)!))
  await ended
  return { runId, task, ...(await world.run(runId)) }
}

function taskOf(kind: 'http' | 'log' | 'delay', settings: Record<string, unknown>): Promise<TestTask> {
  const node: Partial<PlanNode> = {
    kind,
    handler: kind,
    queueId: queues.get(kind)!,
    settings,
    retry: { ...DEFAULT_RETRY, maxRetries: 0 },
  }
  return world.task({ node })
}

const outputOf = async (runId: number) =>
  (await world.sql<{ output: any }>(`select output from instance_history where id = $1`, runId))[0]?.output

it('runs log, delay and http of any tenant, and keeps their output and log lines with that tenant', async () => {
  const server = await serve((_request, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"rows":3}'),
  )
  await start('node-1')
  const [logged, waited, called] = await Promise.all([
    run('log', { message: 'Hello' }, { params: { customer: 7 } }),
    run('delay', { ms: 5 }),
    run('http', { method: 'POST', url: server.url }, { params: { customer: 8 } }),
  ])
  expect(new Set([logged.task.tenantId, waited.task.tenantId, called.task.tenantId]).size).toBe(3)
  expect([logged.run, waited.run, called.run]).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS'])
  expect(await outputOf(logged.runId)).toEqual({ customer: 7 })
  expect(await outputOf(called.runId)).toMatchObject({ status: 200, body: { rows: 3 } })
  expect(server.received).toMatchObject([
    {
      body: '{"customer":8}',
      headers: { 'idempotency-key': `${called.task.tenantId}-${called.runId}`, 'carillon-run': String(called.runId) },
    },
  ])
  const lines = await world.sql(`select tenant_id as tenant, level, text from log_line where instance_id = $1`, logged.runId)
  expect(lines).toEqual([{ tenant: logged.task.tenantId, level: 'INFO', text: 'Hello' }])
})

it('fails an instance whose target may not be called by its tenant, with the reason', async () => {
  const server = await serve((_request, response) => response.end())
  const closed = await taskOf('http', { method: 'GET', url: server.url })
  await start('node-1', (tenant) => ({ allowPrivate: tenant !== closed.tenantId }))
  expect(await run('http', {}, { task: closed })).toMatchObject({ run: 'FAILED', reason: 'EGRESS_REFUSED' })
  expect(await run('http', { method: 'GET', url: server.url })).toMatchObject({ run: 'SUCCESS' })
  expect(server.received).toHaveLength(1)
})

it('fails an answer that is larger than the results that the server keeps, and says so', async () => {
  const server = await serve((_request, response) => response.end('a'.repeat(2000)))
  await start('node-1')
  expect(await run('http', { method: 'GET', url: server.url })).toMatchObject({ run: 'FAILED', reason: 'HTTP_TOO_LARGE' })
})

it('keeps an answer that PostgreSQL could not', async () => {
  const server = await serve((request, response) =>
    response
      .writeHead(request.url === '/fail' ? 500 : 200, { 'content-type': 'application/json' })
      .end('{"a":"\\u0000\\ud83d"}\0'),
  )
  await start('node-1')
  const kept = await run('http', { method: 'GET', url: server.url })
  expect(kept).toMatchObject({ run: 'SUCCESS' })
  expect((await outputOf(kept.runId)).body).toBe('{"a":"\\u0000\\ud83d"}\uFFFD')
  expect(await run('http', { method: 'GET', url: `${server.url}/fail` })).toMatchObject({ run: 'FAILED', reason: 'HTTP_STATUS' })
})

it('is one executor a node, under the name of the node, and leaves when it is stopped', async () => {
  const [first] = [await start('node-1'), await start('node-2')]
  const open = () =>
    world.sql(
      `select e.instance, e.handlers from executor e join executor_session s on s.tenant_id = e.tenant_id and s.executor_id = e.id
       where e.tenant_id = 1 and e.app_id = 2 and s.ended_at is null order by 1`,
    )
  const handlers = ['http', 'log', 'delay']
  expect(await open()).toEqual([
    { instance: 'node-1', handlers },
    { instance: 'node-2', handlers },
  ])
  await first!.stop()
  expect(await open()).toEqual([{ instance: 'node-2', handlers }])
})
