import { ROLES } from '@carillon/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { verifyPassword } from '../../definition/password.ts'
import { refusal, startTestApi, type TestApi } from '../api.test-helper.ts'

// Tenants, users, members, tokens, the audit trail and the scheduler.

let api: TestApi
beforeAll(async () => {
  api = await startTestApi({ onFault: () => undefined })
})
afterAll(() => api.close())

const platform = () => api.client(api.platform)
const inTenantA = () => api.client(api.platform, 'tenant-a')

describe('a tenant', () => {
  test('is made, changed under its version, and listed', async () => {
    const { tenants } = platform()
    const tenant = await tenants.create({ body: { code: 'shop', weight: 3 } })
    expect(tenant).toMatchObject({ code: 'shop', name: 'shop', weight: 3, state: 'ACTIVE', version: 1 })
    await tenants.update({ params: { tenant: 'shop' }, body: { version: 1, name: 'The shop' } })
    expect((await refusal(tenants.update({ params: { tenant: 'shop' }, body: { version: 1, weight: 1 } }))).code).toBe(
      'VERSION_CONFLICT',
    )
    expect((await tenants.list({ query: { q: 'THE SHOP' } })).items).toMatchObject([{ code: 'shop', version: 2 }])
    expect((await refusal(tenants.create({ body: { code: 'shop' } }))).code).toBe('CODE_TAKEN')
  })

  test('has a weight that none of its own members changes: it stands above every priority', async () => {
    const { id, code } = api.tenantA
    const before = await platform().tenants.get({ params: { tenant: code } })
    for (const role of ROLES) {
      const { tenants } = api.client(await api.token(id, role))
      const body = { version: before.version, weight: 100 }
      expect([role, (await refusal(tenants.update({ params: { tenant: code }, body }))).code]).toEqual([role, 'FORBIDDEN'])
    }
    expect((await platform().tenants.get({ params: { tenant: code } })).weight).toBe(before.weight)
  })

  test('is allowed private targets, in the order of whoever writes them, and keeps them when something else changes', async () => {
    const { tenants } = platform()
    expect(await tenants.create({ body: { code: 'inside' } })).toMatchObject({ privateTargets: [] })
    const update = (body: object) => tenants.update({ params: { tenant: 'inside' }, body: body as { version: number } })
    const privateTargets = ['billing.internal', '10.20.0.0/16']
    expect(await update({ version: 1, privateTargets })).toMatchObject({ privateTargets, version: 2 })
    expect(await update({ version: 2, name: 'Inside' })).toMatchObject({ privateTargets, version: 3 })
    expect(await update({ version: 3, privateTargets })).toMatchObject({ version: 3 })
    expect((await tenants.list({ query: { q: 'inside' } })).items).toMatchObject([{ privateTargets }])
    for (const wrong of [
      ['10.0.0.0/8', '0.0.0.0/0'],
      ['10.0.0.1', 'localhost'],
    ])
      expect((await refusal(update({ version: 3, privateTargets: wrong }))).problems[0]?.path).toBe('/body/privateTargets')
    for (const wrong of [['10.0.0.1', '10.0.0.1'], Array.from({ length: 101 }, (_, n) => `10.0.0.${n}`)])
      expect((await refusal(update({ version: 3, privateTargets: wrong }))).code).toBe('VALIDATION_FAILED')
    const { rows } = await api.root.query(
      `select before->'privateTargets' as before, after->'privateTargets' as after from audit where operation = 'tenant.update' and object_id = (select id::text from tenant where code = 'inside') order by id limit 1`,
    )
    expect(rows).toEqual([{ before: [], after: privateTargets }])
  })

  test('has private targets that none of its own members, and no owner of another tenant, changes', async () => {
    const { id, code } = api.tenantA
    const { version } = await platform().tenants.get({ params: { tenant: code } })
    const body = { version, privateTargets: ['127.0.0.0/8'] }
    const tokens = await Promise.all([...ROLES.map((role) => api.token(id, role)), api.token(api.tenantB.id, 'owner')])
    for (const token of tokens)
      expect((await refusal(api.client(token).tenants.update({ params: { tenant: code }, body }))).code).toBe('FORBIDDEN')
    expect((await platform().tenants.get({ params: { tenant: code } })).privateTargets).toEqual([])
  })

  test('that is changed while another is named leaves no trace in the trail of that one: it is not to learn what others are allowed', async () => {
    await platform().tenants.create({ body: { code: 'guarded' } })
    const body = { version: 1, privateTargets: ['10.99.0.0/16'] }
    await inTenantA().tenants.update({ params: { tenant: 'guarded' }, body })
    const { rows } = await api.root.query(
      `select tenant_id::int as "tenantId" from audit where operation = 'tenant.update' and after->>'code' = 'guarded'`,
    )
    expect(rows).toEqual([{ tenantId: 1 }])
  })

  test('or a user that is told what it is already keeps its version', async () => {
    const { tenants, users } = platform()
    const tenant = await tenants.create({ body: { code: 'idle', weight: 3 } })
    expect(await tenants.update({ params: { tenant: 'idle' }, body: { version: 1, weight: 3 } })).toEqual(tenant)
    const user = await users.create({ body: { login: 'idle', name: 'Idle' } })
    expect(await users.update({ params: { user: user.id }, body: { version: 1, name: 'Idle', disabled: false } })).toEqual(user)
  })

  test("the platform's own is not suspended", async () => {
    const { code } = await refusal(
      platform().tenants.update({ params: { tenant: 'platform' }, body: { version: 1, state: 'SUSPENDED' } }),
    )
    expect(code).toBe('STATE_CONFLICT')
  })
})

describe('a user', () => {
  test('has a password that is kept as a hash and never shown', async () => {
    const { users } = platform()
    const user = await users.create({ body: { login: 'ann', name: 'Ann', password: 'correct horse battery' } })
    expect(user).toMatchObject({ login: 'ann', hasPassword: true, disabled: false, platformAdmin: false })
    const { rows } = await api.root.query(`select password_hash from user_account where login = 'ann'`)
    expect(rows[0].password_hash).toMatch(/^scrypt\$/)
    expect(await verifyPassword('correct horse battery', rows[0].password_hash)).toBe(true)
    expect(await verifyPassword('wrong horse battery', rows[0].password_hash)).toBe(false)
    const { rows: trail } = await api.root.query(`select before, after from audit where operation like 'user.%'`)
    expect(JSON.stringify(trail)).not.toMatch(/horse|scrypt/)
  })

  test('with a short password, or a login that is taken, is refused', async () => {
    const { users } = platform()
    expect((await refusal(users.create({ body: { login: 'bob', password: 'short' } }))).problems[0]?.path).toBe('/body/password')
    expect((await refusal(users.create({ body: { login: 'ann' } }))).problems[0]?.path).toBe('/body/login')
  })
})

describe('a user of the platform', () => {
  const users = () => platform().users

  test('gets a password of the server, shown once, that has to be changed', async () => {
    const user = await users().create({ body: { login: 'reset-me' } })
    const { password, user: after } = await users().resetPassword({ params: { user: user.id } })
    expect(after).toMatchObject({ hasPassword: true, mustChangePassword: true })
    const { rows } = await api.root.query(`select password_hash from user_account where id = $1`, [user.id])
    expect(await verifyPassword(password, rows[0].password_hash)).toBe(true)
    const { rows: trail } = await api.root.query(`select after from audit where operation = 'user.reset-password'`)
    expect(JSON.stringify(trail)).not.toContain(password)
    expect((await refusal(users().resetPassword({ params: { user: 1 } }))).code).toBe('NOT_FOUND')
  })

  test('is deleted with its memberships, unless a tenant would lose its last owner', async () => {
    const user = await users().create({ body: { login: 'leaves' } })
    const tenant = await platform().tenants.create({ body: { code: 'left-alone' } })
    await api.client(api.platform, tenant.code).members.set({ params: { login: 'leaves' }, body: { role: 'owner' } })
    expect(await refusal(users().remove({ params: { user: user.id } }))).toMatchObject({
      code: 'STATE_CONFLICT',
      message: expect.stringContaining('last owner of the tenant left-alone'),
    })
    await users().create({ body: { login: 'stays' } })
    await api.client(api.platform, tenant.code).members.set({ params: { login: 'stays' }, body: { role: 'owner' } })
    await users().remove({ params: { user: user.id } })
    expect((await api.client(api.platform, tenant.code).members.list()).items.map((item) => item.user.login)).toEqual(['stays'])
    expect((await refusal(users().get({ params: { user: user.id } }))).code).toBe('NOT_FOUND')
  })

  test('that is the last administrator stays one that can sign in', async () => {
    const [first, second] = [
      await users().create({ body: { login: 'root-1', platformAdmin: true } }),
      await users().create({ body: { login: 'root-2', platformAdmin: true } }),
    ]
    await users().update({ params: { user: first.id }, body: { version: 1, disabled: true } })
    for (const change of [{ disabled: true }, { platformAdmin: false }])
      expect((await refusal(users().update({ params: { user: second.id }, body: { version: 1, ...change } }))).code).toBe(
        'STATE_CONFLICT',
      )
    expect((await refusal(users().remove({ params: { user: second.id } }))).code).toBe('STATE_CONFLICT')
    await users().update({ params: { user: second.id }, body: { version: 1, name: 'Still here' } })
    await users().remove({ params: { user: first.id } })
  })
})

describe('a member', () => {
  const members = (token: string) => api.client(token).members

  test('is added by the platform, and given another role by those who may', async () => {
    for (const login of ['olga', 'otto', 'dan']) await platform().users.create({ body: { login } })
    await inTenantA().members.set({ params: { login: 'olga' }, body: { role: 'owner' } })
    await inTenantA().members.set({ params: { login: 'dan' }, body: { role: 'developer' } })
    const admin = members(await api.token(api.tenantA.id, 'admin'))
    expect(await admin.set({ params: { login: 'dan' }, body: { role: 'viewer' } })).toMatchObject({
      user: { login: 'dan' },
      role: 'viewer',
    })
    expect((await admin.list()).items.map(({ user, role }) => [user.login, role])).toEqual([
      ['dan', 'viewer'],
      ['olga', 'owner'],
    ])
  })

  test('of a higher role is out of reach, and so is that role', async () => {
    const admin = members(await api.token(api.tenantA.id, 'admin'))
    expect((await refusal(admin.set({ params: { login: 'dan' }, body: { role: 'owner' } }))).code).toBe('FORBIDDEN')
    expect((await refusal(admin.set({ params: { login: 'olga' }, body: { role: 'viewer' } }))).code).toBe('FORBIDDEN')
    expect((await refusal(admin.remove({ params: { login: 'olga' } }))).code).toBe('FORBIDDEN')
  })

  test('a login that exists elsewhere cannot be told from one that does not', async () => {
    const { call, tenantA } = api
    const ask = (login: string) =>
      call({
        method: 'PUT',
        url: `/api/v1/members/${login}`,
        token: tenantA.owner,
        body: { role: 'viewer' },
        headers: { 'x-request-id': 'x' },
      })
    expect((await ask('otto')).text).toBe((await ask('nobody')).text)
    expect((await ask('otto')).status).toBe(404)
  })

  test('the last owner stays', async () => {
    const call = inTenantA().members.set({ params: { login: 'olga' }, body: { role: 'admin' } })
    expect((await refusal(call)).code).toBe('STATE_CONFLICT')
    expect((await refusal(inTenantA().members.remove({ params: { login: 'olga' } }))).code).toBe('STATE_CONFLICT')
    await inTenantA().members.remove({ params: { login: 'dan' } })
    expect((await inTenantA().members.list()).items).toHaveLength(1)
  })
})

describe('SEC-1 a token', () => {
  const tokens = () => api.tenantA.client.tokens

  test('shows its secret once and keeps only a hash of it', async () => {
    const { secret, ...token } = await tokens().create({ body: { name: 'ci', role: 'developer' } })
    expect(secret).toMatch(/^carillon_[A-Za-z0-9_-]{43}$/)
    expect(await api.client(secret).meta.whoami()).toMatchObject({
      principal: 'token:ci',
      role: 'developer',
      tenant: { code: 'tenant-a' },
    })
    expect(await tokens().get({ params: { token: token.id } })).toEqual(token)
    const dump = await api.root.query(
      `select (select json_agg(t) from api_token t) as tokens, (select json_agg(a) from audit a) as audit`,
    )
    expect(JSON.stringify(dump.rows)).not.toContain(secret)
  })

  test('never has a role above that of its maker, whose platform it is neither', async () => {
    const admin = api.client(await api.token(api.tenantA.id, 'admin'))
    expect((await refusal(admin.tokens.create({ body: { name: 'x', role: 'owner' } }))).code).toBe('FORBIDDEN')
    expect((await admin.tokens.create({ body: { name: 'x', role: 'admin' } })).platformAdmin).toBe(false)
    const { items } = await tokens().list({ query: { role: 'owner' } })
    expect((await refusal(admin.tokens.revoke({ params: { token: items[0]!.id } }))).code).toBe('FORBIDDEN')
    const body = { name: 'x', role: 'owner', platformAdmin: true }
    const grab = await api.call({ method: 'POST', url: '/api/v1/tokens', token: api.tenantA.owner, body })
    expect([grab.status, grab.body.problems[0].path]).toEqual([422, '/body/platformAdmin'])
  })

  test('of an executor may be bound to an app, and does nothing else', async () => {
    await api.tenantA.client.apps.create({ body: { code: 'bound' } })
    const { secret } = await tokens().create({ body: { name: 'exec', role: 'executor', app: 'bound' } })
    const executor = api.client(secret)
    expect(await executor.meta.whoami()).toMatchObject({ role: 'executor', appId: expect.any(Number) })
    expect((await refusal(executor.tasks.list())).code).toBe('FORBIDDEN')
    expect((await refusal(tokens().create({ body: { name: 'x', role: 'viewer', app: 'bound' } }))).problems[0]?.path).toBe(
      '/body/app',
    )
    const past = tokens().create({ body: { name: 'x', role: 'viewer', expiresAt: 5 } })
    expect((await refusal(past)).problems[0]?.path).toBe('/body/expiresAt')
  })
})

describe('AUD-1 the audit trail', () => {
  test('says who changed what from where, before and after, secrets masked', async () => {
    const { taskTypes, audit } = api.tenantB.client
    const headers = { authorization: 'Bearer hunter2', accept: 'text/plain' }
    const settings = { method: 'GET', url: 'http://example.test/', headers }
    const type = await taskTypes.create({ body: { code: 'call', kind: 'http', settings } })
    await taskTypes.update(
      { params: { type: 'call' }, body: { version: 1, name: 'Call' } },
      { headers: { 'x-request-id': 'my-call' } },
    )
    const { items } = await audit.list({ query: { objectKind: 'task_type' } })
    expect(items.map(({ operation }) => operation)).toEqual(['task-type.update', 'task-type.create'])
    expect(items[0]).toMatchObject({
      principal: `token:owner-${api.tenantB.id}`,
      address: '127.0.0.1',
      requestId: 'my-call',
      objectId: String(type.id),
      before: { name: 'call' },
      after: { name: 'Call', settings: { headers: { authorization: '********', accept: 'text/plain' } } },
    })
    expect(JSON.stringify(items)).not.toContain('hunter2')
  })

  test('is filtered by object, operation, principal and time', async () => {
    const { audit } = api.tenantB.client
    const count = async (query: object) => (await audit.list({ query })).items.length
    expect(await count({ operation: 'task-type.update' })).toBe(1)
    expect(await count({ principal: 'token:nobody' })).toBe(0)
    expect(await count({ to: 1000 })).toBe(0)
    expect(await count({ from: 1000, object: 'x' })).toBe(0)
  })

  test('INV-18 cannot be changed or removed, not even by the owner of the tables', async () => {
    for (const role of ['carillon_api', 'carillon_engine', 'none']) {
      await api.root.query(`set role ${role}`)
      await api.root.query(`select set_config('app.tenant', $1, false)`, [String(api.tenantB.id)])
      await expect(api.root.query(`update audit set principal = 'someone else'`)).rejects.toThrow(/permission denied|append-only/)
      await expect(api.root.query(`delete from audit`)).rejects.toThrow(/permission denied|append-only/)
      await expect(api.root.query(`delete from revision`)).rejects.toThrow(/permission denied|append-only/)
    }
    await api.root.query('reset role')
    await expect(api.root.query(`truncate audit`)).rejects.toThrow(/append-only/)
  })

  test('INV-18 a change that fails leaves no row, and a row that fails leaves no change', async () => {
    const { taskTypes } = api.tenantB.client
    const rows = async () => (await api.root.query(`select from audit where tenant_id = $1`, [api.tenantB.id])).rowCount
    const before = await rows()
    await refusal(taskTypes.create({ body: { code: 'call', kind: 'log', settings: { message: 'x' } } }))
    expect(await rows()).toBe(before)
    await api.root.query(`alter table audit add constraint broken check (operation <> 'task-type.create') not valid`)
    const broken = await api.call({
      method: 'POST',
      url: '/api/v1/task-types',
      token: api.tenantB.owner,
      body: { code: 'half', kind: 'log', settings: { message: 'x' } },
    })
    expect(broken.status).toBe(500)
    await api.root.query(`alter table audit drop constraint broken`)
    expect((await refusal(taskTypes.get({ params: { type: 'half' } }))).code).toBe('NOT_FOUND')
  })
})

describe('CTL-1 the scheduler', () => {
  beforeAll(() =>
    api.root.query(`insert into server_node (id, name, version, address) values ('n1', 'one', '1', '10.0.0.1:7070')`),
  )

  test('is stopped, drained and started, for all nodes and for one', async () => {
    const { scheduler } = platform()
    expect(await scheduler.stop()).toMatchObject({ state: 'STOPPED', changedBy: expect.stringContaining('token:') })
    expect((await scheduler.drain()).state).toBe('DRAINING')
    expect((await scheduler.start()).state).toBe('RUNNING')
    expect((await scheduler.drainNode({ params: { node: 'n1' } })).nodes).toMatchObject([
      { id: 'n1', state: 'DRAINING', alive: true },
    ])
    expect((await refusal(scheduler.stopNode({ params: { node: 'n2' } }))).code).toBe('NOT_FOUND')
  })

  test('tells tenants how it goes, but not where its nodes are', async () => {
    expect((await platform().scheduler.status()).nodes[0]?.address).toBe('10.0.0.1:7070')
    expect((await api.tenantA.client.scheduler.status()).nodes[0]).toMatchObject({ id: 'n1', address: null })
  })
})

describe('KND-2 the kinds of a tenant', () => {
  const typeOf = (code: string, kind: 'log' | 'delay') => ({
    code,
    kind,
    settings: kind === 'log' ? { message: 'x' } : { ms: 1 },
  })

  test('are an allow-list: of others no type can be written or copied, and those that exist go on', async () => {
    const { client, code, id } = api.tenantB
    const tenants = api.client(api.platform).tenants
    await client.taskTypes.create({ body: typeOf('pause', 'delay') })
    const { version } = await tenants.get({ params: { tenant: code } })
    expect(await tenants.update({ params: { tenant: String(id) }, body: { version, kinds: ['log'] } })).toMatchObject({
      kinds: ['log'],
    })
    expect((await client.taskTypes.kinds()).items).toMatchObject([{ name: 'log', app: 'builtin' }])
    await client.taskTypes.create({ body: typeOf('say', 'log') })
    expect(await refusal(client.taskTypes.create({ body: typeOf('pause-2', 'delay') }))).toMatchObject({ code: 'FORBIDDEN' })
    expect((await refusal(client.taskTypes.copy({ params: { type: 'pause' }, body: { code: 'pause-3' } }))).code).toBe(
      'FORBIDDEN',
    )
    await client.taskTypes.update({ params: { type: 'pause' }, body: { version: 1, settings: { ms: 2 } } })
    await client.tasks.create({ body: { code: 'pause', type: 'pause' } })
    await tenants.update({ params: { tenant: code }, body: { version: version + 1, kinds: null } })
    await client.taskTypes.create({ body: typeOf('pause-2', 'delay') })
  })

  test('are listed with who does the work and the schema of their settings', async () => {
    const { items } = await api.tenantA.client.taskTypes.kinds()
    expect(items.map(({ name }) => name)).toEqual(expect.arrayContaining(['handler', 'http', 'script', 'xxl-job']))
    expect(items.find(({ name }) => name === 'sql')).toMatchObject({
      ...{ app: 'own', fromParams: true },
      settings: { type: 'object', required: ['source', 'statement'], properties: { maxRows: { type: 'integer', minimum: 1 } } },
    })
  })

  test('name kinds that exist', async () => {
    const call = api
      .client(api.platform)
      .tenants.update({ params: { tenant: api.tenantA.code }, body: { version: 1, kinds: ['lgo'] } })
    expect(await refusal(call)).toMatchObject({ code: 'VALIDATION_FAILED', problems: [{ path: '/body/kinds' }] })
  })
})
