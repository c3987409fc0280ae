import type { ServerResponse } from 'node:http'
import { InstanceStopped } from '@carillon/executor'
import { runHandler, type TestInstance } from '@carillon/executor/testing'
import { createServer } from 'node:net'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { privateTargetsOf } from '../lifecycle/private-targets.ts'
import { createHttpHandler, type HttpHandlerOptions, type HttpOutput } from './http-handler.ts'
import type { HttpSettings } from './http-request.ts'
import { serve } from './http-server.test-helper.ts'

interface Call extends Partial<HttpHandlerOptions> {
  readonly instance?: TestInstance
}

/** Runs the handler once. Private addresses are open, since that is where the tests' servers are. */
async function call(settings: Partial<HttpSettings> & { url: string }, { instance, ...options }: Call = {}) {
  const handler = createHttpHandler({ egressOf: () => ({ allowPrivate: true }), ...options })
  const result = await runHandler(handler, { kind: 'http', settings: { method: 'GET', ...settings }, ...instance })
  return { ...result, output: result.output as HttpOutput }
}

const failure = (code: string, retriable: boolean) => ({ outcome: 'FAILURE', retriable, error: { code } })

describe('A request', () => {
  it('carries the key of its instance and what it belongs to', async () => {
    const server = await serve((_request, response) => response.end())
    await call({ url: server.url }, { instance: { idempotencyKey: '7-42', run: 41, attempt: 3 } })
    expect(server.received[0]?.headers).toMatchObject({
      'idempotency-key': '7-42',
      'carillon-run': '41',
      'carillon-attempt': '3',
    })
  })

  it('carries the headers of its task, which cannot forge what it belongs to', async () => {
    const server = await serve((_request, response) => response.end())
    const headers = { 'X-Own': 'mine', 'User-Agent': 'me', 'Idempotency-Key': 'forged', 'Carillon-Run': '1' }
    await call({ url: server.url, headers }, { instance: { idempotencyKey: '7-42', run: 41 } })
    expect(server.received[0]?.headers).toMatchObject({
      'x-own': 'mine',
      'user-agent': 'me',
      'idempotency-key': '7-42',
      'carillon-run': '41',
    })
  })

  it.each(['POST', 'PUT', 'PATCH'] as const)('with %s and no body sends the parameters as JSON', async (method) => {
    const server = await serve((_request, response) => response.end())
    await call({ url: `${server.url}/path?query=1`, method }, { instance: { params: { customer: 7 } } })
    expect(server.received[0]).toMatchObject({
      method,
      path: '/path?query=1',
      body: '{"customer":7}',
      headers: { 'content-type': 'application/json' },
    })
  })

  it.each(['GET', 'HEAD', 'DELETE'] as const)('with %s and no body sends none', async (method) => {
    const server = await serve((_request, response) => response.end())
    await call({ url: server.url, method }, { instance: { params: { customer: 7 } } })
    expect(server.received[0]).toMatchObject({ method, body: '' })
    expect(server.received[0]?.headers).not.toHaveProperty('content-type')
  })

  it.each([
    ['a text as it is', '{not json', '{not json', 'text/plain; charset=utf-8'],
    ['an object as JSON', { a: [1, '编钟'] }, '{"a":[1,"编钟"]}', 'application/json'],
    ['null as JSON', null, 'null', 'application/json'],
  ])('sends %s', async (_name, body, sent, type) => {
    const server = await serve((_request, response) => response.end())
    await call({ url: server.url, method: 'POST', body }, { instance: { params: { customer: 7 } } })
    expect(server.received[0]).toMatchObject({ body: sent, headers: { 'content-type': type } })
  })

  it('keeps the content type that its task names', async () => {
    const server = await serve((_request, response) => response.end())
    await call({ url: server.url, method: 'POST', body: '<a/>', headers: { 'Content-Type': 'application/xml' } })
    expect(server.received[0]?.headers['content-type']).toBe('application/xml')
  })

  it.each([
    ['a line end in a value', { 'x-own': 'a\r\nx-forged: 1' }],
    ['a line end in a name', { 'x-own\r\nx-forged': '1' }],
    ['NUL in a value', { 'x-own': 'a\0b' }],
    ['characters that a header cannot carry', { 'x-own': '编钟' }],
    ['the length of the body', { 'Content-Length': '5' }],
    ['the encoding of the transfer', { 'transfer-encoding': 'chunked' }],
    ['another host', { Host: 'internal' }],
    ['an upgrade', { Upgrade: 'websocket' }],
    ['what a proxy believes', { 'Proxy-Authorization': 'Basic x' }],
  ])('is not sent with a header that has %s', async (_name, headers) => {
    const server = await serve((_request, response) => response.end())
    expect(await call({ url: server.url, headers })).toMatchObject(failure('HTTP_INVALID', false))
    expect(server.received).toEqual([])
  })

  it('is not sent to a private address where these are closed, and trying again is no use', async () => {
    const server = await serve((_request, response) => response.end())
    const egressOf = (tenant: number) => ({ allowPrivate: tenant === 1 })
    expect(await call({ url: server.url }, { egressOf, instance: { tenant: 2 } })).toMatchObject(failure('EGRESS_REFUSED', false))
    expect(server.received).toEqual([])
    expect(await call({ url: server.url }, { egressOf, instance: { tenant: 1 } })).toMatchObject({ outcome: 'SUCCESS' })
  })

  it.each(['file:///etc/passwd', 'http://user:password@127.0.0.1', 'http://169.254.169.254/latest/meta-data', 'nonsense'])(
    'is not sent to %s',
    async (url) => expect(await call({ url })).toMatchObject(failure('EGRESS_REFUSED', false)),
  )

  it('stands in the log before and after, without its query', async () => {
    const server = await serve((_request, response) => response.end('hello'))
    const { logs } = await call({ url: `${server.url}/path?token=secret` })
    expect(logs).toEqual([
      { level: 'INFO', source: 'handler', text: `GET ${server.url}/path?…` },
      { level: 'INFO', source: 'handler', text: expect.stringMatching(/^Answered 200 after \d+ ms with 5 bytes$/) },
    ])
  })
})

describe('An answer', () => {
  it('is the output: status, what its headers tell, body and duration', async () => {
    const server = await serve((_request, response) => {
      response.setHeader('set-cookie', 'session=secret')
      response.setHeader('x-internal', 'no')
      response.writeHead(201, { 'content-type': 'application/json; charset=utf-8', etag: '"1"', location: '/7' })
      response.end('{"id":7}')
    })
    const { outcome, output } = await call({ url: server.url, method: 'POST' })
    expect(outcome).toBe('SUCCESS')
    expect(output).toEqual({
      status: 201,
      headers: { 'content-type': 'application/json; charset=utf-8', etag: '"1"', location: '/7' },
      body: { id: 7 },
      durationMs: expect.any(Number),
    })
  })

  it.each([
    ['JSON of a named kind', 'application/problem+json', '{"a":1}', { a: 1 }],
    ['text', 'text/plain', '{"a":1}', '{"a":1}'],
    ['what is called JSON and is not', 'application/json', '{"a":', '{"a":'],
    ['JSON with NUL, which cannot be stored', 'application/json', '{"a":"\\u0000"}', '{"a":"\\u0000"}'],
    ['JSON with half a character', 'application/json', '{"a":"\\ud83d"}', '{"a":"\\ud83d"}'],
    ['JSON with a spelt-out character', 'application/json', '{"a":"\\ud83d\\ude00"}', { a: '😀' }],
    ['JSON that is nested too deep', 'application/json', '['.repeat(20_000) + ']'.repeat(20_000), expect.anything()],
    ['NUL', 'text/plain', 'a\0b', 'a\uFFFDb'],
    ['bytes that are not UTF-8', 'text/plain', Buffer.from([0x61, 0xff, 0xc3, 0x62]), 'a\uFFFD\uFFFDb'],
    ['text in another charset', 'text/plain; charset=gbk', Buffer.from([0xb1, 0xe0, 0xd6, 0xd3]), '编钟'],
    ['text in an unknown charset', 'text/plain; charset=x-none', '编钟', '编钟'],
    ['nothing', 'application/json', '', null],
  ])('may have %s', async (_name, type, body, expected) => {
    const server = await serve((_request, response) => response.writeHead(200, { 'content-type': type }).end(body))
    expect((await call({ url: server.url })).output.body).toEqual(expected)
  })

  it.each([
    ['gzip', gzipSync('hello')],
    ['br', brotliCompressSync('hello')],
    ['unknown', Buffer.from('hello')],
  ])('is decoded from %s', async (encoding, body) => {
    const server = await serve((_request, response) => response.writeHead(200, { 'content-encoding': encoding }).end(body))
    expect((await call({ url: server.url })).output.body).toBe('hello')
  })

  it('without a body may still name an encoding', async () => {
    const server = await serve((_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end())
    expect((await call({ url: server.url, method: 'HEAD' })).output.body).toBeNull()
  })

  it('with another status than 200 to 299 is a failure that tells what was answered', async () => {
    const server = await serve((_request, response) => response.writeHead(500).end(`oops ${'😀'.repeat(400)}`))
    const result = await call({ url: server.url })
    expect(result).toMatchObject(failure('HTTP_STATUS', true))
    expect(result.error?.message).toContain(`GET ${server.url}/ answered 500; success is 200 to 299: oops 😀`)
    expect(result.error?.message.isWellFormed()).toBe(true)
    expect(result.error?.stack).toBeUndefined()
  })

  it('succeeds by the statuses that its task names, and by no other', async () => {
    const server = await serve((request, response) => response.writeHead(Number(request.url?.slice(1))).end())
    const successStatuses = [404, 302]
    expect(await call({ url: `${server.url}/404`, successStatuses })).toMatchObject({ outcome: 'SUCCESS' })
    expect(await call({ url: `${server.url}/302`, successStatuses })).toMatchObject({ outcome: 'SUCCESS' })
    expect(await call({ url: `${server.url}/200`, successStatuses })).toMatchObject(failure('HTTP_STATUS', true))
  })
})

describe('An answer that does not come', () => {
  it('is a time-out', async () => {
    const server = await serve(() => {})
    const result = await call({ url: server.url }, { headersMs: 50 })
    expect(result).toMatchObject(failure('HTTP_TIMEOUT', true))
    expect(result.error?.message).toContain('was not answered within 50 ms')
    await server.disconnected
  })

  it('but drips its headers is a time-out all the same', async () => {
    const tcp = createServer((socket) => {
      socket.on('error', () => {})
      socket.write('HTTP/1.1 200 OK\r\n')
      const drip = setInterval(() => socket.write('x: y\r\n'), 10)
      socket.on('close', () => clearInterval(drip))
    })
    const url = await listen(tcp)
    expect(await call({ url }, { headersMs: 100 })).toMatchObject(failure('HTTP_TIMEOUT', true))
  })

  it('because its name is never resolved is a time-out', async () => {
    const result = await call({ url: 'http://slow.example' }, { headersMs: 50, lookup: () => {} })
    expect(result).toMatchObject(failure('HTTP_TIMEOUT', true))
  })

  it('to its end is a time-out where its instance has none', async () => {
    const server = await serve((_request, response) => response.write('begun'))
    expect(await call({ url: server.url }, { totalMs: 100 })).toMatchObject(failure('HTTP_TIMEOUT', true))
    await server.disconnected
  })

  it.each(['CANCEL', 'TIMEOUT', 'SHUTDOWN'] as const)('is waited for until the instance is stopped: %s', async (reason) => {
    const stop = new AbortController()
    const server = await serve((_request, response) => {
      response.write('begun')
      stop.abort(new InstanceStopped(reason))
    })
    const result = await call({ url: server.url }, { instance: { signal: stop.signal, timeoutMs: 60_000 } })
    expect(result).toMatchObject({ outcome: 'FAILURE', error: { code: reason } })
    await server.disconnected
  })

  it('is waited for until the instance is stopped, also while its name is resolved', async () => {
    const stop = new AbortController()
    const lookup = () => stop.abort(new InstanceStopped('CANCEL'))
    const result = await call({ url: 'http://slow.example' }, { lookup, instance: { signal: stop.signal } })
    expect(result).toMatchObject({ outcome: 'FAILURE', error: { code: 'CANCEL' } })
  })

  it('because the instance was stopped before it began is not even asked for', async () => {
    const server = await serve((_request, response) => response.end())
    const signal = AbortSignal.abort(new InstanceStopped('CANCEL'))
    expect(await call({ url: server.url }, { instance: { signal } })).toMatchObject({ error: { code: 'CANCEL' } })
    expect(server.received).toEqual([])
  })

  it('because nobody listens is a failure of the network', async () => {
    const gone = createServer()
    const url = await listen(gone)
    await new Promise((resolve) => gone.close(resolve))
    const result = await call({ url })
    expect(result).toMatchObject(failure('HTTP_NETWORK', true))
    expect(result.error?.message).toContain('ECONNREFUSED')
  })

  it('because its name has no address is a failure of the network', async () => {
    const missing = Object.assign(new Error('getaddrinfo ENOTFOUND missing.example'), { code: 'ENOTFOUND' })
    const result = await call({ url: 'http://missing.example' }, { lookup: (_name, _options, callback) => callback(missing, '') })
    expect(result).toMatchObject(failure('HTTP_NETWORK', true))
    expect(result.error?.message).toBe('GET http://missing.example/: getaddrinfo ENOTFOUND missing.example')
  })

  it.each([
    ['the connection is reset before it', (response: ServerResponse) => response.destroy()],
    [
      'the connection is reset within it',
      (response: ServerResponse) => {
        response.writeHead(200, { 'content-length': '100' })
        response.write('begun', () => response.destroy())
      },
    ],
  ])('because %s is a failure of the network', async (_name, answer) => {
    const server = await serve((_request, response) => answer(response))
    expect(await call({ url: server.url })).toMatchObject(failure('HTTP_NETWORK', true))
  })

  it('because the other side does not speak HTTP is a failure of the network', async () => {
    const tcp = createServer((socket) => {
      socket.on('error', () => {})
      socket.end('-ERR unknown command\r\n')
    })
    expect(await call({ url: await listen(tcp) })).toMatchObject(failure('HTTP_NETWORK', true))
  })

  it('because its encoding is broken is a failure of the network', async () => {
    const server = await serve((_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('not gzip'))
    expect(await call({ url: server.url })).toMatchObject(failure('HTTP_NETWORK', true))
  })
})

describe('An answer that is too large', () => {
  it.each([
    ['of 10 MB with its length', { 'content-length': '10000000' }],
    ['of 10 MB without', {}],
  ])('is a failure, and is not read to its end: %s', async (_name, headers) => {
    const server = await serve((_request, response) => response.writeHead(200, headers).end(Buffer.alloc(10_000_000, 'a')))
    expect(await call({ url: server.url })).toMatchObject(failure('HTTP_TOO_LARGE', false))
    await server.disconnected
  })

  it('because it never ends is a failure', async () => {
    const server = await serve((_request, response) => {
      const chunk = Buffer.alloc(65_536, 'a')
      const more = () => void response.write(chunk)
      response.on('drain', more)
      for (let sent = 0; sent < 32; sent++) more()
    })
    expect(await call({ url: server.url })).toMatchObject(failure('HTTP_TOO_LARGE', false))
    await server.disconnected
  })

  it('only when it is unpacked is a failure, and is not unpacked to its end', async () => {
    const bomb = gzipSync(Buffer.alloc(100_000_000))
    const server = await serve((_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb))
    const before = process.memoryUsage().arrayBuffers
    const result = await call({ url: server.url })
    expect(result).toMatchObject(failure('HTTP_TOO_LARGE', false))
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000)
  })

  it('in its headers is a failure', async () => {
    const tcp = createServer((socket) => {
      socket.on('error', () => {})
      socket.write(`HTTP/1.1 200 OK\r\nx-large: ${'a'.repeat(1_000_000)}\r\n\r\n`)
    })
    expect(await call({ url: await listen(tcp) })).toMatchObject(failure('HTTP_TOO_LARGE', false))
  })

  it('is one byte more than what is kept', async () => {
    const server = await serve((request, response) => response.end('a'.repeat(Number(request.url?.slice(1)))))
    expect(await call({ url: `${server.url}/1000` }, { bodyBytes: 1000 })).toMatchObject({ outcome: 'SUCCESS' })
    expect(await call({ url: `${server.url}/1001` }, { bodyBytes: 1000 })).toMatchObject(failure('HTTP_TOO_LARGE', false))
  })
})

describe('A redirect', () => {
  const redirectingTo = (location: string, status = 302) =>
    serve((_request, response) => response.writeHead(status, { location }).end())

  it('is not followed unless the settings say so', async () => {
    const target = await serve((_request, response) => response.end())
    const { url } = await redirectingTo(target.url)
    const result = await call({ url })
    expect(result).toMatchObject(failure('HTTP_STATUS', true))
    expect(result.error?.message).toContain(`answered 302 and points to ${target.url}`)
    expect(target.received).toEqual([])
  })

  it('is followed where the settings say so', async () => {
    const target = await serve((_request, response) => response.end('arrived'))
    const { url } = await redirectingTo(`${target.url}/there`)
    const { output, logs } = await call({ url, followRedirects: 1 })
    expect(output).toMatchObject({ status: 200, body: 'arrived' })
    expect(logs.map(({ text }) => text)).toContain(`Redirected to GET ${target.url}/there`)
  })

  it('is followed three times at most', async () => {
    const server = await serve((request, response) => {
      response.writeHead(302, { location: `/${Number(request.url?.slice(1)) + 1}` }).end()
    })
    expect(await call({ url: `${server.url}/0`, followRedirects: 20 })).toMatchObject(failure('HTTP_STATUS', true))
    expect(server.received.map(({ path }) => path)).toEqual(['/0', '/1', '/2', '/3'])
  })

  it.each(['http://169.254.169.254/latest/meta-data', 'file:///etc/passwd', 'http://user:password@127.0.0.1/'])(
    'is judged as the first request was: %s',
    async (location) => {
      const { url } = await redirectingTo(location)
      expect(await call({ url, followRedirects: 3 })).toMatchObject(failure('EGRESS_REFUSED', false))
    },
  )

  it('from a target that the tenant is allowed is judged by the same rules', async () => {
    const target = await serve((_request, response) => response.end())
    const egressOf = () => ({ allowPrivate: false, targets: privateTargetsOf(['127.0.0.1']) })
    const beside = await redirectingTo(target.url.replace('127.0.0.1', '127.0.0.2'))
    expect(await call({ url: beside.url, followRedirects: 3 }, { egressOf })).toMatchObject(failure('EGRESS_REFUSED', false))
    const within = await redirectingTo(target.url)
    expect(await call({ url: within.url, followRedirects: 3 }, { egressOf })).toMatchObject({ outcome: 'SUCCESS' })
  })

  it('is judged by the rules of its moment, not by those of the first request', async () => {
    const target = await serve((_request, response) => response.end())
    let allowPrivate = true
    const { url } = await serve((_request, response) => {
      allowPrivate = false
      response.writeHead(302, { location: target.url }).end()
    })
    const result = await call({ url, followRedirects: 3 }, { egressOf: () => ({ allowPrivate }) })
    expect(result).toMatchObject(failure('EGRESS_REFUSED', false))
    expect(target.received).toEqual([])
  })

  it('to a name is judged by where the name leads', async () => {
    const { url } = await redirectingTo('http://metadata.google.internal/')
    const lookup: HttpHandlerOptions['lookup'] = (_name, _options, callback) => callback(null, '169.254.169.254', 4)
    expect(await call({ url, followRedirects: 3 }, { lookup })).toMatchObject(failure('EGRESS_REFUSED', false))
  })
})

/** The address of a bare TCP server on loopback that is closed after the test. */
async function listen(tcp: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void tcp.close())
  const address = tcp.address()
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
}

describe('A success expression', () => {
  const answering = (status: number, body: unknown) =>
    serve((_request, response) =>
      response.writeHead(status, { 'content-type': 'application/json', 'x-state': 'late' }).end(JSON.stringify(body)),
    )
  const judge = async (success: string, more: object = {}) => {
    const server = await answering(202, { state: 'done', rows: [1, 2] })
    const { outcome, error } = await runHandler(createHttpHandler({ egressOf: () => ({ allowPrivate: true }) }), {
      settings: { method: 'GET', url: server.url, success, ...more },
    })
    return outcome === 'SUCCESS' ? outcome : error!.code
  }

  it.each([
    ['status == 202 && body.state == "done"', 'SUCCESS'],
    ['size(body.rows) > 2', 'HTTP_CONDITION'],
    ['headers["x-state"] == "late"', 'SUCCESS'],
    ['body.missing.deeper == 1', 'HTTP_CONDITION'],
    ['body.state', 'HTTP_CONDITION'],
  ])('%s comes to %s', async (success, expected) => {
    expect(await judge(success)).toBe(expected)
  })

  it('decides together with statuses where these are named', async () => {
    expect(await judge('true', { successStatuses: [200] })).toBe('HTTP_STATUS')
  })
})

describe('A network fault', () => {
  /** Reads the request and hangs up: whether it was carried out, nobody knows. */
  const hangUp = () => serve((request) => request.socket.destroy())
  const retriableOf = async (settings: object) => {
    const server = await hangUp()
    const { error, retriable } = await runHandler(createHttpHandler({ egressOf: () => ({ allowPrivate: true }) }), {
      settings: { url: server.url, ...settings },
    })
    return [error!.code, retriable]
  }

  it.each(['GET', 'HEAD', 'PUT', 'DELETE'])('%s may be repeated: twice is once', async (method) => {
    expect(await retriableOf({ method })).toEqual(['HTTP_NETWORK', true])
  })

  it.each(['POST', 'PATCH'])('%s is not repeated once it may have been carried out', async (method) => {
    expect(await retriableOf({ method })).toEqual(['HTTP_NETWORK', false])
  })

  it('POST is repeated where the other side heeds the idempotency key', async () => {
    expect(await retriableOf({ method: 'POST', idempotent: true })).toEqual(['HTTP_NETWORK', true])
  })

  it('POST is repeated where nothing was ever sent', async () => {
    const { retriable, error } = await runHandler(createHttpHandler({ egressOf: () => ({ allowPrivate: true }) }), {
      settings: { method: 'POST', url: 'http://127.0.0.1:1/' },
    })
    expect([error!.code, retriable]).toEqual(['HTTP_NETWORK', true])
  })
})

describe('A callback', () => {
  const url = 'https://carillon.test/callback/v1/1.secret'
  const promising = (status = 202) => serve((_request, response) => response.writeHead(status).end())
  const withCallback = { openCallback: async () => url }

  it('is told in a header, and where headers, body and query have a place for it', async () => {
    const server = await promising()
    const place = '${{ callback.url }}'
    const settings = {
      method: 'POST' as const,
      headers: { 'x-reply': `to ${place}` },
      body: { deep: [{ to: place }] },
      callback: {},
    }
    await call({ url: `${server.url}/?reply=\${{callback.url}}`, ...settings }, withCallback)
    expect(server.received[0]).toMatchObject({
      path: `/?reply=${encodeURIComponent(url)}`,
      headers: { 'carillon-callback': url, 'x-reply': `to ${url}` },
      body: JSON.stringify({ deep: [{ to: url }] }),
    })
  })

  it.each([
    [202, {}, 'DETACHED'],
    [202, { success: 'status == 200' }, 'DETACHED'],
    [200, {}, 'SUCCESS'],
    [500, {}, 'FAILURE'],
  ])('is waited for after the status %i with the settings %j: %s', async (status, settings, outcome) => {
    const server = await promising(status)
    expect(await call({ url: server.url, callback: {}, ...settings }, withCallback)).toMatchObject({ outcome })
  })

  it('is not waited for by a task that asks for none: 202 is success', async () => {
    const server = await promising()
    expect(await call({ url: server.url }, withCallback)).toMatchObject({ outcome: 'SUCCESS' })
    expect(server.received[0]?.headers).not.toHaveProperty('carillon-callback')
  })

  it('stands in no line of the log', async () => {
    const server = await promising()
    const { logs } = await call({ url: `${server.url}/?reply=\${{callback.url}}`, callback: {} }, withCallback)
    expect(logs.length).toBeGreaterThan(1)
    expect(JSON.stringify(logs)).not.toContain('secret')
  })

  it('is not told to another origin that a redirect leads to', async () => {
    const elsewhere = await promising()
    const server = await serve((_request, response) => response.writeHead(307, { location: elsewhere.url }).end())
    await call({ url: server.url, callback: {}, followRedirects: 1 }, withCallback)
    expect(elsewhere.received[0]?.headers).not.toHaveProperty('carillon-callback')
  })

  it('fails the attempt before anything is sent where the server cannot be called back', async () => {
    const server = await promising()
    const result = await call({ url: server.url, callback: {} })
    expect(result).toMatchObject(failure('HTTP_NO_CALLBACK', false))
    expect(result.error?.message).toContain('publicUrl')
    expect(server.received).toEqual([])
  })
})
