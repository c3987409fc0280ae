import type { RunDetail } from '@carillon/contract'
import { createExecutor, defineHandler, type Executor, type HandlerContext } from '@carillon/executor'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startTestApi, type TestApi } from '../api.test-helper.ts'

// SHD-1 over HTTP, with executors of the SDK on a socket.

let api: TestApi
let server: string
let token: string
beforeAll(async () => {
  api = await startTestApi()
  server = await api.app.listen({ port: 0, host: '127.0.0.1' })
  token = await api.token(api.tenantA.id, 'executor')
  const { apps, taskTypes } = api.tenantA.client
  await apps.create({ body: { code: 'works' } })
  const type = { code: 'part', kind: 'handler', settings: { handler: 'part' }, app: 'works' } as const
  await taskTypes.create({ body: { ...type, defaults: { retry: { maxRetries: 0 } } } })
})
afterAll(() => api.close())

const executors: Executor[] = []
afterEach(async () => {
  for (const executor of executors.splice(0)) await executor.stop()
})

/** An executor of the app; `run` is told what each of its shards is. */
async function executor(instance: string, run: (context: HandlerContext) => unknown): Promise<void> {
  const log = { info: () => {}, warn: () => {}, error: () => {} }
  const created = createExecutor({ server, token, app: 'works', instance, log, handlers: [defineHandler({ name: 'part', run })] })
  executors.push(created)
  await created.start()
}

let made = 0
async function start(shards: object, params: Record<string, unknown> = {}): Promise<number> {
  const { tasks, runs } = api.tenantA.client
  const { code } = await tasks.create({ body: { code: `task-${++made}`, type: 'part', policies: { shards: shards as never } } })
  return (await runs.trigger({ params: { task: code }, body: { params } })).runId
}

async function until(run: number, holds: (run: RunDetail) => boolean): Promise<RunDetail> {
  for (let tries = 0; tries < 1_000; tries++) {
    await learnQueues()
    const view = await api.tenantA.client.runs.get({ params: { run } })
    if (holds(view)) return view
  }
  throw new Error('It did not come to that.')
}
/** What a loop of the server does: executors that wait hear of queues which were made after they began to. */
const learnQueues = () => api.engine.db.engine((tx) => api.engine.queues.refresh(tx))

const untilEnded = (run: number) => until(run, ({ endedAt }) => endedAt !== null)

const told = ({ shard, params }: HandlerContext) => ({ shard, params })
const shardOf = ({ shardIndex, shardTotal, output }: RunDetail['instances'][number]) => ({ shardIndex, shardTotal, output })

test('a task of three shards runs as three instances on whoever asks, each told its index and the total', async () => {
  for (const name of ['one', 'two']) await executor(name, told)
  const { state, instances } = await untilEnded(await start({ mode: 'COUNT', total: 3 }, { day: 'monday' }))
  expect(state).toBe('SUCCESS')
  expect(instances.map(shardOf)).toEqual(
    [0, 1, 2].map((index) => ({
      ...{ shardIndex: index, shardTotal: 3 },
      output: { shard: { index, total: 3 }, params: { day: 'monday' } },
    })),
  )
})

test('each set of parameters is a shard of its own, and its instance shows them', async () => {
  await executor('one', told)
  const shards = { mode: 'PARAMS', params: [{ region: 'eu' }, { region: 'us', day: 'sunday' }] }
  const { instances } = await untilEnded(await start(shards, { day: 'monday' }))
  const expected = [
    { region: 'eu', day: 'monday' },
    { region: 'us', day: 'sunday' },
  ]
  expect(instances.map(({ output }) => (output as ReturnType<typeof told>).params)).toEqual(expected)
  const views = await Promise.all(instances.map(({ id }) => api.tenantA.client.instances.get({ params: { instance: id } })))
  expect(views.map(({ params }) => params)).toEqual(expected)
})

test('a broadcast runs once on every executor', async () => {
  for (const name of ['one', 'two', 'three']) await executor(name, told)
  const { state, instances } = await untilEnded(await start({ mode: 'BROADCAST' }))
  expect(state).toBe('SUCCESS')
  expect(new Set(instances.map((each) => each.executor?.instance))).toEqual(new Set(['one', 'two', 'three']))
  expect(instances).toHaveLength(3)
})

test('a failed shard is run again alone, on another executor', async () => {
  const [otherIsThere, released] = [event(), event()]
  await executor('one', async ({ shard }) => {
    await (shard.index === 1 ? otherIsThere.happened : released.happened)
    if (shard.index === 1) throw new Error('Not here.')
  })
  const run = await start({ mode: 'COUNT', total: 3 })
  await until(run, ({ instances }) => instances.filter(({ state }) => state === 'RUNNING').length === 3)
  await executor('two', told)
  otherIsThere.happen()
  const { instances } = await until(run, (view) => view.instances.some(({ state }) => state === 'FAILED'))
  const failed = instances.find(({ state }) => state === 'FAILED')!
  const { newInstanceId } = await api.tenantA.client.instances.retry({ params: { instance: failed.id }, body: {} })
  const again = await until(run, (view) => view.instances.some(({ id, state }) => id === newInstanceId && state === 'SUCCESS'))
  released.happen()
  expect(again.instances.filter(({ shardIndex }) => shardIndex === 1).map((each) => each.executor?.instance)).toEqual([
    'one',
    'two',
  ])
  const ended = await untilEnded(run)
  expect([ended.state, ended.instances.length]).toEqual(['SUCCESS', 4])
})

function event(): { happened: Promise<void>; happen: () => void } {
  let happen = () => {}
  const happened = new Promise<void>((resolve) => (happen = resolve))
  return { happened, happen }
}
