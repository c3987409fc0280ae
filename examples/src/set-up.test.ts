import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, type Client } from '@carillon/contract'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { Settings } from './settings.ts'
import { setUp, TASK } from './set-up.ts'
import { DAG } from './weather-year/documents.ts'

// In a tenant of its own, whose owner's token is all that is known: the way of somebody who runs the examples against a server elsewhere.

let folder: string
let settings: Settings
let client: Client
beforeAll(async () => {
  const { server, token } = inject('dev')
  folder = mkdtempSync(join(tmpdir(), 'carillon-examples-'))
  const platform = createClient({ baseUrl: server, token })
  await platform.tenants.create({ body: { code: 'examples-test' } })
  const { secret } = await createClient({ baseUrl: server, token, tenant: 'examples-test' }).tokens.create({
    body: { name: 'owner', role: 'owner' },
  })
  client = createClient({ baseUrl: server, token: secret })
  settings = { server, token: secret, databaseUrl: '', exports: folder, file: join(folder, 'examples.json') }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const schedule = () => client.schedules.get({ params: { schedule: 'weather-every-minute' } })

test('the first start makes app, types, tasks, schedule and DAG, and a token that serves only the app', async () => {
  const token = await setUp(settings)
  expect(await schedule()).toMatchObject({ task: { code: TASK }, timing: { kind: 'CRON', expression: '0 * * * * ?' } })
  expect(await client.dags.get({ params: { dag: DAG } })).toMatchObject({ active: 1, enabled: true })
  const executor = createClient({ baseUrl: settings.server, token })
  expect(await executor.meta.whoami()).toMatchObject({
    role: 'executor',
    tenant: { code: 'examples-test' },
    permissions: ['executor'],
  })
  expect(statSync(settings.file).mode & 0o777).toBe(0o600)
})

test('broken off before its end, it is done again: what is missing is made, what is there stays as somebody changed it', async () => {
  rmSync(settings.file)
  await client.dags.remove({ params: { dag: DAG } })
  const task = await client.tasks.get({ params: { task: TASK } })
  await client.tasks.update({ params: { task: TASK }, body: { version: task.version, params: { location: 'New York' } } })
  await expect(setUp(settings)).resolves.toMatch(/^carillon_/)
  expect(await client.dags.get({ params: { dag: DAG } })).toMatchObject({ active: 1 })
  expect(await client.tasks.get({ params: { task: TASK } })).toMatchObject({ params: { location: 'New York' } })
})

test('later starts touch nothing: what somebody changed or deleted stays so', async () => {
  const { version } = await schedule()
  await client.schedules.update({
    params: { schedule: 'weather-every-minute' },
    body: { version, timing: { kind: 'CRON', expression: '@hourly', timezone: 'UTC' } },
  })
  const first = await setUp(settings)
  expect(await schedule()).toMatchObject({ timing: { expression: '@hourly' } })
  await client.schedules.remove({ params: { schedule: 'weather-every-minute' } })
  expect(await setUp({ ...settings, token: undefined })).toBe(first)
  expect((await client.schedules.list()).items).toEqual([])
})

test('without a token for the first start it says what to set', async () => {
  await expect(setUp({ ...settings, token: undefined, file: join(folder, 'other.json') })).rejects.toThrow('Set CARILLON_TOKEN')
})
