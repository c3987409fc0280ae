import { rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient } from '@carillon/contract'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadConfig } from '../config.ts'
import { startServer, type RunningServer } from '../main.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts'

/*
 * Two tenants of a real node name the same address. It answers both; the rules of the one let it be called.
 */

let database: TestDatabase
let server: RunningServer
const dataDir = temporaryFolder('egress')
const called: string[] = []
const target = createServer((request, response) => {
  called.push(request.url!)
  response.end('{}')
})
const url = (path: string) => `http://127.0.0.1:${(target.address() as AddressInfo).port}${path}`

beforeAll(async () => {
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
  database = await createTestDatabase()
  const overrides = {
    ...{ databaseUrl: database.url, dataDir, port: 0, allowUnsafeDurability: true },
    ...{ egressAllowPrivate: 'tenants', 'health.everyMs': 1_000 },
  }
  server = await startServer(loadConfig({ env: {}, overrides }), { log: pino({ level: 'silent' }), progress: () => {} })
  for (const code of ['inside', 'outside']) await prepare(code)
})
afterAll(async () => {
  await server.stop()
  await database.drop()
  rmSync(dataDir, { recursive: true })
  target.closeAllConnections()
  target.close()
})

const client = (tenant: string) => createClient({ baseUrl: server.url, token: server.firstAccess!.token, tenant })

async function prepare(code: string) {
  await client('platform').tenants.create({ body: { code } })
  const { apps, taskTypes, tasks } = client(code)
  await apps.create({ body: { code: 'app' } })
  await taskTypes.create({ body: { code: 'call', kind: 'http', settings: { method: 'GET', url: url(`/http/${code}`) } } })
  await tasks.create({ body: { code: 'call', type: 'call' } })
}

async function allow(code: string, ...privateTargets: string[]) {
  const { tenants } = client('platform')
  const { version } = await tenants.get({ params: { tenant: code } })
  await tenants.update({ params: { tenant: code }, body: { version, privateTargets } })
}

/** How a run of its task ends: SUCCESS, or the code of the failure. */
async function call(code: string): Promise<string | undefined> {
  const { runs } = client(code)
  const { runId } = await runs.trigger({ params: { task: 'call' }, body: {} })
  const get = () => runs.get({ params: { run: runId } })
  await expect.poll(async () => (await get()).endedAt, { timeout: 20_000 }).not.toBeNull()
  const { state, instances } = await get()
  return state === 'SUCCESS' ? state : (instances[0]?.error as { code?: string } | null)?.code
}

test('each tenant reaches what it is allowed, from a few seconds after it is allowed until a few seconds after it no longer is', async () => {
  expect([await call('inside'), await call('outside'), called]).toEqual(['EGRESS_REFUSED', 'EGRESS_REFUSED', []])
  await allow('inside', '127.0.0.1')
  await expect.poll(() => call('inside'), { timeout: 10_000 }).toBe('SUCCESS')
  expect(await call('outside')).toBe('EGRESS_REFUSED')
  await allow('inside', '127.0.0.2')
  await expect.poll(() => call('inside'), { timeout: 10_000 }).toBe('EGRESS_REFUSED')
  expect(new Set(called)).toEqual(new Set(['/http/inside']))
})

test('the health of an executor is asked for under the rules of the tenant that has registered it', async () => {
  await allow('inside', '127.0.0.1')
  const health = async (code: string) => {
    const { executors } = client(code)
    const body = {
      app: 'app',
      instance: 'one',
      address: url(''),
      healthUrl: url(`/health/${code}`),
      handlers: ['h'],
      capacity: 1,
    }
    const { id } = await executors.create({ body })
    return async () => {
      const { health, healthReason } = await executors.get({ params: { executor: id } })
      return [health, healthReason]
    }
  }
  const [inside, outside] = [await health('inside'), await health('outside')]
  await expect.poll(inside, { timeout: 20_000 }).toEqual(['HEALTHY', null])
  await expect
    .poll(outside, { timeout: 20_000 })
    .toEqual(['UNHEALTHY', expect.stringContaining('127.0.0.1 is a private address')])
  expect(called).not.toContain('/health/outside')
})
