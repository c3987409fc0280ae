import { rmSync } from 'node:fs'
import { Writable } from 'node:stream'
import { createClient } from '@carillon/contract'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadConfig } from './config.ts'
import { startServer, type RunningServer } from './main.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts'

let database: TestDatabase
let server: RunningServer
const dataDir = temporaryFolder('log')
const lines: Record<string, unknown>[] = []
const sink = new Writable({
  write(text: Buffer, _, done) {
    for (const line of text.toString().trim().split('\n')) lines.push(JSON.parse(line) as Record<string, unknown>)
    done()
  },
})
beforeAll(async () => {
  database = await createTestDatabase()
  const overrides = { databaseUrl: database.url, dataDir, nodeId: 'tower', port: 0, allowUnsafeDurability: true }
  server = await startServer(loadConfig({ env: {}, overrides }), { log: pino({ level: 'info' }, sink), progress: () => {} })
})
afterAll(async () => {
  await server.stop()
  await database.drop()
  rmSync(dataDir, { recursive: true })
})

test('OPS-5 each line of the log says of which node it is, and one about a request what run or instance it names', async () => {
  const { token, tenant } = server.firstAccess!
  const client = createClient({ baseUrl: server.url, token })
  await client.taskTypes.create({ body: { code: 'note', kind: 'log', settings: { message: 'hello' } } })
  await client.tasks.create({ body: { code: 'hello', type: 'note' } })
  const { runId: id } = await client.runs.trigger({ params: { task: 'hello' }, body: {} })
  await client.runs.get({ params: { run: id } })
  await client.instances.get({ params: { instance: id } })
  const headers = { authorization: `Bearer ${token}` }
  const refused = await fetch(`${server.url}/api/v1/runs/none`, { headers })

  const answered = (is: (line: Record<string, unknown>) => boolean) =>
    lines.filter((line) => line['msg'] === 'answered' && is(line))
  const last = () => answered((line) => line['requestId'] === refused.headers.get('x-request-id'))
  // A request is logged when its answer has gone out.
  await expect.poll(last, { timeout: 10_000 }).toHaveLength(1)
  expect(last()).toMatchObject([{ route: '/api/v1/runs/:run', status: refused.status }])
  expect(last()[0]).not.toHaveProperty('run')
  const ofRun = answered((line) => line['run'] === id)
  expect(ofRun).toMatchObject([{ route: '/api/v1/runs/:run', method: 'GET', status: 200, tenant, node: 'tower' }])
  expect(ofRun[0]).not.toHaveProperty('instance')
  expect(answered((line) => line['instance'] === id)).toMatchObject([{ route: '/api/v1/instances/:instance', status: 200 }])
  expect(new Set(lines.map((line) => line['node']))).toEqual(new Set(['tower']))
})
