import { rmSync } from 'node:fs'
import { createClient, openLive, type LiveStatus, type LiveView } from '@carillon/contract'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { loadConfig } from '../config.ts'
import { startServer, type RunningServer } from '../main.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts'

let database: TestDatabase
let server: RunningServer
const dataDir = temporaryFolder('live')
const start = (port: number) =>
  startServer(loadConfig({ env: {}, overrides: { databaseUrl: database.url, dataDir, port, allowUnsafeDurability: true } }), {
    log: pino({ level: 'silent' }),
  })
beforeAll(async () => {
  database = await createTestDatabase()
  server = await start(0)
})
afterAll(async () => {
  await server.stop()
  await database.drop()
  rmSync(dataDir, { recursive: true })
})

/** Resolves once what is given to `hear` is so. */
function waiting<T>() {
  const heard: T[] = []
  let look = () => {}
  return {
    heard,
    hear: (value: T) => {
      heard.push(value)
      look()
    },
    until: (is: (value: T) => boolean) =>
      new Promise<T>((resolve) => {
        look = () => {
          const found = heard.findLast(is)
          if (found) resolve(found)
        }
        look()
      }),
  }
}

test('a run of a real server is seen from its beginning to its end, and another after the server was started again', async () => {
  const { token, tenant } = server.firstAccess!
  const client = createClient({ baseUrl: server.url, token })
  await client.taskTypes.create({ body: { code: 'pause', kind: 'delay', settings: { ms: 1_500 } } })
  await client.tasks.create({ body: { code: 'rest', type: 'pause' } })
  const status = waiting<LiveStatus>()
  const live = openLive({
    baseUrl: server.url,
    connect: (url) => new WebSocket(url, { headers: { authorization: `Bearer ${token}` } }),
    onStatus: status.hear,
    retryMs: [50, 200],
  })
  const list = waiting<LiveView<'runs'>>()
  live.watch({ kind: 'runs', tenant, query: { task: 'rest' } }, { onView: list.hear })
  await list.until(({ items }) => items.length === 0)

  const { runId } = await client.runs.trigger({ params: { task: 'rest' }, body: {} })
  const run = waiting<LiveView<'run'>>()
  live.watch({ kind: 'run', tenant, run: runId }, { onView: run.hear })
  await run.until(({ head, items }) => head.state === 'RUNNING' && items[0]?.state === 'RUNNING')
  await run.until(({ head, items }) => head.state === 'SUCCESS' && items[0]?.state === 'SUCCESS')
  await list.until(({ items }) => items[0]?.id === runId && items[0].state === 'SUCCESS')

  const stopped = performance.now()
  await server.stop()
  expect(performance.now() - stopped).toBeLessThan(10_000)
  expect((await status.until(({ state }) => state === 'lost')).state).toBe('lost')
  server = await start(Number(new URL(server.url).port))
  await status.until(({ state }) => state === 'live')
  const next = await client.runs.trigger({ params: { task: 'rest' }, body: {} })
  await list.until(({ items }) => items[0]?.id === next.runId && items[1]?.id === runId && items[0].state === 'SUCCESS')
  expect(status.heard.map(({ state }) => state).filter((state, n, all) => state !== all[n - 1])).toEqual(['live', 'lost', 'live'])
  live.close()
})
