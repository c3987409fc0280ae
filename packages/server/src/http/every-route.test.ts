import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PERMISSIONS_OF, ROLES, permits, type Permission, type Role } from '@carillon/core'
import { successStatus, type Access } from '@carillon/contract'
import { startTestApi, type TestApi, type TestCall } from './api.test-helper.ts'
import { SIGNED_IN_ID, everyRoute, seed, seedPlatform, urlOf, type NamedRoute, type Objects } from './every-route.test-helper.ts'

let api: TestApi
let own: Objects & { executorToken: string }
let cookie: string
beforeAll(async () => {
  api = await startTestApi()
  own = await seed(api, api.tenantA)
  await seedPlatform(api, api.tenantA.id)
  cookie = await api.signIn(SIGNED_IN_ID)
})
afterAll(() => api.close())

async function auditRows(): Promise<{ operation: string }[]> {
  return (await api.root.query('select operation from audit order by id')).rows
}

async function currentVersion({ route }: NamedRoute, body: unknown, url: string): Promise<unknown> {
  if (typeof body !== 'object' || body === null || !('version' in body)) return body
  const read = await api.call({ method: 'GET', url: url.replace(/\/restore$/, ''), ...callerFor(route.access) })
  return { ...body, version: read.body.version }
}

function callerFor(access: string): Pick<TestCall, 'token' | 'headers'> {
  if (access === 'session') return { headers: { cookie, 'carillon-console': '1' } }
  if (access === 'executor') return { token: own.executorToken }
  return { token: access === 'platform' ? api.platform : api.tenantA.owner }
}

describe('INV-18 every route works as its contract says, and leaves exactly the audit row that it declares', () => {
  test.each(everyRoute.map((each) => [each.name, each] as const))('%s', async (_, each) => {
    const request = each.build(own)
    const url = urlOf(each.route, request)
    const body = await currentVersion(each, request.body, url)
    const before = await auditRows()
    const answer = await api.call({ method: each.route.method, url, ...callerFor(each.route.access), body })
    expect(answer.status, answer.text).toBe(successStatus(each.route))
    const added = (await auditRows()).slice(before.length)
    expect(added).toEqual(each.route.audit === undefined ? [] : [{ operation: each.route.audit }])
  })
})

/** One person for each role in tenant B, signed in. */
async function signedIn(): Promise<{ role: Role; cookie: string }[]> {
  const signedIn = []
  for (const [place, role] of ROLES.filter((role) => role !== 'executor').entries()) {
    const id = 90 + place
    const user = `insert into user_account (id, login, name) values ($1, $2, $2) on conflict do nothing`
    await api.root.query(user, [id, `the-${role}`])
    const member = `insert into membership (tenant_id, user_id, role) values ($1, $2, $3) on conflict do nothing`
    await api.root.query(member, [api.tenantB.id, id, role])
    signedIn.push({ role, cookie: await api.signIn(id) })
  }
  return signedIn
}

function isOpen(access: Access, role: Role, bySession: boolean): boolean {
  if (access === 'session') return bySession
  return access === 'public' || access === 'authenticated' || permits(role, false, access)
}

describe('S09 a role is let through exactly where its permissions say so', () => {
  let people: Awaited<ReturnType<typeof signedIn>>
  beforeAll(async () => {
    people = await signedIn()
  })

  test.each(everyRoute.map((each) => [each.name, each] as const))('%s', async (_, { route, build }) => {
    const { access } = route
    const request = build(own)
    for (const role of ROLES) {
      const token = await api.token(api.tenantB.id, role)
      const { status } = await api.call({ method: route.method, url: urlOf(route, request), token, body: request.body })
      expect([role, status === 403]).toEqual([role, !isOpen(access, role, false)])
    }
  })

  test.each(everyRoute.map((each) => [each.name, each] as const))('%s, by one who signed in', async (_, { route, build }) => {
    const request = build(own)
    for (const { role, cookie: theirs } of people) {
      const headers = { cookie: theirs, 'carillon-tenant': api.tenantB.code }
      const { status } = await api.call({ method: route.method, url: urlOf(route, request), headers, body: request.body })
      expect([role, status === 403]).toEqual([role, !isOpen(route.access, role, true)])
      if (route.access === 'session' && route.method !== 'GET') people = await signedIn()
    }
  })

  test('the permissions of the routes are those that roles have', () => {
    const known = new Set<string>(['public', 'authenticated', 'session', 'platform', ...Object.values(PERMISSIONS_OF).flat()])
    for (const { route } of everyRoute) expect(known).toContain(route.access)
    const used = new Set<string>(everyRoute.map(({ route }) => route.access))
    const inHandlers: Permission[] = ['run.bypass', 'run.force', 'tenant.write']
    for (const permission of PERMISSIONS_OF.owner) expect([...used, ...inHandlers]).toContain(permission)
  })
})

describe('S03 without a valid token nothing answers but what is public', () => {
  const bad = ['', 'Bearer', 'Bearer nothing', `Bearer carillon_${'A'.repeat(43)}`, 'Basic YTpi', `carillon_${'A'.repeat(43)}`]
  test.each(everyRoute.map((each) => [each.name, each] as const))('%s', async (_, { route, build }) => {
    const request = build(own)
    const call = { method: route.method, url: urlOf(route, request), body: request.body }
    for (const headers of [{}, ...bad.map((authorization) => ({ authorization }))]) {
      const { status } = await api.call({ ...call, headers })
      expect(status).toBe(route.access === 'public' ? 200 : 401)
    }
    const { status } = await api.call({ ...call, headers: { cookie: `carillon_session=carillon_${'A'.repeat(43)}` } })
    expect(status).toBe(route.access === 'public' ? 200 : 401)
  })
})
