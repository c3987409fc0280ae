import { expect, test } from 'vitest'
import { run, runJson, sharedEnv } from '../testing/run.ts'

test('a tenant is created, gets a token of its own, and is suspended and activated', async () => {
  const code = `cli-tenant-${process.pid}`
  const created = await runJson(['tenants', 'create', code, '--name', 'Of a test', '--weight', '3'])
  expect(created).toMatchObject({ code, name: 'Of a test', weight: 3, state: 'ACTIVE' })
  const { out } = await run(['token', 'create', 'first', '--role', 'owner', '--tenant', code])
  const env = { ...sharedEnv(), CARILLON_TOKEN: out.trim() }
  expect((await run(['get', 'tasks'], env)).code).toBe(0)
  expect((await run(['tenants', 'create', 'another'], env)).code).toBe(4)
  expect((await run(['tenants', 'suspend', code])).out).toBe(`Tenant ${code} is SUSPENDED.\n`)
  await expect.poll(async () => (await run(['get', 'tasks'], env)).err).toContain('suspended')
  expect((await run(['tenants', 'activate', code])).out).toBe(`Tenant ${code} is ACTIVE.\n`)
  await expect.poll(async () => (await run(['get', 'tasks'], env)).code).toBe(0)
  expect((await run(['tenants', 'suspend', 'nope'])).code).toBe(3)
})
