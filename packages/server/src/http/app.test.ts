import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import Type from 'typebox'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { assertBindable } from './app.ts'
import { startTestApi, type TestApi } from './api.test-helper.ts'

let api: TestApi
beforeAll(async () => {
  api = await startTestApi({ corsOrigins: ['https://console.example'], bodyBytes: 100_000 })
  await api.tenantA.client.taskTypes.create({ body: { code: 'note', kind: 'log', settings: { message: 'hello' } } })
})
afterAll(() => api.close())

const post = (body: unknown, headers: Record<string, string> = {}, url = '/api/v1/tasks') =>
  api.call({ method: 'POST', url, token: api.tenantA.owner, body, headers })
const get = (url: string, token = api.tenantA.owner) => api.call({ method: 'GET', url, token })

const task = { code: 'x', type: 'note' }

describe('a request that is not right is refused with the place that is wrong', () => {
  const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
  test.each<[string, unknown, number, string, string]>([
    ['a field is missing', { code: 'x' }, 422, '/body/type', 'is required'],
    ['an unknown field', { ...task, nmae: 'x' }, 422, '/body/nmae', 'did you mean name?'],
    ['a field of the server', { ...task, tenantId: 1 }, 422, '/body/tenantId', 'is not known here'],
    ['the wrong type', { ...task, name: 5 }, 422, '/body/name', 'must be string'],
    ['a number as text', { ...task, policies: { priority: '5' } }, 422, '/body/policies/priority', 'must be integer'],
    ['null where nothing may be reset', { ...task, name: null }, 422, '/body/name', 'must be string'],
    ['a value outside its bounds', { ...task, policies: { priority: 11 } }, 422, '/body/policies/priority', 'must be <= 10'],
    ['a word that is none', { ...task, policies: { route: 'BEST' } }, 422, '/body/policies/route', 'must be one of ROUND_ROBIN'],
    [
      'a wrong tag',
      { ...task, policies: { concurrency: { policy: 'NEVER' } } },
      422,
      '/body/policies/concurrency',
      'PARALLEL, SEQUENTIAL',
    ],
    [
      'a field of another alternative',
      { ...task, policies: { concurrency: { policy: 'SEQUENTIAL', limit: 1 } } },
      422,
      '/body/policies/concurrency/limit',
      'not known',
    ],
    ['a code that could be an identifier', { ...task, code: '123' }, 422, '/body/code', 'at least one is not a digit'],
    ['NUL in a text', { ...task, name: 'a\0b' }, 422, '/body/name', 'NUL'],
    ['NUL in a key', { ...task, params: { 'a\0': 1 } }, 422, '/body/params', 'key'],
    ['half a surrogate pair', '{"code":"x","type":"note","name":"\\ud800"}', 422, '/body/name', 'surrogate'],
    ['a number that overflows', '{"code":"x","type":"note","params":{"a":1e999}}', 422, '/body/params/a', 'out of range'],
    ['too deep', `{"code":"x","type":"note","params":${deep(70)}}`, 422, '/body/params/a', 'deeper than 64'],
    ['a type that does not exist', { code: 'x', type: 'nothing' }, 422, '/body/type', 'names no task type'],
    [
      'settings that the kind does not know',
      { code: 'x', kind: 'log', settings: { massage: 'x' } },
      422,
      '/body/settings/massage',
      'did you mean message',
    ],
  ])('%s', async (name, body, status, path, message) => {
    const answer = await post(body, {}, name.startsWith('settings') ? '/api/v1/task-types' : undefined)
    expect(answer.status).toBe(status)
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(answer.body).toMatchObject({ status, code: 'VALIDATION_FAILED', type: 'urn:carillon:problem:validation-failed' })
    const problem = answer.body.problems.find((each: { path: string }) => each.path.startsWith(path))
    expect(problem?.message ?? JSON.stringify(answer.body.problems)).toContain(message)
  })

  test.each([
    ['limit', '/api/v1/tasks?limit=1000000000', '/query/limit'],
    ['limit below one', '/api/v1/tasks?limit=0', '/query/limit'],
    ['limit twice', '/api/v1/tasks?limit=1&limit=2', '/query/limit'],
    ['a cursor that is none', '/api/v1/tasks?cursor=AAAA', '/query/cursor'],
    ['a cursor of another order', `/api/v1/tasks?sort=-id&cursor=${Buffer.from('"x"').toString('base64url')}`, '/query/cursor'],
    ['an unknown filter', '/api/v1/tasks?stat=x', '/query/stat'],
    ['an order that is none', '/api/v1/tasks?sort=name', '/query/sort'],
    ['NUL in a filter', '/api/v1/tasks?q=%00', '/query/q'],
    ['an identifier that is none', '/api/v1/runs/abc', '/params/run'],
  ])('in the query: %s', async (_, url, path) => {
    const answer = await get(url)
    expect([answer.status, answer.body.problems[0].path]).toEqual([422, path])
  })
})

describe('a field that is wrong', () => {
  test.each([
    ['of several types none', { ...task, runnableBy: 5 }, '/body/runnableBy', 'must be array or null'],
    ['of one of several types, but out of bounds', { ...task, type: '' }, '/body/type', 'is not valid: Identifier or code'],
    [
      'both too short and of the wrong letters',
      { ...task, labels: { '': 'x' } },
      '/body/labels/',
      /^must NOT have fewer.*; must match/,
    ],
  ])('is named once: %s', async (_, body, path, message) => {
    const { problems } = (await post(JSON.stringify(body))).body
    expect(problems).toEqual([{ path, message: expect.stringMatching(message) }])
  })

  test('inside an alternative hides that it could have been another one', async () => {
    const body = { code: 's', task: 't', timing: { kind: 'MANUAL' }, misfire: { policy: 'CATCH_UP', maxFires: 1, windowMs: 1 } }
    const answer = await api.call({ method: 'POST', url: '/api/v1/schedules', token: api.tenantA.owner, body })
    expect(answer.body.problems).toEqual([{ path: '/body/misfire/perMinute', message: 'is required' }])
  })
})

describe('a request that cannot be read', () => {
  test.each([
    ['malformed JSON', '{"code":', {}, 400, 'MALFORMED_REQUEST'],
    ['an empty body that says it is JSON', '', {}, 400, 'MALFORMED_REQUEST'],
    ['another content type', 'code=x', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['text', '{}', { 'content-type': 'text/plain' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['too large', JSON.stringify({ name: 'x'.repeat(200_000) }), {}, 413, 'TOO_LARGE'],
    ['a list', '[]', {}, 422, 'VALIDATION_FAILED'],
    ['null', 'null', {}, 422, 'VALIDATION_FAILED'],
  ])('%s', async (_, body, headers, status, code) => {
    const answer = await post(body, headers)
    expect([answer.status, answer.body.code]).toEqual([status, code])
  })

  test.each([
    ['{"params":{"list":[{"__proto__":{"admin":true}}]}}', '/body/params/list/0/__proto__'],
    ['{"\\u005f_proto__":1}', '/body/__proto__'],
    ['{"constructor":{"prototype":{"admin":true}}}', '/body/constructor/prototype'],
  ])('a key that reaches the prototype is named: %s', async (body, path) => {
    const answer = await post(body)
    expect([answer.status, answer.body.problems]).toEqual([
      422,
      [{ path, message: expect.stringContaining('not allowed as a key') }],
    ])
    expect(answer.body.detail).toContain('prototype')
  })

  test('with an integer that would be rounded is refused where it stands; one that is written as a string is not', async () => {
    const answer = await post('{"code": "big", "type": "x", "params": {"ids": [1, 9007199254740993]}}')
    expect([answer.status, answer.body.code]).toEqual([422, 'VALIDATION_FAILED'])
    const [problem] = answer.body.problems
    expect(problem.path).toBe('/body/params/ids/1')
    expect(problem.message).toMatch(/is 9007199254740993, .*would be rounded; write it as a string: "9007199254740993"/)
    const other = await post('{"code": "big", "type": "x", "params": {"ids": [9007199254740991, "9007199254740993", 1e300]}}')
    expect(other.body.problems).toEqual([{ path: '/body/type', message: expect.stringContaining('names no') }])
  })

  test('that is no JSON says where it stops being so', async () => {
    expect((await post('{"code":x}')).body.detail).toMatch(/not valid JSON: .*x/)
  })

  test('that is too large names the limit and what it allows', async () => {
    const answer = await post(JSON.stringify({ name: 'x'.repeat(200_000) }))
    expect(answer.body).toMatchObject({ code: 'TOO_LARGE', limit: 'body', maxBytes: 100_000 })
    expect(answer.body.detail).toMatch(/limits\.bodyBytes.* 100000 bytes/)
  })

  test('a path that exists under another method is 405 with what is offered', async () => {
    const answer = await api.call({ method: 'PUT', url: '/api/v1/tasks', token: api.tenantA.owner, body: {} })
    expect([answer.status, answer.body.code, answer.headers['allow']]).toEqual([405, 'METHOD_NOT_ALLOWED', 'GET, POST'])
  })

  test('a path that does not exist is 404, whatever it holds', async () => {
    for (const url of ['/api/v2', '/api/v1/tasks/x/y/z', '/metrics', '/.git/config', '/debug'])
      expect((await get(url)).status).toBe(404)
    for (const url of ['/api/v1/tasks/%ff', '/%']) expect((await get(url)).status).toBe(400)
  })
})

describe('who calls', () => {
  test('a tenant is named by platform administrators alone', async () => {
    const headers = { 'carillon-tenant': 'tenant-b' }
    const asPlatform = await api.call({ method: 'GET', url: '/api/v1/whoami', token: api.platform, headers })
    expect(asPlatform.body.tenant).toEqual({ id: api.tenantB.id, code: 'tenant-b' })
    const asOwner = await api.call({ method: 'GET', url: '/api/v1/whoami', token: api.tenantA.owner, headers })
    expect([asOwner.status, asOwner.body.code]).toEqual([403, 'FORBIDDEN'])
    const unknown = { 'carillon-tenant': 'nobody' }
    expect((await api.call({ method: 'GET', url: '/api/v1/whoami', token: api.platform, headers: unknown })).status).toBe(404)
  })

  test('an expired token is none', async () => {
    const token = await api.token(api.tenantA.id, 'owner')
    await api.root.query(`update api_token set expires_at = now() - interval '1 second' where hash = sha256($1::bytea)`, [token])
    expect((await get('/api/v1/whoami', token)).status).toBe(401)
  })

  test('S04 a revoked token is dead at once where it was revoked, and a second later everywhere', async () => {
    const token = await api.token(api.tenantA.id, 'developer')
    expect((await get('/api/v1/whoami', token)).status).toBe(200)
    const { items } = await api.tenantA.client.tokens.list({ query: { role: 'developer', limit: 1 } })
    await api.tenantA.client.tokens.revoke({ params: { token: items[0]!.id } })
    expect((await get('/api/v1/whoami', token)).status).toBe(401)
  })

  test('a suspended tenant is refused, and let in again', async () => {
    const tenant = await api.client(api.platform).tenants.create({ body: { code: 'late-payer' } })
    const token = await api.token(tenant.id, 'owner')
    const { tenants } = api.client(api.platform)
    await tenants.update({ params: { tenant: tenant.id }, body: { version: 1, state: 'SUSPENDED' } })
    const refused = await get('/api/v1/tasks', token)
    expect([refused.status, refused.body.detail]).toEqual([403, expect.stringContaining('suspended')])
    await tenants.update({ params: { tenant: tenant.id }, body: { version: 2, state: 'ACTIVE' } })
    expect((await get('/api/v1/tasks', token)).status).toBe(200)
  })
})

describe('S36 every answer carries the security headers', () => {
  test.each([
    ['a success', '/api/v1/tasks', 200],
    ['a refusal', '/api/v1/tasks/none', 404],
    ['an unknown path', '/nowhere', 404],
    ['a path that cannot be decoded', '/%', 400],
    ['the page', '/docs/', 200],
  ])('%s', async (_, url, status) => {
    const { headers, status: actual } = await get(url)
    expect(actual).toBe(status)
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    })
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'/)
    expect(headers['content-security-policy']).not.toMatch(/unsafe/)
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
    expect(headers).not.toHaveProperty('x-powered-by')
  })

  test("the caller's request id is kept where it is a sane one", async () => {
    const ask = (id: string) => api.call({ method: 'GET', url: '/nowhere', headers: { 'x-request-id': id } })
    expect((await ask('abc-1')).body.requestId).toBe('abc-1')
    expect((await ask('a b\u00e4')).body.requestId).toMatch(/^[0-9a-f-]{36}$/)
  })
})

describe('CORS', () => {
  const preflight = (origin: string) =>
    api.call({ method: 'OPTIONS', url: '/api/v1/tasks', headers: { origin, 'access-control-request-method': 'POST' } })

  test('a configured origin may call, without credentials', async () => {
    const answer = await preflight('https://console.example')
    expect(answer.status).toBe(204)
    expect(answer.headers).toMatchObject({ 'access-control-allow-origin': 'https://console.example', vary: 'origin' })
    expect(answer.headers).not.toHaveProperty('access-control-allow-credentials')
  })

  test.each(['https://evil.example', 'null', 'https://console.example.evil.example'])('%s may not', async (origin) => {
    expect((await preflight(origin)).headers).not.toHaveProperty('access-control-allow-origin')
  })
})

describe('the server does not start', () => {
  const handler = () => Promise.resolve({})
  const route = {
    method: 'POST',
    path: '/x',
    access: 'read',
    summary: '',
    tag: '',
    responses: { 200: Type.Object({}) },
    audit: 'x.do',
  } as const
  const refusal =
    (changed: object, given: unknown = handler) =>
    () =>
      assertBindable('x', 'do', { ...route, ...changed } as never, given)

  test('S04 with a route that nobody handles, that does not say who may call it, or that changes things unrecorded', () => {
    expect(refusal({}, null)).toThrow('has no handler')
    expect(refusal({ access: undefined })).toThrow('does not declare who may call it')
    expect(refusal({ audit: undefined })).toThrow('name its audit operation')
    expect(refusal({ audit: undefined, unaudited: 'only computes' })).not.toThrow()
    expect(refusal({ audit: undefined, method: 'GET' })).not.toThrow()
  })
})

test('a database that is away is 503 with Retry-After, and says nothing of itself', async () => {
  const { call, close, db, tenantA } = await startTestApi()
  await call({ method: 'GET', url: '/api/v1/tasks', token: tenantA.owner })
  const ready = () => call({ method: 'GET', url: '/ready' })
  expect((await ready()).status).toBe(200)
  const down = () => Promise.reject(Object.assign(new Error('connect ECONNREFUSED 10.1.2.3:5432'), { code: 'ECONNREFUSED' }))
  const working = { ...db }
  Object.assign(db, { engine: down, read: down, tenant: down })
  const answer = await call({ method: 'GET', url: '/api/v1/tasks', token: tenantA.owner })
  expect([answer.status, answer.body.code, answer.headers['retry-after']]).toEqual([503, 'UNAVAILABLE', '1'])
  expect(answer.text).not.toContain('10.1.2.3')
  expect((await ready()).status).toBe(503)
  expect((await call({ method: 'GET', url: '/health' })).status).toBe(200)
  Object.assign(db, working)
  await close()
})

test('a fault of ours is a 500 that tells its request id and nothing else', async () => {
  const { call, close, db, tenantA } = await startTestApi({ onFault: () => undefined })
  await call({ method: 'GET', url: '/api/v1/whoami', token: tenantA.owner })
  const read = db.read
  Object.assign(db, { read: () => Promise.reject(new Error('secret detail of ours')) })
  const answer = await call({ method: 'GET', url: '/api/v1/tasks', token: tenantA.owner })
  expect([answer.status, answer.body.code]).toEqual([500, 'INTERNAL'])
  expect(answer.text).not.toMatch(/secret|at .*\.ts/)
  Object.assign(db, { read })
  await close()
})

test('over a real socket: HTTP that is not HTTP is refused and the server lives', async () => {
  await api.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = api.app.server.address() as AddressInfo
  const status = await new Promise<number>((resolve, reject) => {
    const call = httpRequest(
      { port, host: '127.0.0.1', path: '/health', headers: { 'x-long': 'x'.repeat(100_000) } },
      (answer) => {
        answer.resume()
        resolve(answer.statusCode ?? 0)
      },
    )
    call.on('error', reject)
    call.end()
  })
  expect(status).toBe(431)
  expect((await get('/health')).status).toBe(200)
})

test('the page and its library are served, and the description only with a token', async () => {
  expect((await get('/docs/')).text).toContain('Access token')
  expect((await get('/docs/swagger-ui-bundle.js')).status).toBe(200)
  expect((await api.call({ method: 'GET', url: '/api/v1/openapi.json' })).status).toBe(401)
  expect((await get('/api/v1/openapi.json')).body.openapi).toBe('3.1.0')
})
