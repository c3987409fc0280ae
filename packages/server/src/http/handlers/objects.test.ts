import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { refusal, startTestApi, type TestApi } from '../api.test-helper.ts'

// Task types, tasks, apps and executors: what they have in common, and what each has to itself.

let api: TestApi
beforeAll(async () => {
  api = await startTestApi()
  const { apps, taskTypes } = api.tenantA.client
  await apps.create({ body: { code: 'app' } })
  await taskTypes.create({ body: { code: 'note', kind: 'log', settings: { message: 'hello' } } })
  await taskTypes.create({ body: { code: 'work', kind: 'handler', settings: { handler: 'h' }, app: 'app' } })
})
afterAll(() => api.close())

const client = () => api.tenantA.client
const newTask = (code: string, more: object = {}) => client().tasks.create({ body: { code, type: 'note', ...more } })

/** The plan that a task's runs would get now. */
async function planOf(task: string) {
  const { rows } = await api.root.query(
    `select p.body, q.handler, q.selector, q.rate_key, q.app_tenant_id::float8 as app_tenant_id from task t join plan p on p.id = t.plan_id
     join queue q on q.id = (p.body #>> '{nodes,0,queueId}')::int where t.code = $1 and t.deleted_at is null`,
    [task],
  )
  return { ...rows[0].body, queue: rows[0] }
}

describe('a task type', () => {
  test('of a built-in kind is executed by the built-in executor, one of handlers by those of its app', async () => {
    await newTask('built-in')
    await newTask('own', { type: 'work', environment: { selector: { env: 'prod' }, variables: { A: 'b' } } })
    expect((await planOf('built-in')).queue).toMatchObject({ handler: 'log', app_tenant_id: 1 })
    expect((await planOf('own')).queue).toMatchObject({ handler: 'h', app_tenant_id: api.tenantA.id, selector: { env: 'prod' } })
    expect((await planOf('own')).nodes[0]).toMatchObject({ kind: 'handler', variables: { A: 'b' }, settings: { handler: 'h' } })
  })

  test.each([
    ['a kind that does not exist', { kind: 'fax', settings: {} }, '/body/kind'],
    ['an app that does not exist', { kind: 'handler', settings: { handler: 'h' }, app: 'none' }, '/body/app'],
    ['no app although executors are needed', { kind: 'handler', settings: { handler: 'h' } }, '/body/app'],
    ['an app that is not needed', { kind: 'log', settings: { message: 'x' }, app: 'app' }, '/body/app'],
    ['a URL that is none', { kind: 'http', settings: { method: 'GET', url: 'ftp://x' } }, '/body/settings/url'],
    ['credentials in the URL', { kind: 'http', settings: { method: 'GET', url: 'http://a:b@c/' } }, '/body/settings/url'],
    [
      'a line break in a header',
      { kind: 'http', settings: { method: 'GET', url: 'http://c/', headers: { a: 'b\r\nc' } } },
      '/body/settings/headers/a',
    ],
    ['a schema that is none', { kind: 'log', settings: { message: 'x' }, paramsSchema: { type: 'sting' } }, '/body/paramsSchema'],
  ])('with %s is refused', async (_, body, path) => {
    const { problems } = await refusal(client().taskTypes.create({ body: { code: 'wrong', ...body } }))
    expect(problems[0]?.path).toBe(path)
  })

  test('changed, changes the plans of its tasks at once, and leaves those that run alone', async () => {
    await client().taskTypes.create({ body: { code: 'changing', kind: 'delay', settings: { ms: 1 } } })
    await newTask('follows', { type: 'changing' })
    const { runId } = await client().runs.trigger({ params: { task: 'follows' } })
    await client().taskTypes.update({
      params: { type: 'changing' },
      body: { version: 1, settings: { ms: 2 }, defaults: { timeoutMs: 7 } },
    })
    expect((await planOf('follows')).nodes[0]).toMatchObject({ settings: { ms: 2 }, timeoutMs: 7 })
    expect((await client().tasks.get({ params: { task: 'follows' } })).version).toBe(1)
    const pinned = await api.root.query(`select p.body from run_live r join plan p on p.id = r.plan_id where r.id = $1`, [runId])
    expect(pinned.rows[0].body.nodes[0]).toMatchObject({ settings: { ms: 1 }, timeoutMs: 300_000 })
  })

  test('whose new schema its tasks do not fit is refused, and names them', async () => {
    await client().taskTypes.create({ body: { code: 'strict', kind: 'delay', settings: { ms: 1 } } })
    await newTask('misfit', { type: 'strict', params: { n: 'text' } })
    const paramsSchema = { properties: { n: { type: 'integer' } } }
    const { message } = await refusal(
      client().taskTypes.update({ params: { type: 'strict' }, body: { version: 1, paramsSchema } }),
    )
    expect(message).toContain('misfit')
  })

  test('that tasks use is not deleted', async () => {
    const { code, extra } = await refusal(client().taskTypes.remove({ params: { type: 'changing' } }))
    expect([code, extra['usedBy']]).toEqual(['IN_USE', ['follows']])
  })

  test('that is disabled takes no new tasks', async () => {
    await client().taskTypes.create({ body: { code: 'old', kind: 'delay', settings: { ms: 1 }, enabled: false } })
    expect((await refusal(newTask('too-late', { type: 'old' }))).problems[0]?.path).toBe('/body/type')
  })
})

describe('a task', () => {
  test('with a rate of its own has a queue of its own', async () => {
    const task = await newTask('rated', { policies: { ratePerSecond: 2.5 } })
    expect((await planOf('rated')).queue.rate_key).toBe(`task:${task.id}`)
    const bucket = async () =>
      (await api.root.query(`select per_second from rate_bucket where key = $1`, [`task:${task.id}`])).rows
    expect(await bucket()).toEqual([{ per_second: 2.5 }])
  })

  test('is copied with everything but its code', async () => {
    await newTask('original', { owner: 'ann', labels: { a: 'b' }, params: { n: 1 }, policies: { priority: 9 } })
    const copy = await client().tasks.copy({ params: { task: 'original' }, body: { code: 'duplicate' } })
    expect(copy).toMatchObject({
      code: 'duplicate',
      owner: 'ann',
      labels: { a: 'b' },
      params: { n: 1 },
      effective: { priority: 9 },
      version: 1,
    })
    expect((await planOf('duplicate')).targetId).toBe(copy.id)
  })

  test('is restored as it once was, as a new version', async () => {
    await newTask('restored', { params: { n: 1 }, downstream: [{ task: 'original' }] })
    const params = { task: 'restored' }
    await client().tasks.update({ params, body: { version: 1, params: { n: 2 }, downstream: [] } })
    const restored = await client().tasks.restore({ params, body: { version: 2, revision: 1 } })
    expect(restored).toMatchObject({ version: 3, params: { n: 1 }, downstream: [{ task: { code: 'original' } }] })
    expect(await planOf('restored')).toMatchObject({
      version: 3,
      nodes: [{ params: { n: 1 } }],
      downstream: [{ outcomes: ['SUCCESS'] }],
    })
    const { items } = await client().tasks.revisions({ params, query: { limit: 2 } })
    expect(items.map(({ operation, principal }) => [operation, principal])).toEqual([
      ['restore', `token:owner-${api.tenantA.id}`],
      ['update', `token:owner-${api.tenantA.id}`],
    ])
    expect((await refusal(client().tasks.restore({ params, body: { version: 3, revision: 99 } }))).code).toBe('NOT_FOUND')
  })

  test('is found by labels, all of them', async () => {
    await newTask('labelled', { labels: { team: 'x', env: 'prod' } })
    await newTask('half-labelled', { labels: { team: 'x' } })
    const codes = async (label: string[]) => (await client().tasks.list({ query: { label } })).items.map((task) => task.code)
    expect(await codes(['team=x'])).toEqual(['half-labelled', 'labelled'])
    expect(await codes(['team=x', 'env=prod'])).toEqual(['labelled'])
    await client().tasks.update({ params: { task: 'labelled' }, body: { version: 1, labels: { env: 'test' } } })
    expect(await codes(['env=prod'])).toEqual([])
  })

  test('is found by a text in which nothing is a pattern', async () => {
    await newTask('odd-name', { name: '100%_done' })
    const codes = async (q: string) => (await client().tasks.list({ query: { q } })).items.map((task) => task.code)
    expect(await codes('0%_D')).toEqual(['odd-name'])
    expect(await codes('0__d')).toEqual([])
  })

  test('that schedules or other tasks refer to is not deleted', async () => {
    await newTask('target')
    await newTask('source', { downstream: [{ task: 'target' }] })
    const upstream = await refusal(client().tasks.remove({ params: { task: 'target' } }))
    expect([upstream.code, upstream.extra['usedBy']]).toEqual(['IN_USE', ['source']])
    await client().schedules.create({ body: { code: 'sched', task: 'source', timing: { kind: 'MANUAL' } } })
    expect((await refusal(client().tasks.remove({ params: { task: 'source' } }))).extra['usedBy']).toEqual(['sched'])
  })

  test('lists come in pages that neither skip nor repeat while rows come and go', async () => {
    for (const n of [1, 2, 3, 4, 5]) await newTask(`page-${n}`)
    const first = await client().tasks.list({ query: { q: 'page-', limit: 2 } })
    await client().tasks.remove({ params: { task: 'page-1' } })
    await newTask('page-0')
    const second = await client().tasks.list({ query: { q: 'page-', limit: 2, cursor: first.nextCursor! } })
    expect([...first.items, ...second.items].map((task) => task.code)).toEqual(['page-1', 'page-2', 'page-3', 'page-4'])
    const newest = await client().tasks.list({ query: { q: 'page-', sort: '-id', limit: 1 } })
    expect(newest.items.map((task) => task.code)).toEqual(['page-0'])
  })
})

describe('TSK-5 downstream tasks', () => {
  test('that lead back to where they start are refused, and the circle is named', async () => {
    await newTask('c')
    await newTask('b', { downstream: [{ task: 'c' }] })
    await newTask('a', { downstream: [{ task: 'b', outcomes: ['FAILED', 'TIMEOUT'] }] })
    const { code, extra } = await refusal(
      client().tasks.update({ params: { task: 'c' }, body: { version: 1, downstream: [{ task: 'a' }] } }),
    )
    expect([code, extra['cycle']]).toEqual(['DOWNSTREAM_CYCLE', ['c', 'a', 'b', 'c']])
    const self = await refusal(
      client().tasks.update({ params: { task: 'c' }, body: { version: 1, downstream: [{ task: 'c' }] } }),
    )
    expect(self.extra['cycle']).toEqual(['c', 'c'])
  })

  test('in a chain of more than twenty are refused', async () => {
    await newTask('chain-1')
    for (let n = 2; n <= 20; n++) await newTask(`chain-${n}`, { downstream: [{ task: `chain-${n - 1}` }] })
    const { problems } = await refusal(newTask('chain-21', { downstream: [{ task: 'chain-20' }] }))
    expect(problems[0]).toMatchObject({ path: '/body/downstream', message: expect.stringContaining('longer than 20') })
  })

  test('asked for from both ends at the same moment make no circle', async () => {
    await newTask('left')
    await newTask('right')
    const link = (from: string, to: string) =>
      client().tasks.update({ params: { task: from }, body: { version: 1, downstream: [{ task: to }] } })
    const results = await Promise.allSettled([link('left', 'right'), link('right', 'left')])
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected'])
  })
})

describe('TSK-6 many tasks at once', () => {
  test('a refused one does not stop the others, and leaves nothing behind', async () => {
    await newTask('bulk-1')
    await newTask('bulk-2')
    await newTask('bulk-3', { downstream: [{ task: 'bulk-2' }] })
    const answer = await client().tasks.bulk({ body: { tasks: ['bulk-1', 'bulk-2', 'nothing'], action: 'delete' } })
    expect(answer.items.map(({ ok, code }) => code ?? ok)).toEqual([true, 'IN_USE', 'NOT_FOUND'])
    expect((await refusal(client().tasks.get({ params: { task: 'bulk-1' } }))).code).toBe('NOT_FOUND')
    const labelled = await client().tasks.bulk({ body: { tasks: ['bulk-2', 'bulk-3'], action: 'label', labels: { k: 'v' } } })
    expect(labelled).toMatchObject({ succeeded: 2, failed: 0 })
    expect((await client().tasks.list({ query: { label: ['k=v'] } })).items).toHaveLength(2)
    expect((await client().tasks.bulk({ body: { tasks: ['bulk-2'], action: 'disable' } })).succeeded).toBe(1)
    expect((await client().tasks.get({ params: { task: 'bulk-2' } })).enabled).toBe(false)
  })

  test('a thousand are no trouble', async () => {
    await newTask('model')
    await api.root.query(
      `insert into task (tenant_id, code, name, type_id, plan_id)
       select tenant_id, 'mass-' || n, 'Mass', type_id, plan_id from task, generate_series(1, 1000) n where code = 'model'`,
    )
    const codes = Array.from({ length: 1000 }, (_, n) => `mass-${n + 1}`)
    const disabled = await client().tasks.bulk({ body: { tasks: codes, action: 'disable' } })
    expect([disabled.succeeded, disabled.failed]).toEqual([1000, 0])
    const deleted = await client().tasks.bulk({ body: { tasks: codes, action: 'delete' } })
    expect([deleted.succeeded, deleted.failed]).toEqual([1000, 0])
  })
})

describe('versions', () => {
  test('of twenty writers with the same version one wins', async () => {
    await newTask('contested')
    const write = (n: number) =>
      client().tasks.update({ params: { task: 'contested' }, body: { version: 1, name: `writer ${n}` } })
    const results = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => write(n)))
    const refused = results.filter((result) => result.status === 'rejected').map((result) => result.reason.code)
    expect(results.length - refused.length).toBe(1)
    expect(new Set(refused)).toEqual(new Set(['VERSION_CONFLICT']))
    expect((await client().tasks.get({ params: { task: 'contested' } })).version).toBe(2)
  })

  test('an edit of the type and one of its task, at the same moment, both hold', async () => {
    await client().taskTypes.create({ body: { code: 'racing', kind: 'delay', settings: { ms: 0 } } })
    await newTask('racer', { type: 'racing' })
    for (let version = 1; version <= 10; version++) {
      await Promise.all([
        client().taskTypes.update({ params: { type: 'racing' }, body: { version, settings: { ms: version } } }),
        client().tasks.update({ params: { task: 'racer' }, body: { version, params: { version } } }),
      ])
      expect((await planOf('racer')).nodes[0]).toMatchObject({ settings: { ms: version }, params: { version } })
    }
  })
})

describe('an app', () => {
  test('keeps its rate where the claim finds it', async () => {
    const app = await client().apps.create({ body: { code: 'limited', ratePerSecond: 10 } })
    const rates = async () => (await api.root.query(`select per_second from rate_bucket where key = $1`, [`app:${app.id}`])).rows
    expect(await rates()).toEqual([{ per_second: 10 }])
    await client().apps.update({ params: { app: 'limited' }, body: { version: 1, ratePerSecond: null } })
    expect(await rates()).toEqual([])
  })

  test('is shared by the platform alone, and then usable by everyone', async () => {
    expect((await refusal(client().apps.create({ body: { code: 'mine', shared: true } }))).problems[0]?.path).toBe('/body/shared')
    const platform = api.client(api.platform)
    await platform.apps.create({ body: { code: 'common', shared: true } })
    await platform.apps.create({ body: { code: 'private' } })
    // Or what is meant for the platform's app, such as a secret, would go to whoever takes its name.
    expect((await refusal(client().apps.create({ body: { code: 'common' } }))).problems[0]?.path).toBe('/body/code')
    await client().apps.create({ body: { code: 'private' } })
    await client().apps.remove({ params: { app: 'private' } })
    const use = (app: string) =>
      client().taskTypes.create({ body: { code: `uses-${app}`, kind: 'handler', settings: { handler: 'h' }, app } })
    expect((await use('common')).app?.code).toBe('common')
    expect((await refusal(use('private'))).problems[0]?.path).toBe('/body/app')
    const inUse = await refusal(platform.apps.remove({ params: { app: 'common' } }))
    expect([inUse.code, inUse.extra['usedBy']]).toEqual(['IN_USE', ['uses-common']])
  })
})

describe('an executor', () => {
  const register = async (instance: string) => {
    const token = await api.token(api.tenantA.id, 'executor')
    const body = { protocol: 1, app: 'app', instance, mode: 'PULL', handlers: ['h'], capacity: 3, labels: { zone: 'a' } }
    const answer = await api.call({ method: 'POST', url: '/executor/v1/register', token, body })
    return { id: answer.body.executorId as number, session: answer.body.session as number, token }
  }

  test('is shown with its session and load', async () => {
    const { id, session } = await register('shown')
    expect(await client().executors.get({ params: { executor: id } })).toMatchObject({
      instance: 'shown',
      app: { code: 'app' },
      status: 'ONLINE',
      health: 'UNKNOWN',
      inService: true,
      capacity: 3,
      running: 0,
      session: { id: session },
      labels: { zone: 'a' },
    })
    expect((await client().executors.list({ query: { app: 'app', q: 'SHOW' } })).items.map((each) => each.id)).toEqual([id])
    expect((await client().apps.get({ params: { app: 'app' } })).executors).toEqual({ total: 1, available: 1 })
  })

  test('EXE-4 that a person has taken out of work stays out when it registers anew', async () => {
    const { id } = await register('serviced')
    const out = await client().executors.setStatus({
      params: { executor: id },
      body: { status: 'MAINTENANCE', reason: 'new disk' },
    })
    expect(out).toMatchObject({ status: 'MAINTENANCE', statusReason: 'new disk', statusSetBy: `token:owner-${api.tenantA.id}` })
    await register('serviced')
    expect((await client().executors.get({ params: { executor: id } })).status).toBe('MAINTENANCE')
    expect(await client().executors.setStatus({ params: { executor: id }, body: { status: 'ONLINE' } })).toMatchObject({
      status: 'ONLINE',
      statusSetBy: null,
    })
  })

  const typedIn = (instance: string) => ({
    ...{ app: 'app', instance, address: 'https://typed.example.com', healthUrl: 'https://typed.example.com/health' },
    ...{ handlers: ['h'], capacity: 5 },
  })

  test('is registered by hand, says by whom, and waits for its first health check', async () => {
    const made = await client().executors.create({ body: { ...typedIn('typed'), callToken: 'a-token-nobody-sees' } })
    expect(made).toMatchObject({
      ...{ instance: 'typed', mode: 'PUSH', status: 'OFFLINE', health: 'UNKNOWN', inService: false, session: null },
      ...{ registeredBy: `token:owner-${api.tenantA.id}`, lastCheck: null },
    })
    expect(JSON.stringify(made)).not.toContain('a-token-nobody-sees')
    const { items } = await client().executors.history({ params: { executor: made.id }, query: {} })
    expect(items).toMatchObject([{ kind: 'STATUS', value: 'OFFLINE', setBy: `token:owner-${api.tenantA.id}` }])
    const { rows } = await api.root.query(`select * from audit where object_kind = 'executor' and object_id = $1`, [made.id])
    expect(rows).toMatchObject([{ operation: 'executor.create' }])
    expect(JSON.stringify(rows)).not.toContain('a-token-nobody-sees')
  })

  test.each([
    ['a name that the app has already', {}, 'CODE_TAKEN', '/body/instance'],
    ['an app of nobody', { app: 'no-such-app', instance: 'fine' }, 'VALIDATION_FAILED', '/body/app'],
    ['an address that is none', { address: 'typed.example.com', instance: 'fine' }, 'VALIDATION_FAILED', '/body/address'],
    [
      'a health URL of another protocol',
      { healthUrl: 'ftp://x.example', instance: 'fine' },
      'VALIDATION_FAILED',
      '/body/healthUrl',
    ],
    ['a password in its address', { address: 'https://a:b@x.example', instance: 'fine' }, 'VALIDATION_FAILED', '/body/address'],
  ])('is not registered by hand with %s', async (_name, wrong, code, path) => {
    await client()
      .executors.create({ body: typedIn('once') })
      .catch(() => undefined)
    const refused = await refusal(client().executors.create({ body: { ...typedIn('once'), ...wrong } }))
    expect([refused.code, refused.problems[0]?.path]).toEqual([code, path])
  })

  const calling = async (id: number) => {
    const query = `select s.call_token as session, c.call_token as later, s.capacity, c.due_at < now() as due
      from executor_check c left join executor_session s on s.executor_id = c.executor_id and s.ended_at is null where c.executor_id = $1`
    return (await api.root.query(query, [id])).rows[0]
  }

  test('that is registered by hand is changed: what it is told stays, and its session goes on', async () => {
    const { id } = await client().executors.create({ body: { ...typedIn('changing'), callToken: 'a-token-nobody-sees' } })
    await api.root.query(
      `with e as (update executor set status = 'ONLINE', health = 'HEALTHY', status_reason = 'Calls to it fail. No.' where id = $1 returning *)
       insert into executor_session (tenant_id, executor_id, app_id, capacity, lease_until, call_token)
       select tenant_id, id, app_id, capacity, now() + interval '1 minute', 'a-token-nobody-sees' from e`,
      [id],
    )
    await api.root.query(`update executor_check set due_at = now() + interval '1 hour' where executor_id = $1`, [id])
    const changed = await client().executors.update({
      params: { executor: id },
      body: { labels: { zone: 'b' }, capacity: 9, handlers: ['h', 'g'], healthEveryMs: 5_000, perCall: 2 },
    })
    expect(changed).toMatchObject({
      ...{ labels: { zone: 'b' }, capacity: 9, handlers: ['h', 'g'], healthEveryMs: 5_000, health: 'HEALTHY', inService: true },
      ...{ address: 'https://typed.example.com', statusReason: null, perCall: 2 },
    })
    expect(await calling(id)).toEqual({ session: 'a-token-nobody-sees', later: 'a-token-nobody-sees', capacity: 9, due: false })
    const whole = await client().executors.update({ params: { executor: id }, body: { perCall: null } })
    expect(whole).toMatchObject({ perCall: null, capacity: 9 })
    const moved = await client().executors.update({ params: { executor: id }, body: { address: 'https://other.example.com' } })
    expect(moved).toMatchObject({ address: 'https://other.example.com', health: 'UNKNOWN', inService: false, capacity: 9 })
    // What one address was trusted with is not shown to another.
    expect(await calling(id)).toEqual({ session: null, later: null, capacity: 9, due: true })
    const body = { address: 'https://third.example.com', callToken: 'another-token-for-it' }
    await client().executors.update({ params: { executor: id }, body })
    expect(await calling(id)).toMatchObject({ session: body.callToken, later: body.callToken })
    const { rows } = await api.root.query(`select * from audit where object_kind = 'executor' and object_id = $1`, [id])
    expect(rows.map(({ operation }) => operation)).toEqual(['executor.create', ...Array(4).fill('executor.update')])
    expect(JSON.stringify(rows)).not.toContain('token-for-it')
  })

  test('that registers itself is not changed by hand, and one at an address that cannot be called neither', async () => {
    const { id } = await register('itself')
    const own = await refusal(client().executors.update({ params: { executor: id }, body: { capacity: 1 } }))
    expect([own.code, own.message]).toEqual(['STATE_CONFLICT', expect.stringContaining('in its own settings')])
    const typed = await client().executors.create({ body: typedIn('stays') })
    for (const address of ['ftp://x.example', 'https://x.example/?a=1']) {
      const odd = await refusal(client().executors.update({ params: { executor: typed.id }, body: { address } }))
      expect([odd.code, odd.problems[0]?.path]).toEqual(['VALIDATION_FAILED', '/body/address'])
    }
  })

  const registerAs = async (instance: string, token?: string) => {
    const body = { protocol: 1, app: 'app', instance, mode: 'PULL', handlers: ['h'], capacity: 3 }
    token ??= await api.token(api.tenantA.id, 'executor')
    return api.call({ method: 'POST', url: '/executor/v1/register', token, body })
  }
  const takeOvers = async (id: number) => {
    const query = `select principal, request_id is not null as asked, before, after from audit where operation = 'executor.takeOver' and object_id = $1`
    return (await api.root.query(query, [id])).rows
  }

  test('that was registered by hand and is in service is not taken over by a token that knows its name', async () => {
    const { id } = await client().executors.create({ body: typedIn('relied-on') })
    await api.root.query(
      `with e as (update executor set status = 'ONLINE', health = 'HEALTHY', status_reason = null where id = $1 returning *)
       insert into executor_session (tenant_id, executor_id, app_id, capacity, lease_until)
       select tenant_id, id, app_id, capacity, now() + interval '1 minute' from e`,
      [id],
    )
    const before = await client().executors.get({ params: { executor: id } })
    const refused = await registerAs('relied-on')
    expect([refused.status, refused.body.code, refused.body.detail]).toEqual([
      ...[409, 'CODE_TAKEN'],
      expect.stringContaining(`was registered by hand, by token:owner-${api.tenantA.id}, and is in service`),
    ])
    expect(await client().executors.get({ params: { executor: id } })).toEqual(before)
    await api.root.query(`update executor_session set lease_until = now() - interval '1 second' where executor_id = $1`, [id])
    expect((await registerAs('relied-on')).status).toBe(200)
  })

  test('that was registered by hand and is away may register itself; who did is kept, once, also of two at once', async () => {
    const { id } = await client().executors.create({ body: typedIn('grown-up') })
    const token = await api.token(api.tenantA.id, 'executor')
    const both = await Promise.all([registerAs('grown-up', token), registerAs('grown-up', token)])
    expect(both.map(({ status }) => status)).toEqual([200, 200])
    const owner = `token:owner-${api.tenantA.id}`
    const taken = await takeOvers(id)
    expect(taken).toMatchObject([{ asked: true, before: { registeredBy: owner }, after: { registeredBy: null, mode: 'PULL' } }])
    const { items } = await client().executors.history({ params: { executor: id }, query: {} })
    expect(items.map(({ value, reason }) => [value, reason])).toEqual([
      ['ONLINE', null],
      ['OFFLINE', `It registers itself from now on, with ${taken[0].principal}; ${owner} had registered it by hand`],
      ['OFFLINE', 'It has not answered a health check yet'],
    ])
    await registerAs('grown-up', token)
    expect(await takeOvers(id)).toHaveLength(1)
  })

  test('that is registered by hand and by itself at once is never taken over in silence', async () => {
    const names = Array.from({ length: 8 }, (_, index) => `at-once-${index}`)
    const token = await api.token(api.tenantA.id, 'executor')
    await Promise.all(
      names.flatMap((name) => [
        registerAs(name, token),
        client()
          .executors.create({ body: typedIn(name) })
          .catch(() => undefined),
      ]),
    )
    const { rows } = await api.root.query(
      `select e.instance from executor e where e.instance like 'at-once-%' and e.registered_by is null
       and exists (select from audit a where a.operation = 'executor.create' and a.object_id = e.id::text)
       and not exists (select from audit a where a.operation = 'executor.takeOver' and a.object_id = e.id::text)`,
    )
    expect(rows).toEqual([])
  })

  test.each([
    ...['http://', 'http://h/?q=1', 'http://h/#top', 'http://h:0', 'http://u:p@h', 'ftp://h', 'unix:/run/x', 'http://h\t'],
    ...['http://169.254.169.254', 'http://0xa9fea9fe/', 'http://[::ffff:169.254.169.254]', 'http://0.0.0.0:80', 'http://[::]'],
  ])('that registers itself with an address that cannot be called is told so: %j', async (address) => {
    const token = await api.token(api.tenantA.id, 'executor')
    const body = { protocol: 1, app: 'app', instance: 'odd', mode: 'PUSH', address, handlers: ['h'], capacity: 3 }
    const answer = await api.call({ method: 'POST', url: '/executor/v1/register', token, body })
    expect([answer.status, answer.body.problems[0].path]).toEqual([422, '/body/address'])
  })

  test('that registers itself with a text that cannot be stored is told where', async () => {
    const token = await api.token(api.tenantA.id, 'executor')
    const body = {
      protocol: 1,
      app: 'app',
      instance: 'odd',
      mode: 'PULL',
      handlers: ['h'],
      capacity: 3,
      metadata: { host: 'a\ud800' },
    }
    const answer = await api.call({ method: 'POST', url: '/executor/v1/register', token, body })
    expect([answer.status, answer.body.problems[0].path]).toEqual([422, '/body/metadata/host'])
  })

  test('that registers itself for an app of another tenant, or of which its token is not, is told so', async () => {
    const { id } = await client().apps.create({ body: { code: 'bound' } })
    const bound = await api.token(api.tenantA.id, 'executor')
    await api.root.query(`update api_token set app_id = $1 where hash = sha256(convert_to($2, 'UTF8'))`, [id, bound])
    await api.tenantB.client.apps.create({ body: { code: 'theirs' } })
    for (const [app, status] of [
      ['app', 403],
      ['theirs', 404],
      ['nobodys', 404],
      ['bound', 200],
    ] as const) {
      const body = { protocol: 1, app, instance: 'guest', mode: 'PULL', handlers: ['h'], capacity: 3 }
      const answer = await api.call({ method: 'POST', url: '/executor/v1/register', token: bound, body })
      expect([app, answer.status]).toEqual([app, status])
      if (status !== 200) expect(answer.text).toContain(`\\"${app}\\"`)
    }
  })

  test('that speaks another dialect is told so, and by name', async () => {
    const token = await api.token(api.tenantA.id, 'executor')
    const xxl = { registryGroup: 'EXECUTOR', registryKey: 'app', registryValue: 'http://h:9999' }
    const ours = { protocol: 1, app: 'app', instance: 'odd', mode: 'PULL', handlers: ['h'], capacity: 3 }
    const strange = await api.call({ method: 'POST', url: '/executor/v1/register', token, body: xxl })
    expect([strange.status, strange.body.code]).toEqual([422, 'VALIDATION_FAILED'])
    const newer = await api.call({ method: 'POST', url: '/executor/v1/register', token, body: { ...ours, protocol: 2 } })
    expect([newer.status, newer.body.code]).toEqual([400, 'PROTOCOL_UNSUPPORTED'])
  })

  test('has a history of its statuses: what, when, by whom and why', async () => {
    const { id, session, token } = await register('storied')
    await client().executors.setStatus({ params: { executor: id }, body: { status: 'DRAINING', reason: 'new release' } })
    await client().executors.setStatus({ params: { executor: id }, body: { status: 'ONLINE' } })
    await api.call({ method: 'POST', url: '/executor/v1/deregister', token, body: { session } })
    const { items } = await client().executors.history({ params: { executor: id }, query: { kind: 'STATUS' } })
    expect(items.map(({ value, setBy, reason }) => [value, setBy, reason])).toEqual([
      ['OFFLINE', null, 'It left'],
      ['ONLINE', null, null],
      ['DRAINING', `token:owner-${api.tenantA.id}`, 'new release'],
      ['ONLINE', null, null],
    ])
  })

  test('STA-1 is shown with its load, and with how its attempts ended as its hours say', async () => {
    const { id } = await register('measured')
    const hour = (executorId: number, ago: string, succeeded: number, failed: number) =>
      api.root.query(
        `insert into executor_hour select tenant_id, app_id, $2, date_trunc('hour', now() - $3::interval), $4, $5, 0, 0, 0 from executor where id = $1`,
        [id, executorId, ago, succeeded, failed],
      )
    await hour(id, '1 hour', 3, 1)
    await hour(0, '1 hour', 10, 6)
    await hour(id, '30 days', 6, 0)
    await hour(0, '30 days', 14, 10)
    const { load, figures } = await client().executors.get({ params: { executor: id } })
    const none = { timedOut: 0, cancelled: 0, lost: 0 }
    expect(load).toBe(0)
    expect(figures).toEqual({
      day: { ...none, succeeded: 3, failed: 1, successRate: 0.75, share: 0.25 },
      week: { ...none, succeeded: 3, failed: 1, successRate: 0.75, share: 0.25 },
      quarter: { ...none, succeeded: 9, failed: 1, successRate: 0.9, share: 0.25 },
    })
    const { figures: idle } = await client().executors.get({ params: { executor: (await register('idle')).id } })
    expect(idle.day).toMatchObject({ succeeded: 0, successRate: null, share: 0 })
  })

  test('that is deleted loses its session at once', async () => {
    const { id, session, token } = await register('doomed')
    await client().executors.remove({ params: { executor: id } })
    const beat = await api.call({ method: 'POST', url: '/executor/v1/heartbeat', token, body: { session, running: [] } })
    expect([beat.status, beat.body.code]).toEqual([410, 'SESSION_ENDED'])
    expect((await refusal(client().executors.get({ params: { executor: id } }))).code).toBe('NOT_FOUND')
  })

  test('that a person set offline stays so when it registers again, and gets work again when a person says so', async () => {
    const { id } = await register('parked')
    const body = { executors: [id], action: 'offline' as const, reason: 'sold' }
    expect((await client().executors.bulk({ body })).succeeded).toBe(1)
    await register('parked')
    const by = `token:owner-${api.tenantA.id}`
    const parked = await client().executors.get({ params: { executor: id } })
    expect(parked).toMatchObject({ status: 'OFFLINE', statusSetBy: by, statusReason: 'sold', inService: false })
    const back = await client().executors.setStatus({ params: { executor: id }, body: { status: 'ONLINE' } })
    expect(back).toMatchObject({ status: 'ONLINE', statusSetBy: null, inService: true })
  })

  test('many are drained or deleted at once', async () => {
    const [a, b] = [await register('many-a'), await register('many-b')]
    const drained = await client().executors.bulk({ body: { executors: [a.id, b.id, 5], action: 'drain' } })
    expect(drained.items.map(({ ok, code }) => code ?? ok)).toEqual([true, true, 'NOT_FOUND'])
    expect((await client().executors.list({ query: { status: 'DRAINING' } })).items).toHaveLength(2)
    expect((await client().executors.bulk({ body: { executors: [a.id, b.id], action: 'delete' } })).succeeded).toBe(2)
  })
})

describe('an update that changes nothing', () => {
  const calls = {
    apps: ['app', { code: 'idle', name: 'Idle', ratePerSecond: 2.5 }, { name: 'Idle', ratePerSecond: 2.5 }],
    calendars: [
      'calendar',
      { code: 'idle', timezone: 'UTC', days: ['2027-01-01'], labels: { b: '1', a: '2' } },
      { days: ['2027-01-01'], labels: { a: '2', b: '1' } },
    ],
    taskTypes: [
      'type',
      { code: 'idle', kind: 'delay', settings: { ms: 1 }, defaults: { retry: { maxRetries: 1, delayMs: 5 } } },
      { settings: { ms: 1 }, defaults: { retry: { delayMs: 5, maxRetries: 1 }, timeoutMs: null } },
    ],
    tasks: [
      'task',
      {
        code: 'idle',
        type: 'note',
        policies: { priority: 7 },
        downstream: [{ task: 'built-in', outcomes: ['FAILED', 'TIMEOUT'] }],
      },
      { policies: { priority: 7 }, downstream: [{ task: 'built-in', outcomes: ['TIMEOUT', 'FAILED'] }] },
    ],
    schedules: [
      'schedule',
      {
        code: 'idle',
        task: 'note-task',
        timing: { kind: 'FIXED_RATE', everyMs: 60_000 },
        calendars: [{ calendar: 'idle', mode: 'EXCLUDE' }],
      },
      { timing: { kind: 'FIXED_RATE', everyMs: 60_000 }, calendars: [{ calendar: 'idle', mode: 'EXCLUDE' }] },
    ],
  } as const

  type Group = Record<'create' | 'update' | 'revisions', (call: object) => Promise<{ version: number; items: unknown[] }>>

  test.each(Object.entries(calls))(
    'of %s makes no version and no revision; one that changes something does',
    async (name, call) => {
      const [param, body, same] = call
      const group = client()[name as keyof typeof calls] as unknown as Group
      if (name === 'schedules') await newTask('note-task')
      const created = await group.create({ body })
      const params = { [param]: 'idle' }
      expect(await group.update({ params, body: { version: 1, ...same } })).toEqual(created)
      expect((await group.revisions({ params })).items).toHaveLength(1)
      expect(
        await group.update({ params, body: { version: 1, description: 'new', ...(param === 'task' ? { downstream: [] } : {}) } }),
      ).toMatchObject({ version: 2 })
    },
  )

  test('of the calendars of a schedule alone is a change', async () => {
    const { version } = await client().schedules.get({ params: { schedule: 'idle' } })
    const updated = await client().schedules.update({ params: { schedule: 'idle' }, body: { version, calendars: [] } })
    expect([updated.version, updated.calendars]).toEqual([version + 1, []])
  })

  test('such as enabling what is enabled or resuming what is not paused', async () => {
    const { version } = await client().tasks.enable({ params: { task: 'idle' } })
    expect((await client().tasks.enable({ params: { task: 'idle' } })).version).toBe(version)
    const resumed = await client().schedules.resume({ params: { schedule: 'idle' } })
    expect((await client().schedules.resume({ params: { schedule: 'idle' } })).version).toBe(resumed.version)
  })
})
