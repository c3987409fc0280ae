import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { guardedConnect } from '../builtin/egress-guard.ts'
import { createProbe } from './probe.ts'

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => (server.closeAllConnections(), server.close(resolve)))
})

async function listening(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`
}

const probe = createProbe()
const answering = (status: number, type: string, body: string, headers: Record<string, string> = {}) =>
  listening((_request, response) => response.writeHead(status, { 'content-type': type, ...headers }).end(body))
const TENANT = 7
const ask = (url: string, ms = 5_000) => probe(url, AbortSignal.timeout(ms), { tenantId: TENANT })

test.each([
  ['nothing', 204, 'text/plain', ''],
  ['a word', 200, 'text/plain', 'OK'],
  ['what our SDK answers', 200, 'application/json', '{"status":"ONLINE","running":1,"capacity":2}'],
  ['what Spring answers', 200, 'application/vnd.spring-boot.actuator.v3+json', '{"status":"UP"}'],
])('an answer 2xx with %s is healthy', async (_name, status, type, body) => {
  expect(await ask(await answering(status, type, body))).toEqual({ ok: true })
})

test.each([
  ['another status', 503, 'text/plain', 'busy', 'It answered 503'],
  ['a word for down', 200, 'application/json', '{"status":"out_of_service"}', 'It answered that its status is out_of_service'],
  ['JSON that is none', 200, 'application/json', '<<<', 'It answered JSON that cannot be read'],
  ['a web page', 200, 'text/html; charset=utf-8', '<p>Welcome', 'It answered a web page'],
  ['a web page under another name', 200, 'text/plain', ' <!DOCTYPE html><p>Welcome', 'It answered a web page'],
  ['more than anybody reads', 200, 'text/plain', 'x'.repeat(70_000), 'Its answer is longer than 65536 bytes'],
])('an answer with %s is a failure, and says why', async (_name, status, type, body, reason) => {
  expect(await ask(await answering(status, type, body))).toEqual({ ok: false, reason: expect.stringContaining(reason) })
})

test('a redirect is not followed, and the reason names where it leads', async () => {
  let followed = 0
  const target = await listening((_request, response) => (followed++, response.end()))
  expect(await ask(await answering(302, 'text/plain', '', { location: target }))).toEqual({
    ok: false,
    reason: `It answered 302, a redirect to ${target}, which is not followed: register the address that it leads to`,
  })
  expect(followed).toBe(0)
})

test.each<[string, RequestListener]>([
  ['never answers', () => {}],
  [
    'streams for ever, a little at a time',
    (_request, response) => {
      const timer = setInterval(() => response.write('.'), 5)
      response.on('close', () => clearInterval(timer))
    },
  ],
])('one that %s is given up in time, and its connection closed', async (_name, answer) => {
  let closed = () => {}
  const isClosed = new Promise<void>((resolve) => (closed = resolve))
  const url = await listening((request, response) => {
    request.socket.once('close', closed)
    answer(request, response)
  })
  expect(await ask(url, 200)).toEqual({ ok: false, reason: 'It did not answer in time, or its answer did not end' })
  await isClosed
})

test('nobody at the address, and an address that cannot be read, are failures like others', async () => {
  const url = await listening(() => {})
  await new Promise((resolve) => servers.pop()!.close(resolve))
  expect(await ask(url)).toEqual({ ok: false, reason: 'Nobody listens at its address' })
  expect(await ask('http://[')).toMatchObject({ ok: false })
})

test('what the egress rules forbid is not dialled', async () => {
  let called = 0
  const url = await listening(() => called++)
  const guarded = createProbe({ connectOf: (tenant) => guardedConnect({ allowPrivate: tenant !== TENANT }) })
  expect(await guarded(url, AbortSignal.timeout(5_000), { tenantId: TENANT })).toEqual({
    ok: false,
    reason: expect.stringContaining('a private address'),
  })
  expect(called).toBe(0)
  await guarded(url, AbortSignal.timeout(100), { tenantId: TENANT + 1 })
  expect(called).toBe(1)
})
