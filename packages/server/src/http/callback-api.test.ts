import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Report } from '@carillon/contract'
import { createBuiltinExecutor } from '../builtin/builtin-executor.ts'
import { serve, type TestServer } from '../builtin/http-server.test-helper.ts'
import { openCallback } from '../lifecycle/callbacks.ts'
import { createExecutorTraffic } from '../lifecycle/executor-traffic.ts'
import { startTestApi, type TestApi } from './api.test-helper.ts'

// The whole way: a task of the kind http, the built-in executor with a single place, a target that answers 202, and calls over HTTP.

let api: TestApi
let base: string
let executor: ReturnType<typeof createBuiltinExecutor>
beforeAll(async () => {
  api = await startTestApi()
  await api.app.listen({ host: '127.0.0.1', port: 0 })
  base = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`
  const traffic = createExecutorTraffic(api.engine)
  executor = createBuiltinExecutor({
    traffic: {
      ...traffic,
      report: async (principal, body) => {
        const answer = await traffic.report(principal, body)
        tell(body)
        return answer
      },
    },
    resultBytes: api.engine.settings.resultBytes,
    capacity: 1,
    egressOf: () => ({ allowPrivate: true }),
    openCallback: async ({ tenant, instance, token }, waitMs) =>
      `${base}/callback/v1/${await openCallback(api.engine, { tenantId: tenant, id: instance, token }, waitMs)}`,
    nodeName: 'node-1',
    log: { info: () => {}, warn: () => {}, error: () => {} },
  })
  // Registering, it hears of the queue that the first task has made.
  await task({ url: base })
  await executor.start()
})
afterAll(async () => {
  await executor.stop()
  await api.close()
})

/** What was reported of instances, and who waits for it. */
const reported = new Set<string>()
const waiting = new Map<string, () => void>()
function tell({ items }: Report): void {
  for (const { kind, instance } of items) {
    reported.add(`${kind} ${instance}`)
    waiting.get(`${kind} ${instance}`)?.()
  }
}
const saying = async (kind: string, instance: number) => {
  const said = `${kind} ${instance}`
  if (!reported.has(said)) await new Promise<void>((resolve) => waiting.set(said, resolve))
}

let tasks = 0
async function task(settings: object): Promise<string> {
  const code = `call-${++tasks}`
  const { client } = api.tenantA
  await client.taskTypes.create({ body: { code, kind: 'http', settings: { method: 'POST', ...settings } } })
  await client.tasks.create({ body: { code, type: code } })
  return code
}

const trigger = async (code: string) => (await api.tenantA.client.runs.trigger({ params: { task: code }, body: {} })).runId
const runOf = (run: number) => api.tenantA.client.runs.get({ params: { run } })

interface Promised {
  readonly run: number
  readonly url: string
  readonly target: TestServer
}

/** A run whose target has answered 202 and whose executor has let it go. */
async function promised(callback: object = {}): Promise<Promised> {
  const target = await serve((_request, response) => response.writeHead(202).end())
  const code = await task({ url: target.url, callback })
  const run = await trigger(code)
  await saying('DETACHED', run)
  return { run, target, url: String(target.received[0]!.headers['carillon-callback']) }
}

async function post(url: string, body: unknown): Promise<{ status: number; body: any }> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: answer.status, body: await answer.json() }
}

describe('A target that answers 202', () => {
  it('keeps no place of the built-in executor, and ends the run when it calls back', async () => {
    const [first, second] = [await promised(), await promised()]
    const note = await task({ url: (await serve((_request, response) => response.end())).url })
    const third = await trigger(note)
    await saying('SUCCESS', third)
    expect([(await runOf(first.run)).state, (await runOf(second.run)).state]).toEqual(['RUNNING', 'RUNNING'])
    expect(await post(second.url, { state: 'SUCCESS', output: { rows: 3 } })).toEqual({ status: 200, body: { state: 'SUCCESS' } })
    expect(
      await post(first.url, { state: 'FAILED', error: { code: 'NO_STOCK', message: 'none' }, retriable: false }),
    ).toMatchObject({
      status: 200,
    })
    expect(await runOf(second.run)).toMatchObject({ state: 'SUCCESS' })
    expect(await runOf(first.run)).toMatchObject({ state: 'FAILED', reason: 'NO_STOCK' })
    const { rows } = await api.root.query(`select output from instance_history where id = $1`, [second.run])
    expect(rows).toEqual([{ output: { rows: 3 } }])
  })

  it('may call back before it answers', async () => {
    const answers: number[] = []
    const target = await serve((request, response) => {
      const url = String(request.headers['carillon-callback'])
      void post(url, { state: 'SUCCESS', output: 'early' }).then(({ status }) => {
        answers.push(status)
        response.writeHead(202).end()
      })
    })
    const run = await trigger(await task({ url: target.url, callback: {} }))
    await saying('DETACHED', run)
    expect(answers).toEqual([200])
    expect(await runOf(run)).toMatchObject({ state: 'SUCCESS' })
  })
})

describe('The address of a callback', () => {
  it('is good once: a second call is answered 409, and why', async () => {
    const { run, url } = await promised()
    const answers = await Promise.all([post(url, { state: 'SUCCESS', output: 1 }), post(url, { state: 'SUCCESS', output: 1 })])
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409])
    expect(await post(url, { state: 'FAILED' })).toMatchObject({
      status: 409,
      body: { code: 'STATE_CONFLICT', reason: 'USED', detail: expect.stringContaining('already') },
    })
    expect(await runOf(run)).toMatchObject({ state: 'SUCCESS' })
  })

  it('is good for nothing after its run was cancelled', async () => {
    const { run, url } = await promised()
    await api.tenantA.client.runs.cancel({ params: { run } })
    expect(await runOf(run)).toMatchObject({ state: 'CANCELLED' })
    expect(await post(url, { state: 'SUCCESS' })).toMatchObject({ status: 409, body: { reason: 'ENDED' } })
  })

  it('answers 404 to a wrong secret as to no callback at all', async () => {
    const { url } = await promised()
    const [wrong, none] = [`${url.slice(0, -43)}${'A'.repeat(43)}`, `${base}/callback/v1/1.${'A'.repeat(43)}`]
    const answers = [await post(wrong, { state: 'SUCCESS' }), await post(none, { state: 'SUCCESS' })]
    expect(answers.map(({ status, body }) => [status, body.code, body.detail])).toEqual(
      Array(2).fill([404, 'NOT_FOUND', 'There is no such callback.']),
    )
  })

  it.each([
    ['no state', {}, 422],
    ['a state that is none', { state: 'DONE' }, 422],
    ['an output of a failure', { state: 'FAILED', output: 1 }, 422],
    ['more than a result may be', { state: 'SUCCESS', output: 'x'.repeat(80_000) }, 413],
    ['no JSON', '{', 400],
  ])('answers a body with %s, and stays good', async (_name, body, status) => {
    const { run, url } = await promised()
    expect(await post(url, body)).toMatchObject({ status })
    expect(await runOf(run)).toMatchObject({ state: 'RUNNING' })
    expect(await post(url, { state: 'SUCCESS' })).toMatchObject({ status: 200 })
  })
})

it('a body that is larger than a result may be is told which setting that is', async () => {
  const { url } = await promised()
  const { status, body } = await post(url, { state: 'SUCCESS', output: 'x'.repeat(80_000) })
  expect([status, body.code, body.limit]).toEqual([413, 'TOO_LARGE', 'result'])
  expect(body.detail).toMatch(/limits\.resultBytes allows, which is \d+ bytes\. Store what is large elsewhere/)
})

it('a result is taken although an integer in it has to be rounded', async () => {
  const { run, url } = await promised()
  expect(await post(url, '{"state": "SUCCESS", "output": {"id": 9007199254740993}}')).toMatchObject({ status: 200 })
  expect(await runOf(run)).toMatchObject({ state: 'SUCCESS' })
})

it('an address whose calls keep being refused is turned away', async () => {
  const url = `${base}/callback/v1/1.${'A'.repeat(43)}`
  const statuses = new Set<number>()
  for (let call = 0; call < 60; call++) statuses.add((await post(url, { state: 'SUCCESS' })).status)
  expect([...statuses]).toEqual([404, 429])
})
