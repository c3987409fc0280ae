import type { Assignment } from '@carillon/contract'
import { createServer } from 'node:http'
import type { AddressInfo, LookupFunction } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { guardedConnect } from '../builtin/egress-guard.ts'
import { createPushTransport } from './push.ts'

const assignment = (instance: number) => ({ instance, token: 1, tenant: 1 }) as Assignment

/** `hangsUp`: at once. */
async function server(hangsUp = false) {
  const seen = { connections: 0, calls: 0, sessionsBySocket: new Map<object, Set<number>>() }
  const http = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk) => (text += String(chunk)))
    request.once('end', () => {
      seen.calls++
      const sessions = seen.sessionsBySocket.get(request.socket) ?? new Set()
      seen.sessionsBySocket.set(request.socket, sessions.add((JSON.parse(text) as { session: number }).session))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"refused":[]}')
    })
  }).on('connection', (socket) => {
    seen.connections++
    if (hangsUp) socket.destroy()
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const close = () => new Promise((resolve) => (http.closeAllConnections(), http.close(resolve)))
  onTestFinished(() => void close())
  return { seen, address, close }
}

const until = async (condition: () => boolean) => {
  for (const end = performance.now() + 10_000; performance.now() < end;) {
    if (condition()) return
    await new Promise((resolve) => setImmediate(resolve))
  }
  throw new Error('It did not come to that.')
}

test('calls one after the other go over one connection', async () => {
  const { seen, address, close } = await server()
  const transport = createPushTransport({ release: () => undefined, unreachable: () => undefined, report: () => undefined })
  for (let n = 1; n <= 20; n++) {
    transport.invoke({ session: 1, tenantId: 1, address, callToken: null, transport: 'CARILLON', perCall: null }, [assignment(n)])
    await until(() => seen.calls === n)
  }
  expect(seen.connections).toBeLessThanOrEqual(2)
  await transport.close()
  await close()
})

const noLookup: LookupFunction = (_host, _options, callback) =>
  callback(Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' }), '')

test.each([
  ['its host cannot be looked up just now', async () => ({ address: 'http://executor.example', lookup: noLookup })],
  [
    'it hangs up in the middle of the handshake',
    async () => ({ address: (await server(true)).address.replace('http:', 'https:') }),
  ],
  ['it does not speak TLS', async () => ({ address: (await server()).address.replace('http:', 'https:') })],
])('where %s nothing was sent, and what was meant for it goes elsewhere at once', async (_why, prepare) => {
  const { address, ...lookup } = await prepare()
  const released: number[] = []
  const transport = createPushTransport({
    release: (_session, assignments) => released.push(...assignments.map(({ instance }) => instance)),
    unreachable: () => undefined,
    report: () => undefined,
    connectOf: () => guardedConnect({ allowPrivate: true, ...lookup }),
  })
  onTestFinished(() => transport.close())
  transport.invoke({ session: 1, tenantId: 1, address, callToken: null, transport: 'CARILLON', perCall: null }, [assignment(7)])
  await until(() => released.length > 0)
  expect(released).toEqual([7])
})

test('an answer that drips without end is given up, and nobody knows what was taken', async () => {
  const dripping = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const timer = setInterval(() => response.write(' '), 5)
    response.on('close', () => clearInterval(timer))
  })
  await new Promise<void>((resolve) => dripping.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void (dripping.closeAllConnections(), dripping.close()))
  const failed: unknown[] = []
  const transport = createPushTransport({
    release: () => failed.push('released'),
    unreachable: () => undefined,
    report: (_event, { certain }) => failed.push(certain),
    longestCallMs: 200,
  })
  onTestFinished(() => transport.close())
  const address = `http://127.0.0.1:${(dripping.address() as AddressInfo).port}`
  transport.invoke({ session: 1, tenantId: 1, address, callToken: null, transport: 'CARILLON', perCall: null }, [assignment(7)])
  await until(() => failed.length > 0)
  expect(failed).toEqual([false])
})

test('an address that the egress rules forbid is not dialled, and what was meant for it goes elsewhere at once', async () => {
  const { seen, address, close } = await server()
  const released: number[] = []
  const transport = createPushTransport({
    release: (_session, assignments) => released.push(...assignments.map(({ instance }) => instance)),
    unreachable: () => undefined,
    report: () => undefined,
    connectOf: () => guardedConnect({ allowPrivate: false }),
  })
  transport.invoke({ session: 1, tenantId: 1, address, callToken: null, transport: 'CARILLON', perCall: null }, [assignment(7)])
  await until(() => released.length > 0)
  expect([released, seen.connections]).toEqual([[7], 0])
  await transport.close()
  await close()
})

test('an executor gets no more in a call than it wants; when one breaks off, what has not been sent goes elsewhere at once', async () => {
  const sizes: number[] = []
  let breaks = false
  const http = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    sizes.push((JSON.parse(text) as { assignments: unknown[] }).assignments.length)
    if (breaks) response.destroy()
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{"refused":[]}')
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const released: number[] = []
  const transport = createPushTransport({
    release: (_session, assignments) => released.push(...assignments.map(({ instance }) => instance)),
    unreachable: () => undefined,
    report: () => undefined,
  })
  const address = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const target = { session: 1, tenantId: 1, address, callToken: null, transport: 'CARILLON', perCall: 3 } as const
  const all = (count: number) => Array.from({ length: count }, (_, n) => assignment(n + 1))
  transport.invoke(target, all(10))
  await until(() => sizes.length === 4)
  expect(sizes.toSorted((a, b) => a - b)).toEqual([1, 3, 3, 3])
  breaks = true
  transport.invoke({ ...target, perCall: 1 }, all(100))
  await until(() => released.length + sizes.length - 4 === 100)
  // Those that were under way are ambiguous, and stay.
  expect(released.length).toBeGreaterThan(50)
  await transport.close()
  await new Promise((resolve) => (http.closeAllConnections(), http.close(resolve)))
})

/** Each tenant dials by rules of its own, which may change. */
function twoTenants() {
  const open = guardedConnect({ allowPrivate: true })
  const closed = guardedConnect({ allowPrivate: false })
  const rules = new Map([[1, open]])
  const released: number[] = []
  const transport = createPushTransport({
    release: (_session, assignments) => released.push(...assignments.map(({ instance }) => instance)),
    unreachable: () => undefined,
    report: () => undefined,
    connectOf: (tenantId) => rules.get(tenantId) ?? closed,
  })
  onTestFinished(() => transport.close())
  const invoke = (tenantId: number, address: string, instance: number) =>
    transport.invoke({ session: tenantId, tenantId, address, callToken: null, transport: 'CARILLON', perCall: null }, [
      assignment(instance),
    ])
  return { invoke, released, rules }
}

test('no tenant calls over a connection that the rules of another have opened', async () => {
  const { seen, address } = await server()
  const { invoke, released } = twoTenants()
  invoke(1, address, 11)
  await until(() => seen.calls === 1)
  // Of the second there are more than the first has connections, so that one of them would meet one that is idle.
  for (let n = 0; n < 20; n++) invoke(2, address, 20 + n)
  await until(() => released.length === 20)
  expect(seen.calls).toBe(1)
  invoke(1, address, 12)
  await until(() => seen.calls === 2)
})

test('tenants with the same rules have connections of their own', async () => {
  const { seen, address } = await server()
  const { invoke, rules } = twoTenants()
  rules.set(2, rules.get(1)!)
  for (let n = 1; n <= 20; n++) {
    invoke(n % 3 === 0 ? 1 : 2, address, n)
    await until(() => seen.calls === n)
  }
  expect(seen.sessionsBySocket.size).toBeGreaterThan(1)
  for (const sessions of seen.sessionsBySocket.values()) expect(sessions.size).toBe(1)
})

test('a connection is not used any more once the rules that opened it are taken away', async () => {
  const { seen, address } = await server()
  const { invoke, released, rules } = twoTenants()
  const open = rules.get(1)!
  invoke(1, address, 11)
  await until(() => seen.calls === 1)
  rules.delete(1)
  invoke(1, address, 12)
  await until(() => released.length === 1)
  expect([seen.calls, released]).toEqual([1, [12]])
  rules.set(1, open)
  invoke(1, address, 13)
  await until(() => seen.calls === 2)
})
