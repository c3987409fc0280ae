import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PERMISSIONS_OF, ROLES, permits, type Permission } from '@carillon/core'
import { successStatus } from '@carillon/contract'
import { startTestApi, type TestApi } from './api.test-helper.ts'
import { everyRoute, seed, seedPlatform, urlOf, type NamedRoute, type Objects } from './every-route.test-helper.ts'

let api: TestApi
let own: Objects & { executorToken: string }
beforeAll(async () => {
  api = await startTestApi()
  own = await seed(api, api.tenantA)
  await seedPlatform(api, api.tenantA.id)
})
afterAll(() => api.close())

async function auditRows(): Promise<{ operation: string }[]> {
  return (await api.root.query('select operation from audit order by id')).rows
}

async function currentVersion({ route }: NamedRoute, body: unknown, url: string): Promise<unknown> {
  if (typeof body !== 'object' || body === null || !('version' in body)) return body
  const read = await api.call({ method: 'GET', url: url.replace(/\/restore$/, ''), token: tokenFor(route.access) })
  return { ...body, version: read.body.version }
}

function tokenFor(access: string): string {
  if (access === 'executor') return own.executorToken
  return access === 'platform' ? api.platform : api.tenantA.owner
}

describe('INV-18 every route works as its contract says, and leaves exactly the audit row that it declares', () => {
  test.each(everyRoute.map((each) => [each.name, each] as const))('%s', async (_, each) => {
    const request = each.build(own)
    const url = urlOf(each.route, request)
    const body = await currentVersion(each, request.body, url)
    const before = await auditRows()
    const answer = await api.call({ method: each.route.method, url, token: tokenFor(each.route.access), body })
    expect(answer.status, answer.text).toBe(successStatus(each.route))
    const added = (await auditRows()).slice(before.length)
    expect(added).toEqual(each.route.audit === undefined ? [] : [{ operation: each.route.audit }])
  })
})

describe('S09 a role is let through exactly where its permissions say so', () => {
  test.each(everyRoute.map((each) => [each.name, each] as const))('%s', async (_, { route, build }) => {
    const { access } = route
    const request = build(own)
    for (const role of ROLES) {
      const token = await api.token(api.tenantB.id, role)
      const { status } = await api.call({ method: route.method, url: urlOf(route, request), token, body: request.body })
      const open = access === 'public' || access === 'authenticated' || permits(role, false, access)
      expect([role, status === 403]).toEqual([role, !open])
    }
  })

  test('the permissions of the routes are those that roles have', () => {
    const known = new Set<string>(['public', 'authenticated', 'platform', ...Object.values(PERMISSIONS_OF).flat()])
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
  })
})
