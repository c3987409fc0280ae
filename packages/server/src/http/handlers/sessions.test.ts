import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hashPassword } from '../../definition/password.ts'
import { startTestApi, type TestAnswer, type TestApi } from '../api.test-helper.ts'

// SEC-1: people sign in, and what the cookie then is good for.

const PASSWORD = 'correct horse battery'

let api: TestApi
let hash: string
beforeAll(async () => {
  api = await startTestApi()
  hash = await hashPassword(PASSWORD)
})
afterAll(() => api.close())

interface Person {
  readonly id: number
  readonly login: string
}

let people = 0
async function person(more: { platformAdmin?: boolean; mustChange?: boolean } = {}): Promise<Person> {
  const login = `person-${++people}`
  const { rows } = await api.root.query(
    `insert into user_account (login, name, password_hash, platform_admin, must_change_password) values ($1, 'A person', $2, $3, $4) returning id`,
    [login, hash, more.platformAdmin ?? false, more.mustChange ?? false],
  )
  return { id: Number(rows[0].id), login }
}

async function join({ id }: Person, tenantId: number, role: string): Promise<void> {
  await api.root.query(`insert into membership (tenant_id, user_id, role) values ($1, $2, $3)`, [tenantId, id, role])
}

const signIn = (name: string, password = PASSWORD, headers: Record<string, string> = {}) =>
  api.call({ method: 'POST', url: '/api/v1/session', body: { name, password }, headers })
const cookieOf = ({ headers }: TestAnswer) => String(headers['set-cookie']).split(';')[0]!
const signedIn = async ({ login }: Person) => cookieOf(await signIn(login))

const mine = (cookie: string, method: string, url: string, body?: unknown, headers: Record<string, string> = {}) =>
  api.call({ method, url, headers: { cookie, 'carillon-console': '1', ...headers }, ...(body === undefined ? {} : { body }) })
const in_ = (tenant: string, cookie: string, method: string, url: string, body?: unknown) =>
  mine(cookie, method, url, body, { 'carillon-tenant': tenant })

const auditOf = async (operation: string) =>
  (await api.root.query(`select * from audit where operation = $1 order by id desc`, [operation])).rows

describe('signing in', () => {
  test('answers who it is and what they may do where, and sets a cookie that no script can read', async () => {
    const ann = await person()
    await join(ann, api.tenantA.id, 'operator')
    const answer = await signIn(ann.login)
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({
      user: { id: ann.id, login: ann.login, name: 'A person', platformAdmin: false, mustChangePassword: false },
      memberships: [{ tenant: { code: 'tenant-a', state: 'ACTIVE' }, role: 'operator' }],
      permissions: { 'tenant-a': ['read', 'run.trigger', 'run.control', 'schedule.pause', 'executor.control'] },
    })
    expect(answer.headers['set-cookie']).toMatch(
      /^carillon_session=carillon_[A-Za-z0-9_-]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict$/,
    )
    expect((await mine(cookieOf(answer), 'GET', '/api/v1/session')).body).toEqual(answer.body)
    expect((await auditOf('session.create'))[0]).toMatchObject({ principal: `user:${ann.login}`, tenant_id: '1' })
    const { rows } = await api.root.query(`select hash from user_session where user_id = $1`, [ann.id])
    expect(answer.headers['set-cookie']).not.toContain(rows[0].hash.toString('base64url'))
  })

  test('over TLS sets a cookie that never leaves it', async () => {
    const proxied = await startTestApi({ trustProxy: true })
    await proxied.root.query(`insert into user_account (login, name, password_hash) values ('ann', 'Ann', $1)`, [hash])
    const headers = { 'x-forwarded-proto': 'https' }
    const body = { name: 'ann', password: PASSWORD }
    const answer = await proxied.call({ method: 'POST', url: '/api/v1/session', body, headers })
    expect(answer.headers['set-cookie']).toMatch(/; Secure$/)
    await proxied.close()
  })

  test('is refused with the same words whether the name, the password or the user is no good', async () => {
    const [wrong, disabled, without] = [await person(), await person(), await person()]
    await api.root.query(`update user_account set disabled = true where id = $1`, [disabled.id])
    await api.root.query(`update user_account set password_hash = null where id = $1`, [without.id])
    const ask = (name: string, password: string) => signIn(name, password, { 'x-request-id': 'the-same' })
    const answers = [
      await ask('nobody', PASSWORD),
      await ask(wrong.login, 'wrong horse battery'),
      await ask(disabled.login, PASSWORD),
      await ask(without.login, PASSWORD),
    ]
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
    expect(answers[0]!.status).toBe(401)
    expect(answers[0]!.headers['set-cookie']).toBeUndefined()
  })

  test('in vain is audited under the name, unless nobody has it: it might be a password', async () => {
    const ann = await person()
    await signIn(ann.login, 'wrong horse battery')
    expect((await auditOf('session.refuse'))[0]).toMatchObject({ principal: `user:${ann.login}`, address: '127.0.0.1' })
    await signIn('typed-my-password-here', 'x')
    expect((await auditOf('session.refuse'))[0]).toMatchObject({ principal: 'anonymous', after: { user: null } })
    expect(JSON.stringify(await auditOf('session.refuse'))).not.toMatch(/typed-my|horse/)
  })

  test('from a page of another site is refused', async () => {
    const ann = await person()
    expect((await signIn(ann.login, PASSWORD, { origin: 'https://evil.example' })).status).toBe(403)
    expect(
      (await signIn(ann.login, PASSWORD, { origin: 'http://carillon.example:7070', host: 'carillon.example:7070' })).status,
    ).toBe(200)
  })

  test('keeps the newest fifty sessions of a user', async () => {
    const ann = await person()
    await api.root.query(
      `insert into user_session (user_id, hash, address, expires_at)
       select $1, sha256(n::text::bytea), 'x', now() + interval '1 day' from generate_series(1, 60) n`,
      [ann.id],
    )
    const cookie = await signedIn(ann)
    const { rows } = await api.root.query(`select count(*)::int as n from user_session where user_id = $1`, [ann.id])
    expect(rows[0].n).toBe(50)
    expect((await mine(cookie, 'GET', '/api/v1/session')).status).toBe(200)
  })
})

describe('tries', () => {
  let calm: TestApi
  beforeEach(async () => {
    calm = await startTestApi()
    return () => calm.close()
  })
  const tryAs = (name: string, password: string, remoteAddress: string) =>
    calm.app
      .inject({ method: 'POST', url: '/api/v1/session', payload: { name, password }, remoteAddress })
      .then(({ statusCode }) => statusCode)

  test('of one name are limited wherever they come from, even those that come at once', async () => {
    await calm.root.query(`insert into user_account (login, name, password_hash) values ('ann', 'Ann', $1)`, [hash])
    const tries = await Promise.all(Array.from({ length: 12 }, (_, n) => tryAs('ann', 'wrong', `10.0.0.${n}`)))
    expect(tries.filter((status) => status === 429)).toHaveLength(2)
    expect(await tryAs('ann', PASSWORD, '10.0.1.1')).toBe(429)
    expect(await tryAs('bob', PASSWORD, '10.0.1.1')).toBe(401)
  })

  test('from one address are limited whatever the names', async () => {
    const tries = await Promise.all(Array.from({ length: 21 }, (_, n) => tryAs(`name-${n}`, 'wrong', '10.0.0.1')))
    expect(tries.filter((status) => status === 429)).toHaveLength(1)
    expect(await tryAs('name-99', 'wrong', '10.0.0.2')).toBe(401)
  })

  test('that succeed cost nothing', async () => {
    await calm.root.query(`insert into user_account (login, name, password_hash) values ('ann', 'Ann', $1)`, [hash])
    for (let n = 0; n < 12; n++) expect(await tryAs('ann', PASSWORD, '10.0.0.1')).toBe(200)
  })
})

describe('a session', () => {
  test('acts in the tenant that the request names, with the role that its user has there', async () => {
    const ann = await person()
    await join(ann, api.tenantA.id, 'viewer')
    await join(ann, api.tenantB.id, 'developer')
    const cookie = await signedIn(ann)
    const create = (tenant: string) => in_(tenant, cookie, 'POST', '/api/v1/dags', { code: `dag-of-${ann.login}` })
    expect((await create('tenant-a')).status).toBe(403)
    expect((await create('tenant-b')).status).toBe(201)
    expect((await in_('tenant-b', cookie, 'GET', '/api/v1/whoami')).body).toMatchObject({
      principal: `user:${ann.login}`,
      tenant: { code: 'tenant-b' },
      role: 'developer',
    })
    expect((await in_('tenant-a', cookie, 'GET', `/api/v1/dags/dag-of-${ann.login}`)).status).toBe(404)
    expect((await auditOf('dag.create'))[0]).toMatchObject({ principal: `user:${ann.login}` })
  })

  test('cannot tell a tenant that it has no part in from one that does not exist', async () => {
    const cookie = await signedIn(await person())
    const ask = (tenant: string) =>
      mine(cookie, 'GET', '/api/v1/dags', undefined, { 'carillon-tenant': tenant, 'x-request-id': 'the-same' })
    expect((await ask('tenant-a')).text).toBe((await ask('no-such-tenant')).text)
    expect((await ask('tenant-a')).status).toBe(403)
  })

  test('that names no tenant is told to, where one is needed', async () => {
    const cookie = await signedIn(await person())
    const answer = await mine(cookie, 'GET', '/api/v1/dags')
    expect([answer.status, answer.body.detail]).toEqual([400, expect.stringContaining('carillon-tenant')])
    expect((await mine(cookie, 'GET', '/api/v1/tenants')).status).toBe(403)
  })

  test('of a platform administrator manages the platform, and is an owner in every tenant', async () => {
    const root = await person({ platformAdmin: true })
    const cookie = await signedIn(root)
    expect((await mine(cookie, 'GET', '/api/v1/tenants')).status).toBe(200)
    expect((await mine(cookie, 'GET', '/api/v1/session')).body).toMatchObject({
      memberships: [],
      permissions: { '*': expect.arrayContaining(['platform', 'tenant.write']) },
    })
    expect((await in_('tenant-a', cookie, 'POST', '/api/v1/apps', { code: 'by-root' })).status).toBe(201)
    const { rows } = await api.root.query(
      `select principal, tenant_id from audit where operation = 'app.create' order by id desc limit 1`,
    )
    expect(rows[0]).toEqual({ principal: `user:${root.login}`, tenant_id: String(api.tenantA.id) })
    expect((await in_('no-such-tenant', cookie, 'GET', '/api/v1/apps')).status).toBe(404)
  })

  test('of a suspended tenant reads nothing of it', async () => {
    const ann = await person()
    const tenant = await api.client(api.platform).tenants.create({ body: { code: `closed-${ann.login}` } })
    await join(ann, tenant.id, 'owner')
    const cookie = await signedIn(ann)
    expect((await in_(tenant.code, cookie, 'GET', '/api/v1/apps')).status).toBe(200)
    await api.client(api.platform).tenants.update({ params: { tenant: tenant.code }, body: { version: 1, state: 'SUSPENDED' } })
    expect((await in_(tenant.code, cookie, 'GET', '/api/v1/apps')).status).toBe(403)
    const { body } = await mine(cookie, 'GET', '/api/v1/session')
    expect(body.memberships).toMatchObject([{ tenant: { state: 'SUSPENDED' } }])
  })

  test('changes nothing without the mark of our own pages, nor from a page of another site', async () => {
    const ann = await person()
    await join(ann, api.tenantA.id, 'owner')
    const cookie = await signedIn(ann)
    const send = (headers: Record<string, string>) =>
      api.call({ method: 'DELETE', url: '/api/v1/sessions/1', headers: { cookie, ...headers } }).then(({ status }) => status)
    expect(await send({})).toBe(403)
    expect(await send({ 'carillon-console': '1', origin: 'https://evil.example' })).toBe(403)
    expect(await send({ 'carillon-console': '1', origin: 'null' })).toBe(403)
    expect(await send({ 'carillon-tenant': 'tenant-a', origin: 'http://localhost:80', host: 'localhost' })).toBe(404)
    expect((await api.call({ method: 'GET', url: '/api/v1/session', headers: { cookie } })).status).toBe(200)
  })

  test('does not count beside a token', async () => {
    const cookie = await signedIn(await person({ platformAdmin: true }))
    const answer = await api.call({ method: 'GET', url: '/api/v1/tenants', token: api.tenantA.owner, headers: { cookie } })
    expect(answer.status).toBe(403)
  })
})

describe('a session ends', () => {
  const status = async (cookie: string) => (await mine(cookie, 'GET', '/api/v1/session')).status

  test('when its user signs out', async () => {
    const ann = await person()
    const cookie = await signedIn(ann)
    const answer = await mine(cookie, 'DELETE', '/api/v1/session')
    expect([answer.status, answer.headers['set-cookie']]).toEqual([
      204,
      expect.stringMatching(/^carillon_session=; Path=\/; Max-Age=0;/),
    ])
    expect(await status(cookie)).toBe(401)
    expect((await auditOf('session.end'))[0]).toMatchObject({ principal: `user:${ann.login}` })
  })

  test('when its user ends it from another, but nobody ends those of others', async () => {
    const [ann, bob] = [await person(), await person()]
    const [here, there, bobs] = [await signedIn(ann), await signedIn(ann), await signedIn(bob)]
    const { items } = (await mine(here, 'GET', '/api/v1/sessions')).body
    expect(items.map(({ current }: { current: boolean }) => current)).toEqual([false, true])
    expect((await mine(bobs, 'DELETE', `/api/v1/sessions/${items[0].id}`)).status).toBe(404)
    expect(await status(there)).toBe(200)
    expect((await mine(here, 'DELETE', `/api/v1/sessions/${items[0].id}`)).status).toBe(204)
    expect([await status(here), await status(there)]).toEqual([200, 401])
  })

  test('all but the one that asks, when its user changes the password', async () => {
    const ann = await person()
    const [here, there] = [await signedIn(ann), await signedIn(ann)]
    const change = (current: string, next: string) => mine(here, 'POST', '/api/v1/session/password', { current, next })
    const wrong = await change('wrong horse battery', 'another horse battery')
    expect([wrong.status, wrong.body.problems[0].path]).toEqual([422, '/body/current'])
    expect((await change(PASSWORD, PASSWORD)).body.problems[0].path).toBe('/body/next')
    expect((await change(PASSWORD, 'short')).body.problems[0].path).toBe('/body/next')
    expect((await change(PASSWORD, 'another horse battery')).status).toBe(200)
    expect([await status(here), await status(there)]).toEqual([200, 401])
    expect((await signIn(ann.login)).status).toBe(401)
    expect((await signIn(ann.login, 'another horse battery')).status).toBe(200)
    const trail = await auditOf('session.change-password')
    expect(trail[0]).toMatchObject({ principal: `user:${ann.login}`, object_id: String(ann.id) })
    expect(JSON.stringify(trail)).not.toContain('horse')
  })

  test('when the user is disabled, deleted, or gets another password', async () => {
    const users = api.client(api.platform).users
    const [ann, bob, cleo] = [await person(), await person(), await person()]
    const cookies = [await signedIn(ann), await signedIn(bob), await signedIn(cleo)]
    for (const cookie of cookies) expect(await status(cookie)).toBe(200)
    await users.update({ params: { user: ann.id }, body: { version: 1, disabled: true } })
    await users.remove({ params: { user: bob.id } })
    await users.update({ params: { user: cleo.id }, body: { version: 1, password: 'another horse battery' } })
    for (const cookie of cookies) expect(await status(cookie)).toBe(401)
  })

  test('when it was not used for long, or has lasted too long', async () => {
    const ann = await person()
    const [idle, old, fine] = [await signedIn(ann), await signedIn(ann), await signedIn(ann)]
    const { items } = (await mine(fine, 'GET', '/api/v1/sessions')).body
    const [, ofOld, ofIdle] = items as { id: number }[]
    await api.root.query(`update user_session set seen_at = now() - interval '13 hours' where id = $1`, [ofIdle!.id])
    await api.root.query(`update user_session set expires_at = now() where id = $1`, [ofOld!.id])
    expect([await status(idle), await status(old), await status(fine)]).toEqual([401, 401, 200])
    expect((await mine(fine, 'GET', '/api/v1/sessions')).body.items).toHaveLength(1)
  })

  test('but is renewed while it is used, with one write in minutes', async () => {
    const [ann, bob] = [await person(), await person()]
    const [anns, bobs] = [await signedIn(ann), await signedIn(bob)]
    const seen = async ({ id }: Person) =>
      (
        await api.root.query(
          `select xmin::text, seen_at > now() - interval '1 minute' as fresh from user_session where user_id = $1`,
          [id],
        )
      ).rows[0]
    const first = await seen(ann)
    await mine(anns, 'GET', '/api/v1/session')
    await api.root.query(`update user_session set seen_at = now() - interval '10 minutes' where user_id = $1`, [bob.id])
    await mine(bobs, 'GET', '/api/v1/session')
    await expect.poll(async () => (await seen(bob)).fresh).toBe(true)
    expect(await seen(ann)).toEqual(first)
  })
})

describe('a password that someone else chose', () => {
  test('lets its user do nothing but change it', async () => {
    const ann = await person({ mustChange: true })
    await join(ann, api.tenantA.id, 'owner')
    const cookie = await signedIn(ann)
    const refused = await in_('tenant-a', cookie, 'GET', '/api/v1/apps')
    expect([refused.status, refused.body.mustChangePassword]).toEqual([403, true])
    const body = { current: PASSWORD, next: 'my own horse battery' }
    const changed = await mine(cookie, 'POST', '/api/v1/session/password', body)
    expect(changed.body.user.mustChangePassword).toBe(false)
    expect((await in_('tenant-a', cookie, 'GET', '/api/v1/apps')).status).toBe(200)
  })
})
