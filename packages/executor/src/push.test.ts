import type { Assignment } from '@carillon/contract'
import { describe, expect, it } from 'vitest'
import { request } from 'undici'
import { createExecutor, type ExecutorOptions } from './executor.ts'
import { defineHandler } from './define-handler.ts'
import { event, quiet, startExecutor, startServer } from './executor.test-helper.ts'
import type { ProtocolServer } from './protocol-server.test-helper.ts'

const PUSH_TOKEN = 'called-with-this'
const echo = defineHandler({ name: 'echo', run: ({ params }) => params })

function gated() {
  const gate = event()
  const handler = defineHandler({
    name: 'wait',
    run: ({ signal }) =>
      new Promise((resolve, reject) => {
        void gate.happened.then(resolve)
        signal.addEventListener('abort', () => reject(signal.reason))
      }),
  })
  return { handler, open: gate.happen }
}

async function startPush(
  server: ProtocolServer,
  options: Partial<ExecutorOptions> & Pick<ExecutorOptions, 'handlers'>,
  bodyBytes = 10_000,
) {
  const executor = await startExecutor(server, { ...options, mode: 'push', listen: { port: 0, token: PUSH_TOKEN, bodyBytes } })
  const call = async (path: string, body: unknown, token = PUSH_TOKEN) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const response = await request(server.registrations.at(-1)!.address + path, { method: 'POST', headers, body: text })
    return { status: response.statusCode, body: (await response.body.json()) as any }
  }
  const invoke = (assignments: readonly Assignment[]) => call('/invoke', { session: server.session, assignments })
  return { executor, call, invoke }
}

/** Instances that the server has reserved for its push executor. */
function reserve(server: ProtocolServer, ...given: Parameters<ProtocolServer['give']>): Assignment[] {
  const assignments = server.give(...given)
  for (const assignment of assignments) server.row(assignment).session = server.session
  return assignments
}

describe('A push executor', () => {
  it('registers its address, runs what it is given and reports it', async () => {
    const server = await startServer()
    const { invoke } = await startPush(server, { handlers: [echo] })
    expect(server.registrations[0]).toMatchObject({ mode: 'PUSH', address: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) })
    const assignments = reserve(server, { handler: 'echo', params: 1 }, { handler: 'echo', params: 2 })
    expect(await invoke(assignments)).toEqual({ status: 200, body: { refused: [] } })
    await server.untilEnded(...assignments)
    expect(assignments.map((assignment) => server.end(assignment).output)).toEqual([1, 2])
    expect(server.callsOf('claim')).toEqual([])
  })

  it('runs once what it is given twice, at the same time, while it runs, and after it has ended', async () => {
    const server = await startServer()
    let runs = 0
    const gate = event()
    const handler = defineHandler({
      name: 'count',
      run: () => {
        runs += 1
        return gate.happened
      },
    })
    const { invoke, executor } = await startPush(server, { handlers: [handler] })
    const [assignment] = reserve(server, { handler: 'count' })
    await invoke([assignment!, assignment!])
    await invoke([assignment!])
    gate.happen()
    await server.untilEnded(assignment!)
    expect(await invoke([assignment!])).toEqual({ status: 200, body: { refused: [] } })
    await executor.drain()
    expect(runs).toBe(1)
  })

  it('refuses by itself what it cannot take, and takes the rest', async () => {
    const server = await startServer()
    const { handler, open } = gated()
    const { invoke } = await startPush(server, { handlers: [handler], capacity: 2 })
    const assignments = reserve(server, { handler: 'wait' }, { handler: 'nope' }, { handler: 'wait' }, { handler: 'wait' })
    const { body } = await invoke(assignments)
    expect(body.refused.map(({ instance, reason }: any) => [instance, reason])).toEqual([
      [assignments[1]!.instance, 'HANDLER_UNKNOWN'],
      [assignments[3]!.instance, 'FULL'],
    ])
    open()
    await server.untilEnded(assignments[0]!, assignments[2]!)
  })

  it('aborts what the server cancels', async () => {
    const server = await startServer()
    const { handler } = gated()
    const { invoke, call } = await startPush(server, { handlers: [handler] })
    const [assignment] = reserve(server, { handler: 'wait' })
    await invoke([assignment!])
    const { instance, token } = assignment!
    expect(await call('/cancel', { session: server.session, stop: [{ instance, token, reason: 'CANCEL' }] })).toMatchObject({
      status: 200,
    })
    await server.untilEnded(assignment!)
    expect(server.end(assignment!)).toMatchObject({ kind: 'FAILURE', error: { code: 'CANCEL' } })
  })

  it('takes nothing new while it drains, but still hears of a cancel', async () => {
    const server = await startServer()
    const { handler } = gated()
    const { invoke, call, executor } = await startPush(server, { handlers: [handler] })
    const [running, late] = reserve(server, { handler: 'wait' }, { handler: 'wait' })
    await invoke([running!])
    const drained = executor.drain()
    expect((await invoke([late!])).body.refused).toMatchObject([{ instance: late!.instance, reason: 'DRAINING' }])
    const { instance, token } = running!
    await call('/cancel', { session: server.session, stop: [{ instance, token, reason: 'CANCEL' }] })
    await drained
    expect(server.calls.at(-1)!.name).toBe('deregister')
  })

  it.each([
    ['no valid token', '/invoke', {}, 'wrong', 401, 'UNAUTHENTICATED'],
    ['an empty token', '/invoke', {}, '', 401, 'UNAUTHENTICATED'],
    ['no JSON', '/invoke', '{', PUSH_TOKEN, 400, 'MALFORMED_REQUEST'],
    ['another shape', '/invoke', { session: 1 }, PUSH_TOKEN, 422, 'VALIDATION_FAILED'],
    ['a body that is too large', '/invoke', 'x'.repeat(10_001), PUSH_TOKEN, 413, 'TOO_LARGE'],
    ['another path', '/toString', {}, PUSH_TOKEN, 404, 'NOT_FOUND'],
    ['an earlier session', '/cancel', { session: 1, stop: [] }, PUSH_TOKEN, 410, 'SESSION_ENDED'],
    ['a session that it does not know yet', '/cancel', { session: 3, stop: [] }, PUSH_TOKEN, 503, 'UNAVAILABLE'],
  ])('refuses a call with %s', async (_name, path, body, token, status, code) => {
    const server = await startServer()
    await request(`${server.url}/executor/v1/register`, {
      method: 'POST',
      headers: { authorization: 'Bearer a-test-token', 'carillon-protocol': '1', 'content-type': 'application/json' },
      body: JSON.stringify({ protocol: 1, app: 'test', instance: 'earlier', mode: 'PULL', handlers: [], capacity: 1 }),
    })
    const { call } = await startPush(server, { handlers: [echo] })
    expect(server.session).toBe(2)
    expect(await call(path, body, token)).toMatchObject({ status, body: { code } })
  })

  it('tells its health without a token', async () => {
    const server = await startServer()
    await startPush(server, { handlers: [echo], capacity: 7 })
    const response = await request(`${server.registrations[0]!.address}/health`)
    expect(await response.body.json()).toEqual({ status: 'ONLINE', running: 0, capacity: 7 })
  })
})

describe('createExecutor refuses', () => {
  const create = (options: Partial<ExecutorOptions>) => () =>
    createExecutor({ server: 'http://127.0.0.1:1', token: 't', app: 'test', handlers: [], log: quiet, ...options })

  it.each([
    ['push without listen', { mode: 'push' }, 'needs `listen: { port }`'],
    ['an empty push token', { mode: 'push', listen: { port: 0, token: ' ' } }, 'anyone could call this executor'],
    [
      'every interface without an address',
      { mode: 'push', listen: { host: '0.0.0.0', port: 0, token: 'x' } },
      'needs `listen.address`',
    ],
    ['an empty access token', { token: '' }, 'The access token is empty'],
    ['a capacity of nothing', { capacity: 0 }, 'whole number from 1 to 100,000; got 0'],
  ] as const)('%s', (_name, options, message) => {
    expect(create(options)).toThrow(message)
  })
})
