import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { APP, deafAdmin, freePort, setStage, type Stage, type Started } from './stage.test-helper.ts'

// The two published npm packages, unchanged, against `carillon dev`: their code in examples/xxl-job knows nothing of Carillon.

let stage: Stage
beforeAll(async () => {
  stage = await setStage(inject('dev'), 'xxl-job-npm')
})
afterAll(() => stage.close())

const ONCE = { policies: { retry: { maxRetries: 0 } } }
const isOver = ({ state }: { readonly state: string }) => !['PENDING', 'RUNNING', 'PAUSED'].includes(state)

describe('xxl-job', () => {
  let executor: Started
  beforeAll(async () => {
    executor = await stage.start('xxl-job')
  })
  afterAll(() => executor.stop())

  test('it registers under its app, with its address, and what it can do is the kind xxl-job', async () => {
    const { items } = await stage.client.executors.list()
    expect(items).toMatchObject([
      {
        app: { code: APP },
        instance: executor.address,
        mode: 'PUSH',
        status: 'ONLINE',
        handlers: ['xxl-job'],
        metadata: { protocol: 'xxl-job' },
      },
    ])
  })

  test('a handler runs with its parameter, its result is the output, its log lines arrive', async () => {
    await stage.task('greet', { handler: 'greet' }, { params: { executorParam: 'world' } })
    const run = await stage.until(await stage.trigger('greet'), isOver)
    expect(run).toMatchObject({ state: 'SUCCESS', instances: [{ output: { greeted: 'world' }, attempt: 1 }] })
    const lines = await stage.log(run.instances[0]!.id, 'is finished')
    expect(lines.filter((line) => line.includes('Hello, world! This is part 0 of 1.'))).toHaveLength(1)
  })

  test('runs in turn: each is sent when the one before it is over there, though it says busy until its callback is answered', async () => {
    await stage.task(
      'in-turn',
      { handler: 'greet' },
      { params: { executorParam: 'all' }, policies: { concurrency: { policy: 'SEQUENTIAL' } } },
    )
    const runs = await Promise.all([1, 2, 3, 4].map(() => stage.trigger('in-turn')))
    for (const run of runs)
      expect(await stage.until(run, isOver)).toMatchObject({ state: 'SUCCESS', instances: [{ attempt: 1 }] })
  })

  test('what a handler throws is the error of the run, and a retry is sent under a log number of its own', async () => {
    await stage.task('fail', { handler: 'fail' }, { policies: { retry: { maxRetries: 1, delayMs: 10 } } })
    const run = await stage.until(await stage.trigger('fail'), isOver)
    expect(run).toMatchObject({
      state: 'FAILED',
      instances: [{ attempt: 2, error: { code: 'XXL_JOB_500', message: 'The shelf is empty.' } }],
    })
  })

  test('an unknown handler is refused by all executors, and the run fails with what they said', async () => {
    await stage.task('unknown', { handler: 'nobody' }, ONCE)
    expect(await stage.until(await stage.trigger('unknown'), isOver)).toMatchObject({
      state: 'FAILED',
      instances: [{ error: { code: 'XXL_JOB_REFUSED', message: 'No matched jobHandler: nobody' } }],
    })
  })

  test('a cancelled run is killed there; that the executor calls the killed one a success changes nothing', async () => {
    await stage.task('wait', { handler: 'wait' })
    const run = await stage.trigger('wait')
    const { instances } = await stage.until(run, ({ state }) => state === 'RUNNING')
    await stage.log(instances[0]!.id, 'Waiting until somebody stops me.')
    await stage.client.runs.cancel({ params: { run: String(run) } })
    expect(await stage.until(run, isOver)).toMatchObject({ state: 'CANCELLED' })
    expect(executor.output()).not.toContain('Callback failed')
    // It does nothing of the task any more: the next run is accepted.
    const next = await stage.trigger('wait')
    await stage.until(next, ({ state }) => state === 'RUNNING')
    await stage.client.runs.cancel({ params: { run: String(next) } })
    await stage.until(next, isOver)
  })

  test('COVER_EARLY is the policy REPLACE: the earlier run is killed there before the later one is sent', async () => {
    await stage.task('replace', { handler: 'wait' }, { policies: { ...ONCE.policies, concurrency: { policy: 'REPLACE' } } })
    const first = await stage.trigger('replace')
    await stage.until(first, ({ state }) => state === 'RUNNING')
    const second = await stage.trigger('replace')
    expect(await stage.until(first, isOver)).toMatchObject({ state: 'CANCELLED', reason: 'REPLACED' })
    await stage.until(second, ({ state }) => state === 'RUNNING')
    await stage.client.runs.cancel({ params: { run: String(second) } })
    expect(await stage.until(second, isOver)).toMatchObject({ state: 'CANCELLED', instances: [{ attempt: 1 }] })
  })

  test('a time-out is the time-out of the run, whoever notices it first', async () => {
    await stage.task('slow', { handler: 'wait' }, { policies: { ...ONCE.policies, timeoutMs: 1_000 } })
    const { state, instances } = await stage.until(await stage.trigger('slow'), isOver)
    // This client has no word of its own for it: "500", and why. It calls back for the time-out and for what the handler says then, in any order.
    if (state === 'FAILED')
      expect(instances).toMatchObject([{ error: { message: expect.stringMatching(/Timeout|I was stopped/) } }])
    else expect(state).toBe('TIMEOUT')
  })

  test('a broadcast runs on every executor, each with its part', async () => {
    const other = await stage.start('xxl-job')
    await stage.task(
      'everywhere',
      { handler: 'greet' },
      { params: { executorParam: 'both' }, policies: { shards: { mode: 'BROADCAST' } } },
    )
    const run = await stage.until(await stage.trigger('everywhere'), isOver)
    expect(run.state).toBe('SUCCESS')
    const parts = run.instances.filter(({ shardTotal }) => shardTotal === 2)
    expect(new Set(parts.map(({ shardIndex }) => shardIndex))).toEqual(new Set([0, 1]))
    expect(new Set(parts.map((part) => part.executor?.instance))).toEqual(new Set([executor.address, other.address]))
    for (const part of parts) await stage.log(part.id, `Hello, both! This is part ${part.shardIndex} of 2.`)
    await other.stop()
  })

  test('one that says goodbye gets nothing more', async () => {
    const other = await stage.start('xxl-job')
    await other.stop()
    await other.becomes('OFFLINE')
    const runs = await Promise.all([1, 2, 3].map(() => stage.trigger('in-turn')))
    for (const run of runs)
      expect(await stage.until(run, isOver)).toMatchObject({
        state: 'SUCCESS',
        instances: [{ executor: { instance: executor.address } }],
      })
  })
})

describe('@dalongrong/xxl-job-executor', () => {
  let executor: Started
  beforeAll(async () => {
    executor = await stage.start('dalongrong', { admin: inject('dev').server })
  })
  afterAll(() => executor.stop())

  test('it finds its admin without the context path, and reads parameters as JSON', async () => {
    await stage.task('greet-json', { handler: 'greet' }, { params: { name: 'world' } })
    const run = await stage.until(await stage.trigger('greet-json'), isOver)
    expect(run).toMatchObject({ state: 'SUCCESS', instances: [{ executor: { instance: executor.address } }] })
    const lines = await stage.log(run.instances[0]!.id, 'end')
    expect(lines.filter((line) => line.includes('Hello, world!'))).toHaveLength(1)
  })

  test('what a handler throws is the error of the run', async () => {
    await stage.task('fail-json', { handler: 'fail' }, ONCE)
    expect(await stage.until(await stage.trigger('fail-json'), isOver)).toMatchObject({
      state: 'FAILED',
      instances: [{ error: { code: 'XXL_JOB_500', message: expect.stringContaining('The shelf is empty.') } }],
    })
  })
})

describe.each(['xxl-job', 'dalongrong'] as const)('%s, whose address somebody has typed in', (name) => {
  test('runs a task without ever registering; killed, it is found by its beat, and started again it is back', async () => {
    const stage = await setStage(inject('dev'), `xxl-job-typed-${name}`)
    const admin = await deafAdmin(inject('dev').server)
    const start = { admin: admin.url, port: await freePort(), registers: false }
    try {
      const executor = await stage.start(name, start)
      expect((await stage.client.executors.list()).items).toEqual([])
      const { id } = await stage.client.executors.createXxlJob({
        body: { app: APP, address: executor.address, callToken: stage.token, healthEveryMs: 1_000 },
      })
      await executor.becomes('ONLINE')
      await stage.task('greet', { handler: 'greet' }, { params: { executorParam: '{"name":"world"}' } })
      expect(await stage.until(await stage.trigger('greet'), isOver)).toMatchObject({
        state: 'SUCCESS',
        instances: [{ attempt: 1 }],
      })
      const health = async () => (await stage.client.executors.get({ params: { executor: id } })).health
      await executor.stop('SIGKILL')
      await expect.poll(health, { timeout: 15_000 }).toBe('UNHEALTHY')
      await stage.start(name, start)
      await expect.poll(health, { timeout: 15_000 }).toBe('HEALTHY')
      expect(await stage.until(await stage.trigger('greet'), isOver)).toMatchObject({ state: 'SUCCESS' })
    } finally {
      await stage.close()
      admin.close()
    }
  })
})
