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

test('a tenant is changed: what is left out stays, and private targets take the place of those before', async () => {
  const code = `cli-targets-${process.pid}`
  await run(['tenants', 'create', code, '--weight', '3'])
  const targets = ['--private-target', '10.20.0.0/16', '--private-target', 'billing.internal']
  expect((await run(['tenants', 'update', code, ...targets])).out).toBe(
    `Tenant ${code} is changed; for it are called also 10.20.0.0/16, billing.internal.\n`,
  )
  const renamed = await runJson(['tenants', 'update', code, '--name', 'Of a test'])
  expect(renamed).toMatchObject({ name: 'Of a test', weight: 3, privateTargets: ['10.20.0.0/16', 'billing.internal'] })
  expect(await runJson(['tenants', 'update', code, '--private-target', '127.0.0.1'])).toMatchObject({
    privateTargets: ['127.0.0.1'],
  })
  expect((await run(['tenants', 'update', code, ...targets, '--no-private-targets'])).code).toBe(2)
  const refused = await run(['tenants', 'update', code, '--private-target', '0.0.0.0/0'])
  expect([refused.code, refused.err]).toEqual([4, expect.stringContaining('0.0.0.0/0, which reaches beyond private networks')])
  expect((await run(['tenants', 'update', code, '--no-private-targets'])).out).toContain('called public addresses alone.')
  const { out } = await run(['token', 'create', 'own', '--role', 'owner', '--tenant', code])
  const own = { ...sharedEnv(), CARILLON_TOKEN: out.trim() }
  expect((await run(['tenants', 'update', code, ...targets], own)).code).toBe(4)
})
