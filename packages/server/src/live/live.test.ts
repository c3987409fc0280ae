import type { LiveMessage, LiveTopic } from '@carillon/contract'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { WebSocketServer } from 'ws'
import { hashPassword } from '../definition/password.ts'
import { createDagWorld, type DagWorld } from '../http/handlers/dag-runs.test-helper.ts'
import { storeLogs } from '../lifecycle/logs.ts'
import { startLive, type LiveTestClient, type LiveWorld } from './live.test-helper.ts'

let live: LiveWorld
let world: DagWorld
beforeAll(async () => {
  live = await startLive()
  world = await createDagWorld(live.api)
})
afterAll(() => live.close())

const tenant = 'tenant-a'
const owner = () => live.api.tenantA.owner
const open = () => live.open(owner())
const openWith = (headers: Record<string, string>) => live.openWith(headers)
const pageOrigin = () => new URL(live.url).origin.replace('ws:', 'http:')

/** The cookie of somebody who is a viewer in these tenants. */
async function signIn(login: string, ...tenants: readonly ('tenant-a' | 'tenant-b')[]): Promise<string> {
  const { root, tenantA, tenantB } = live.api
  const text = `insert into user_account (login, name, password_hash) values ($1, $1, $2) returning id`
  const { rows } = await root.query(text, [login, await hashPassword('a password')])
  for (const code of tenants) {
    const { id } = code === 'tenant-a' ? tenantA : tenantB
    await root.query(`insert into membership (tenant_id, user_id, role) values ($1, $2, 'viewer')`, [id, rows[0].id])
  }
  const body = { name: login, password: 'a password' }
  const { headers } = await live.api.call({ method: 'POST', url: '/api/v1/session', body })
  return String(headers['set-cookie']).split(';')[0]!
}
const runOf = (run: number): LiveTopic => ({ kind: 'run', tenant, run })
const of = (id: number, type?: LiveMessage['type']) => (message: LiveMessage) =>
  'id' in message && message.id === id && (type === undefined || message.type === type)
const stateOf = (code: string, state: string) => (view: { items: any[] }) =>
  view.items.some((item) => item.nodeCode === code && item.state === state)
const triggerTask = async (params: Record<string, unknown> = {}) =>
  (await live.api.tenantA.client.runs.trigger({ params: { task: 'work' }, body: { params } })).runId
const refusalOf = async (client: LiveTestClient, id: number) => {
  const { problem } = (await client.until(of(id, 'refused'))) as Extract<LiveMessage, { type: 'refused' }>
  return problem
}

describe('a run', () => {
  test('is seen live from PENDING to SUCCESS, and in the end is what REST shows', async () => {
    const client = await open()
    expect(await client.until(({ type }) => type === 'hello')).toMatchObject({ node: 'node-1', serverTime: expect.any(Number) })
    const run = await world.trigger(await world.dag('a>b'))
    const id = client.subscribe(runOf(run))
    await client.sees(id, (view) => view.head.state === 'PENDING' && stateOf('b', 'WAITING')(view))
    const [a] = await world.claim()
    await client.sees(id, stateOf('a', 'RESERVED'))
    await world.succeed(a!, { found: 3 })
    await client.sees(id, (view) => stateOf('a', 'SUCCESS')(view) && stateOf('b', 'PENDING')(view))
    await world.workOff()
    await client.sees(id, (view) => view.head.state === 'SUCCESS' && stateOf('b', 'SUCCESS')(view))
    const { instances, ...shown } = await world.run(run)
    const { head, items } = client.view(id)!
    expect(head).toEqual({ ...shown, waiting: [] })
    expect(items).toEqual(
      instances.map(({ output, outputLeftOut: _, why: __, ...rest }) => ({ ...rest, hasOutput: output !== null })),
    )
    client.socket.close()
  })

  test('says why those of its instances wait that something holds, and no longer once they run', async () => {
    const client = await open()
    const run = await world.trigger(await world.dag('held>later'))
    const id = client.subscribe(runOf(run))
    await client.sees(id, ({ head }) => head.waiting.length > 0)
    const { instances } = await world.run(run)
    const held = instances.find(({ nodeCode }) => nodeCode === 'held')!
    expect(client.view(id)!.head.waiting).toEqual([{ instance: held.id, why: held.why }])
    const [claimed] = await world.claim(1)
    await client.sees(id, ({ head }) => head.waiting.length === 0)
    await world.succeed(claimed!)
    await world.workOff()
    client.socket.close()
  })

  test('is shown, with nothing lost, while it cannot be asked why something of it waits', async () => {
    const survey = vi.spyOn(live.api.db, 'survey').mockRejectedValue(new Error('There is no connection.'))
    const client = await open()
    const run = await world.trigger(await world.dag('held>later'))
    const id = client.subscribe(runOf(run))
    await vi.waitFor(() => expect(survey).toHaveBeenCalled(), 10_000)
    const [claimed] = await world.claim(1)
    await client.sees(id, stateOf('held', 'RESERVED'))
    survey.mockRestore()
    await world.succeed(claimed!)
    await client.sees(id, stateOf('held', 'SUCCESS'))
    expect(live.errors.splice(0).map(String)).toContain('Error: There is no connection.')
    await world.workOff()
    client.socket.close()
  })

  test('is shown without errors that are long', async () => {
    const client = await open()
    const run = await world.trigger(await world.dag('short long'))
    const claimed = await world.claim()
    for (const each of claimed) await world.fail(each)
    const [short, long] = (await world.run(run)).instances
    const text = `update instance_history set error = jsonb_build_object('code', 'BROKEN', 'message', $2::text) where id = $1`
    await live.api.root.query(text, [long!.id, Array.from({ length: 2_000 }, (_, n) => n).join(' ')])
    const id = client.subscribe(runOf(run))
    await client.sees(id, ({ items }) => items.length === 2)
    expect(client.view(id)!.items).toMatchObject([
      { id: short!.id, error: { code: 'BROKEN' }, errorLeftOut: false },
      { id: long!.id, error: null, errorLeftOut: true },
    ])
    client.socket.close()
  })

  test('sends only the instances that have changed', async () => {
    const client = await open()
    const run = await world.trigger(await world.dag('x1>y x2>y x3>y'))
    const id = client.subscribe(runOf(run))
    await client.sees(id, ({ items }) => items.length === 4)
    const before = client.heard.length
    const [first] = await world.claim(1)
    const code = (await live.api.tenantA.client.instances.get({ params: { instance: first!.instance } })).nodeCode!
    await client.sees(id, stateOf(code, 'RESERVED'))
    const changes = client.heard.slice(before).filter(of(id))
    expect(changes.flatMap((message) => (message.type === 'changes' ? message.upserts : []))).toMatchObject([{ nodeCode: code }])
    await world.succeed(first!)
    await world.workOff()
    client.socket.close()
  })

  test('goes on from where a client was, wherever it connects: only what has changed since is sent', async () => {
    const run = await world.trigger(await world.dag('p>q>r'))
    const first = await open()
    const before = first.subscribe(runOf(run))
    await first.sees(before, ({ items }) => items.length === 3)
    const snapshot = first.heard.find(of(before, 'snapshot')) as Extract<LiveMessage, { type: 'snapshot' }>
    first.socket.close()
    await first.closed
    const [p] = await world.claim(1)
    await world.succeed(p!)
    const second = await open()
    const after = second.subscribe(runOf(run), snapshot.seq)
    const changes = (await second.until(of(after))) as Extract<LiveMessage, { type: 'changes' }>
    expect(changes.type).toBe('changes')
    expect(changes.upserts.map((item) => (item as { nodeCode: string }).nodeCode).toSorted()).toEqual(['p', 'q'])
    expect(changes.head).toMatchObject({ id: run })
    await world.workOff()
    second.socket.close()
  })

  test('of another tenant is refused exactly as one that does not exist', async () => {
    const run = await world.trigger(await world.dag('secret'))
    const other = await live.open(live.api.tenantB.owner)
    const its = other.subscribe({ kind: 'run', tenant: 'tenant-b', run })
    const none = other.subscribe({ kind: 'run', tenant: 'tenant-b', run: run + 1_000_000 })
    expect(await refusalOf(other, its)).toMatchObject({ status: 404, code: 'NOT_FOUND' })
    expect(await refusalOf(other, its)).toEqual(await refusalOf(other, none))
    const theirs = other.subscribe(runOf(run))
    const nobodys = other.subscribe({ kind: 'run', tenant: 'nobody', run })
    expect(await refusalOf(other, theirs)).toMatchObject({ status: 403 })
    expect(await refusalOf(other, theirs)).toEqual(await refusalOf(other, nobodys))
    await world.workOff()
    other.socket.close()
  })
})

describe('a list', () => {
  test('has its new rows and changed states, in the order of REST, and loses what falls off its page', async () => {
    const client = await open()
    await triggerTask()
    const id = client.subscribe({ kind: 'runs', tenant, query: { task: 'work', limit: 2 } })
    await client.sees(id, ({ items }) => items.length > 0)
    const runs = [await triggerTask(), await triggerTask()]
    await client.sees(id, ({ items }) => items.map((run) => run.id).join() === runs.toReversed().join())
    await world.workOff()
    await client.sees(id, ({ items }) => items.every((run) => run.state === 'SUCCESS'))
    const { items, nextCursor } = await live.api.tenantA.client.runs.list({ query: { task: 'work', limit: 2 } })
    expect(client.view(id)).toEqual({ head: { nextCursor }, items })
    client.socket.close()
  })

  test.each([
    ['instances', 'instances', { state: ['SUCCESS'] }],
    ['executors', 'executors', {}],
    ['schedules', 'schedules', { sort: '-id' }],
  ] as const)('of %s is what its route answers', async (kind, group, query) => {
    const client = await open()
    const routes = live.api.tenantA.client
    if (kind === 'schedules')
      await routes.schedules.create({
        body: { code: 'hourly', task: 'work', timing: { kind: 'FIXED_RATE', everyMs: 3_600_000 } },
      })
    const id = client.subscribe({ kind, tenant, query } as LiveTopic)
    await client.sees(id, ({ items }) => items.length > 0)
    const { items, nextCursor } = await (routes[group].list as (input: object) => Promise<any>)({ query })
    expect(client.view(id)).toEqual({ head: { nextCursor }, items })
    client.socket.close()
  })

  test('of schedules shows the next fire when it changes', async () => {
    const client = await open()
    const { schedules } = live.api.tenantA.client
    await schedules.create({ body: { code: 'to-pause', task: 'work', timing: { kind: 'FIXED_RATE', everyMs: 3_600_000 } } })
    const id = client.subscribe({ kind: 'schedules', tenant, query: { q: 'to-pause' } })
    await client.sees(id, ({ items }) => items[0]?.nextFireAt > 0)
    await schedules.pause({ params: { schedule: 'to-pause' }, body: {} })
    await client.sees(id, ({ items }) => items[0]?.paused === true)
    client.socket.close()
  })
})

test('the overview is what its route answers, renewed', async () => {
  const client = await open()
  const id = client.subscribe({ kind: 'overview', tenant })
  await client.sees(id, ({ items, head }) => items.length === 0 && head.executors.total === 1)
  await triggerTask()
  await client.sees(id, ({ head }) => head.pending.count === 1)
  await world.workOff()
  await client.sees(id, ({ head }) => head.pending.count === 0)
  const shown = await live.api.tenantA.client.overview.get()
  expect(Object.keys(client.view(id)!.head)).toEqual(Object.keys(shown))
  client.socket.close()
})

describe('a log', () => {
  const line = (seq: number) =>
    ({ seq, at: 1_000, level: seq % 10 === 0 ? 'ERROR' : 'INFO', source: 'handler', text: `line ${seq}` }) as const
  const write = async (instance: number, token: number, from: number, to: number) => {
    const [row] = (await live.api.root.query(`select session_id from instance_live where id = $1`, [instance])).rows
    const lines = Array.from({ length: to - from + 1 }, (_, n) => line(from + n))
    const shipped = { tenantId: live.api.tenantA.id, sessionId: Number(row.session_id), instance, token, lines }
    await live.api.db.lease((tx) => storeLogs(tx, live.api.engine, [shipped]))
  }

  test('has its lines as they come, goes on from a line on, and says when it has ended', async () => {
    const run = await triggerTask()
    const [assignment] = await world.claim()
    const client = await open()
    const id = client.subscribe({ kind: 'log', tenant, instance: run })
    await client.until(of(id, 'snapshot'))
    await write(run, assignment!.token, 1, 3)
    await client.sees(id, ({ items }) => items.map(({ text }) => text).join() === 'line 1,line 2,line 3')
    const { seq } = client.heard.findLast(of(id)) as { seq: number }
    await write(run, assignment!.token, 4, 5)
    const again = client.subscribe({ kind: 'log', tenant, instance: run }, seq)
    await client.sees(again, ({ items }) => items.map((each) => each.seq).join() === '4,5')
    const errors = client.subscribe({ kind: 'log', tenant, instance: run, level: 'ERROR' })
    await write(run, assignment!.token, 6, 12)
    await client.sees(errors, ({ items }) => items.map((each) => each.seq).join() === '10')
    await world.succeed(assignment!)
    await client.sees(id, ({ head, items }) => head.ended && items.length === 12)
    client.socket.close()
  })

  test('that is longer than is shown shows its end, and skips what comes faster than it can be shown', async () => {
    const run = await triggerTask()
    const [assignment] = await world.claim()
    await write(run, assignment!.token, 1, 1_500)
    const client = await open()
    const id = client.subscribe({ kind: 'log', tenant, instance: run })
    await client.sees(id, ({ items }) => items.length === 1_000 && items[0].seq === 501)
    await write(run, assignment!.token, 1_501, 4_000)
    await client.sees(id, ({ items }) => items.length === 1_000 && items[0].seq === 3_001 && items.at(-1).seq === 4_000)
    await write(run, assignment!.token, 4_001, 4_002)
    await client.sees(id, ({ items }) => items.at(-1).seq === 4_002)
    const late = client.subscribe({ kind: 'log', tenant, instance: run }, 100)
    await client.sees(late, ({ items }) => items.length === 1_000 && items[0].seq === 3_003)
    await world.succeed(assignment!)
    client.socket.close()
  })
})

describe('who may connect', () => {
  test('a client without a valid token is refused before the connection is one, and a token in the address does not count', async () => {
    await expect(live.open('carillon_wrong')).rejects.toThrow('401')
    const { WebSocket } = await import('ws')
    for (const url of [`${live.url}?token=${owner()}`, `${live.url}?access_token=${owner()}`]) {
      const socket = new WebSocket(url)
      const status = await new Promise((resolve) => socket.on('unexpected-response', (_, answer) => resolve(answer.statusCode)))
      expect(status).toBe(401)
    }
  })

  test('a page of another origin is refused, one of this server is not', async () => {
    await expect(live.open(owner(), { origin: 'http://evil.example.org' })).rejects.toThrow('403')
    const own = await live.open(owner(), { origin: pageOrigin() })
    await own.until(({ type }) => type === 'hello')
    own.socket.close()
    const named = await live.open(owner(), { origin: 'https://carillon.example.org' })
    await named.until(({ type }) => type === 'hello')
    named.socket.close()
  })

  test('a request that is no WebSocket is told to be one', async () => {
    const answer = await live.api.call({ method: 'GET', url: '/api/v1/live', token: owner() })
    expect(answer).toMatchObject({ status: 400, body: { code: 'MALFORMED_REQUEST' } })
    expect(answer.body.detail).toContain('WebSocket')
  })

  test('a WebSocket to any other path is answered and not left open', async () => {
    const { WebSocket } = await import('ws')
    for (const path of ['/api/v1/runs', '/nothing']) {
      const socket = new WebSocket(new URL(path, live.url), { headers: { authorization: `Bearer ${owner()}` } })
      await new Promise((resolve) => socket.on('error', resolve))
    }
  })

  test('each topic needs the permission of its route: an executor sees nothing', async () => {
    const client = await live.open(await live.api.token(live.api.tenantA.id, 'executor'))
    const id = client.subscribe({ kind: 'runs', tenant })
    expect(await refusalOf(client, id)).toMatchObject({ status: 403, code: 'FORBIDDEN' })
    client.socket.close()
  })

  test('a platform administrator sees the topics of several tenants on one connection', async () => {
    const run = await world.trigger(await world.dag('far'))
    const client = await live.open(live.api.platform)
    const a = client.subscribe(runOf(run))
    const b = client.subscribe({ kind: 'runs', tenant: 'tenant-b' })
    await client.sees(a, ({ head }) => head.id === run)
    await client.sees(b, ({ items }) => items.length === 0)
    await world.workOff()
    client.socket.close()
  })

  test('somebody who signed in sees the topics of the tenants of which they are a member, until they sign out', async () => {
    const cookie = await signIn('reader', 'tenant-a')
    const client = await openWith({ cookie, origin: pageOrigin() })
    const id = client.subscribe({ kind: 'runs', tenant })
    await client.until(of(id, 'snapshot'))
    const [theirs, nobodys] = ['tenant-b', 'nobody'].map((other) => client.subscribe({ kind: 'runs', tenant: other }))
    expect(await refusalOf(client, theirs!)).toMatchObject({ status: 403 })
    expect(await refusalOf(client, theirs!)).toEqual(await refusalOf(client, nobodys!))
    await live.api.root.query(`delete from user_session`)
    expect(await refusalOf(client, id)).toMatchObject({ status: 401 })
    expect((await client.closed).code).toBe(4401)
    await expect(openWith({ cookie, origin: pageOrigin() })).rejects.toThrow('401')
  })

  test('a page of another site that has the browser send the cookie is refused', async () => {
    const cookie = await signIn('lured', 'tenant-a')
    await expect(openWith({ cookie, origin: 'https://evil.example.org' })).rejects.toThrow('403')
  })

  test('a membership that ends takes the topics of its tenant along and leaves those of others', async () => {
    const cookie = await signIn('moving', 'tenant-a', 'tenant-b')
    const client = await openWith({ cookie })
    const a = client.subscribe({ kind: 'runs', tenant })
    const b = client.subscribe({ kind: 'executors', tenant: 'tenant-b' })
    await client.until(of(a, 'snapshot'))
    await client.until(of(b, 'snapshot'))
    await live.api.root.query(`delete from membership where tenant_id = $1`, [live.api.tenantA.id])
    expect(await refusalOf(client, a)).toMatchObject({ status: 403 })
    const again = client.subscribe({ kind: 'schedules', tenant: 'tenant-b' })
    await client.until(of(again, 'snapshot'))
    client.socket.close()
  })

  test('an open page is no use of a session: it does not live longer by it', async () => {
    const cookie = await signIn('idle', 'tenant-a')
    await live.api.root.query(`update user_session set seen_at = now() - interval '59 minutes 57 seconds'`)
    const client = await openWith({ cookie })
    const id = client.subscribe({ kind: 'runs', tenant })
    await client.until(of(id, 'snapshot'))
    expect((await client.closed).code).toBe(4401)
  })

  test('a token that is revoked loses its topics and its connection', async () => {
    const secret = await live.api.token(live.api.tenantA.id, 'viewer')
    const client = await live.open(secret)
    const id = client.subscribe({ kind: 'runs', tenant })
    await client.until(of(id, 'snapshot'))
    await live.api.root.query(`update api_token set revoked_at = now() where id = (select max(id) from api_token)`)
    expect(await refusalOf(client, id)).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' })
    expect((await client.closed).code).toBe(4401)
  })
})

describe('a connection', () => {
  test('says that its views are out of date while the server cannot look, and renews them when it can', async () => {
    const client = await open()
    const id = client.subscribe({ kind: 'executors', tenant })
    await client.until(of(id, 'snapshot'))
    await live.api.root.query(`revoke select on executor from carillon_api`)
    await client.until(of(id, 'resync'))
    // Also after it has tried again.
    await vi.waitFor(() => expect(live.errors.length).toBeGreaterThan(1), { timeout: 20_000 })
    expect(client.heard.findLast(of(id))!.type).toBe('resync')
    await live.api.root.query(`grant select on executor to carillon_api`)
    await client.until(of(id, 'changes'))
    expect(live.errors.splice(0).map(String)).toContainEqual(expect.stringContaining('permission denied'))
    client.socket.close()
  })

  test('shows nothing while it cannot be said who the client is, and goes on when it can', async () => {
    const client = await open()
    const id = client.subscribe({ kind: 'runs', tenant })
    await client.until(of(id, 'snapshot'))
    await live.api.root.query(`alter table api_token rename to gone`)
    await client.until(of(id, 'resync'))
    const run = Number((await live.api.root.query(`select max(id) as id from run_history`)).rows[0].id)
    expect(client.view(id)!.items[0].id).toBe(run)
    await live.api.root.query(`update run_history set reason = 'seen later' where id = $1`, [run])
    const other = client.subscribe({ kind: 'runs', tenant: 'tenant-a', query: { limit: 1 } })
    await refusalOf(client, other)
    await live.api.root.query(`alter table gone rename to api_token`)
    await client.sees(id, ({ items }) => items[0].reason === 'seen later')
    live.errors.splice(0)
    client.socket.close()
  })

  test('shows nothing while it is paused, and then what it lacks', async () => {
    const client = await open()
    const run = await world.trigger(await world.dag('m>n'))
    const id = client.subscribe(runOf(run))
    await client.until(of(id, 'snapshot'))
    client.send({ type: 'pause' })
    const other = await open()
    const seen = other.subscribe(runOf(run))
    const [m] = await world.claim()
    await world.succeed(m!)
    await other.sees(seen, stateOf('m', 'SUCCESS'))
    expect(stateOf('m', 'SUCCESS')(client.view(id)!)).toBe(false)
    client.send({ type: 'resume' })
    await client.sees(id, stateOf('m', 'SUCCESS'))
    expect(client.heard.filter(of(id, 'snapshot'))).toHaveLength(1)
    await world.workOff()
    for (const each of [client, other]) each.socket.close()
  })

  test('says what is wrong with a message, and stays open', async () => {
    const client = await open()
    client.send('{')
    expect(await refusalOf(client, 0)).toMatchObject({ code: 'MALFORMED_REQUEST' })
    client.send('{"type":"subscribe","id":7,"topic":{"kind":"runs","tenant":"tenant-a","query":{"stat":["FAILED"]}}}')
    const problem = await refusalOf(client, 7)
    expect(problem).toMatchObject({ code: 'VALIDATION_FAILED', problems: [{ path: '/topic/query/stat' }] })
    client.send('{"type":"subscribe","id":8,"topic":{"kind":"nonsense","tenant":"tenant-a"}}')
    expect(await refusalOf(client, 8)).toMatchObject({ problems: [{ path: '/topic/kind' }] })
    client.send({ type: 'unsubscribe', id: 99 })
    const id = client.subscribe({ kind: 'executors', tenant })
    await client.until(of(id, 'snapshot'))
    client.socket.close()
  })

  test('has at most 50 topics, one for each number, and a number is free again once it is given up', async () => {
    const client = await open()
    const topic: LiveTopic = { kind: 'runs', tenant }
    const ids = Array.from({ length: 50 }, () => client.subscribe(topic))
    client.send({ type: 'subscribe', id: 1, topic })
    expect(await refusalOf(client, 1)).toMatchObject({ code: 'STATE_CONFLICT' })
    const one = client.subscribe(topic)
    expect(await refusalOf(client, one)).toMatchObject({ code: 'RATE_LIMITED' })
    client.send({ type: 'unsubscribe', id: ids[10]! })
    client.send({ type: 'subscribe', id: 1_000, topic })
    await client.until(of(1_000, 'snapshot'))
    client.socket.close()
  })

  test('that gives a number up and takes it again at once has what it asked for last', async () => {
    const client = await open()
    client.send({ type: 'subscribe', id: 5, topic: { kind: 'executors', tenant } })
    client.send({ type: 'unsubscribe', id: 5 })
    client.send({ type: 'subscribe', id: 5, topic: { kind: 'schedules', tenant, query: { q: 'nothing is called so' } } })
    await client.sees(5, ({ items }) => items.length === 0)
    const marker = client.subscribe({ kind: 'instances', tenant })
    await client.until(of(marker, 'snapshot'))
    expect(client.heard.filter(of(5))).toHaveLength(1)
    client.socket.close()
  })

  test('that subscribes without end is held back, and goes on when it has waited', async () => {
    const secret = await live.api.token(live.api.tenantA.id, 'viewer')
    const client = await live.open(secret)
    const ids = Array.from({ length: 50 }, () => client.subscribe({ kind: 'runs', tenant }))
    await client.until(of(ids.at(-1)!, 'snapshot'))
    for (let n = 0; n < 30; n++) for (const type of ['pause', 'resume'] as const) client.send({ type })
    const problem = (await client.until(({ type }) => type === 'refused')) as Extract<LiveMessage, { type: 'refused' }>
    expect(problem.problem).toMatchObject({ code: 'RATE_LIMITED' })
    client.socket.close()
  })

  test('that sends without end is closed', async () => {
    const client = await open()
    for (let n = 0; n < 600; n++) client.send({ type: 'unsubscribe', id: 1 })
    expect((await client.closed).code).toBe(1008)
  })

  test('that reads slowly is told that it is behind, holds little of the memory, and has everything in the end', async () => {
    const params = { text: 'x'.repeat(60_000) }
    for (let n = 0; n < 20; n++) await triggerTask(params)
    await world.workOff()
    const client = await open()
    await client.until(({ type }) => type === 'hello')
    client.socket.pause()
    const ids = Array.from({ length: 40 }, () => client.subscribe({ kind: 'runs', tenant, query: { task: 'work', limit: 20 } }))
    const { websocketServer } = live.api.app as FastifyInstance & { websocketServer: WebSocketServer }
    const most = () => Math.max(...[...websocketServer.clients].map((each) => each.bufferedAmount))
    let highest = 0
    // Forty times what one shows would be 48 MB.
    for (const looksBefore = live.looks(); live.looks() < looksBefore + 4;) {
      highest = Math.max(highest, most())
      await new Promise(setImmediate)
    }
    expect(highest).toBeGreaterThan(2 ** 20)
    expect(highest).toBeLessThan(4 * 2 ** 20)
    client.socket.resume()
    for (const id of ids) await client.sees(id, ({ items }) => items.length === 20)
    expect(client.heard.some(({ type }) => type === 'resync')).toBe(true)
    client.socket.close()
  })
})

describe('what it costs', () => {
  test('fifty connections that show the same are one look', async () => {
    const clients = await Promise.all(Array.from({ length: 50 }, open))
    const topic: LiveTopic = { kind: 'runs', tenant, query: { task: 'work', limit: 3 } }
    const before = live.looks()
    const startedAt = performance.now()
    const ids = clients.map((client) => client.subscribe(topic))
    await Promise.all(clients.map((client, n) => client.until(of(ids[n]!, 'snapshot'))))
    const run = await triggerTask()
    await Promise.all(clients.map((client, n) => client.sees(ids[n]!, ({ items }) => items[0].id === run)))
    expect(live.looks() - before).toBeLessThanOrEqual(2 + (performance.now() - startedAt) / 1_000)
    await world.workOff()
    for (const client of clients) client.socket.close()
    await Promise.all(clients.map((client) => client.closed))
  })

  test('what nobody shows any more is not looked at', async () => {
    const client = await open()
    const id = client.subscribe(runOf(await triggerTask()))
    await client.until(of(id, 'snapshot'))
    client.send({ type: 'unsubscribe', id })
    const marker = client.subscribe({ kind: 'executors', tenant })
    await client.until(of(marker, 'snapshot'))
    const before = live.looks()
    const run = await triggerTask()
    await world.workOff()
    const other = client.subscribe({ kind: 'instances', tenant, query: { run } })
    await client.until(of(other, 'snapshot'))
    // Those of the executors and of the instances.
    expect(live.looks() - before).toBeLessThan(6)
    client.socket.close()
  })
})
