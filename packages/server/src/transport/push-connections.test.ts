import type { Assignment } from '@carillon/contract'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { guardedConnect } from '../builtin/egress-guard.ts'
import { createPushTransport } from './push.ts'

const assignment = (instance: number) => ({ instance, token: 1, tenant: 1 }) as Assignment

async function server() {
  const seen = { connections: 0, calls: 0 }
  const http = createServer((request, response) => {
    request.resume().once('end', () => {
      seen.calls++
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"refused":[]}')
    })
  }).on('connection', () => seen.connections++)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  return { seen, address, close: () => new Promise((resolve) => (http.closeAllConnections(), http.close(resolve))) }
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

test('an address that the egress rules forbid is not dialled, and what was meant for it goes elsewhere at once', async () => {
  const { seen, address, close } = await server()
  const released: number[] = []
  const transport = createPushTransport({
    release: (_session, assignments) => released.push(...assignments.map(({ instance }) => instance)),
    unreachable: () => undefined,
    report: () => undefined,
    connect: guardedConnect({ allowPrivate: false }),
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
  expect([...sizes].sort((a, b) => a - b)).toEqual([1, 3, 3, 3])
  breaks = true
  transport.invoke({ ...target, perCall: 1 }, all(100))
  await until(() => released.length + sizes.length - 4 === 100)
  // Those that were under way are ambiguous, and stay.
  expect(released.length).toBeGreaterThan(50)
  await transport.close()
  await new Promise((resolve) => (http.closeAllConnections(), http.close(resolve)))
})
