import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient } from '@carillon/contract'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { run } from '../testing/run.ts'
import { Started } from '../testing/started.ts'
import { temporaryDataDir } from '../testing/temporary.ts'

/*
 * A node that leaves the built-in kinds to a process of its own, and that process: each as it is installed.
 */

const SETTINGS = ['builtinExecutor=false', 'egressAllowPrivate=tenants', 'leaseMs=3s', 'executorHeartbeatMs=1s']

let folder: ReturnType<typeof temporaryDataDir>
let node: Started
let server: string
let adminToken: string
let builtinToken: string

/** What the tasks call. It answers `/now` at once, `/held` when it is let go of, and `/later` with a callback. */
const received: string[] = []
const held: ServerResponse[] = []
const target = createServer((request, response) => {
  received.push(request.url!)
  if (request.url === '/held') held.push(response)
  else if (request.url === '/later') {
    response.writeHead(202).end()
    const body = JSON.stringify({ state: 'SUCCESS', output: { pages: 12 } })
    const headers = { 'content-type': 'application/json' }
    void fetch(String(request.headers['carillon-callback']), { method: 'POST', headers, body })
  } else response.end('{}')
})
const url = (path: string) => `http://127.0.0.1:${(target.address() as AddressInfo).port}${path}`

beforeAll(async () => {
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
  folder = temporaryDataDir()
  const settings = SETTINGS.flatMap((setting) => ['--set', setting])
  node = new Started(['server', '--port', '0', ...settings], { CARILLON_DATA_DIR: folder.dataDir })
  const [line] = await node.says(/^\{.*"msg":"Listening"\}$/m)
  server = (JSON.parse(line) as { url: string }).url
  adminToken = (await node.says(/token\s+(carillon_\S+)/))[1]!
  const env = { CARILLON_SERVER: server, CARILLON_TOKEN: adminToken, CARILLON_DATA_DIR: folder.dataDir }
  const made = await run(['token', 'create', 'built-in', '--role', 'executor', '--app', 'builtin', '--tenant', 'platform'], env)
  builtinToken = made.out.trim()
  for (const code of ['inside', 'outside']) await prepare(code)
  expect((await run(['tenants', 'update', 'inside', '--private-target', '127.0.0.1'], env)).code).toBe(0)
})
afterAll(async () => {
  await node.stop()
  folder.remove()
  target.closeAllConnections()
  target.close()
})

const client = (tenant: string) => createClient({ baseUrl: server, token: adminToken, tenant })

async function prepare(tenant: string) {
  await client('platform').tenants.create({ body: { code: tenant } })
  const { taskTypes, tasks } = client(tenant)
  for (const code of ['now', 'held', 'later']) {
    const settings = { method: 'GET', url: url(`/${code}`), ...(code === 'later' && { callback: {} }) }
    await taskTypes.create({ body: { code, kind: 'http', settings } })
    await tasks.create({ body: { code, type: code, policies: { retry: { maxRetries: 3, delayMs: 100 } } } })
  }
}

async function startApart(instance: string): Promise<Started> {
  const apart = new Started(['executor', '--builtin', '--instance', instance], {
    CARILLON_SERVER: server,
    CARILLON_TOKEN: builtinToken,
  })
  onTestFinished(() => void apart.process.kill('SIGKILL'))
  await apart.says(/runs http, log and delay/)
  return apart
}

const trigger = async (tenant: string, task: string) => (await client(tenant).runs.trigger({ params: { task }, body: {} })).runId

/** Its end: state, attempt, code of the failure, output. */
async function ended(tenant: string, run: number) {
  const get = () => client(tenant).runs.get({ params: { run } })
  await expect.poll(async () => (await get()).endedAt, { timeout: 30_000 }).not.toBeNull()
  const { state, attempt, error, output } = await client(tenant).instances.get({ params: { instance: run } })
  return { state, attempt, code: (error as { code?: string } | null)?.code, output }
}

test('work of the built-in kinds waits for the process that runs them, and goes where its own tenant may go', async () => {
  const [inside, outside] = [await trigger('inside', 'now'), await trigger('outside', 'now')]
  const { executors } = client('platform')
  expect((await executors.list({ query: { app: 'builtin' } })).items).toEqual([])
  const apart = await startApart('first')
  expect(await ended('inside', inside)).toMatchObject({ state: 'SUCCESS', output: { status: 200 } })
  expect(await ended('outside', outside)).toMatchObject({ state: 'FAILED', code: 'EGRESS_REFUSED' })
  expect(received).toEqual(['/now'])
  expect((await executors.list({ query: { app: 'builtin' } })).items).toMatchObject([{ instance: 'first', status: 'ONLINE' }])
  expect(await ended('inside', await trigger('inside', 'later'))).toMatchObject({ state: 'SUCCESS', output: { pages: 12 } })
  expect(await apart.stop()).toBe(0)
})

test('it is killed in the middle of its work, and all of it is done by the one that comes after it', async () => {
  const first = await startApart('killed')
  const runs = await Promise.all(Array.from({ length: 5 }, () => trigger('inside', 'held')))
  await expect.poll(() => held.length, { timeout: 10_000 }).toBe(5)
  first.signal('SIGKILL')
  await first.exited
  await startApart('after')
  await expect.poll(() => held.length, { timeout: 20_000 }).toBe(10)
  for (const response of held.splice(0)) response.end('{}')
  const ends = await Promise.all(runs.map((run) => ended('inside', run)))
  expect(ends.map(({ state, attempt }) => [state, attempt])).toEqual(runs.map(() => ['SUCCESS', 2]))
})

test('messages of an executor apart go where their own tenant may go, if it is started so', async () => {
  const secret = { CARILLON_SERVER: server, CARILLON_TOKEN: adminToken, CARILLON_DATA_DIR: folder.dataDir }
  const made = await run(['token', 'create', 'presets', '--role', 'executor', '--app', 'presets', '--tenant', 'platform'], secret)
  const presets = new Started(['executor', '--app', 'presets', '--allow', 'message', '--allow-private', 'tenants'], {
    CARILLON_SERVER: server,
    CARILLON_TOKEN: made.out.trim(),
  })
  onTestFinished(() => void presets.process.kill('SIGKILL'))
  await presets.says(/runs message/)
  for (const tenant of ['inside', 'outside']) {
    const params = { to: [url(`/hook-${tenant}`)], body: { state: 'done' } }
    await client(tenant).tasks.create({ body: { code: 'hook', type: 'platform.webhook', params } })
  }
  const [inside, outside] = [await trigger('inside', 'hook'), await trigger('outside', 'hook')]
  expect(await ended('inside', inside)).toMatchObject({ state: 'SUCCESS', output: { sent: 1 } })
  expect(await ended('outside', outside)).toMatchObject({ state: 'FAILED', code: 'EGRESS_REFUSED' })
  expect(received.filter((path) => path.startsWith('/hook'))).toEqual(['/hook-inside'])
})

test('a token of another tenant, or other work beside it, does not start it', async () => {
  const env = { CARILLON_SERVER: server, CARILLON_DATA_DIR: folder.dataDir }
  const { out } = await run(['token', 'create', 'own', '--role', 'executor', '--tenant', 'inside'], {
    ...env,
    CARILLON_TOKEN: adminToken,
  })
  const foreign = new Started(['executor', '--builtin'], { ...env, CARILLON_TOKEN: out.trim() })
  onTestFinished(() => void foreign.process.kill('SIGKILL'))
  expect(await foreign.exited).not.toBe(0)
  for (const more of [['--allow', 'sql'], ['--app', 'runners'], ['--docker'], ['--allow-private'], ['--files', '.']])
    expect(await run(['executor', '--builtin', ...more], { ...env, CARILLON_TOKEN: builtinToken })).toMatchObject({ code: 2 })
})
