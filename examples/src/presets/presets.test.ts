import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient, type Client, type RunDetail } from '@carillon/contract'
import { FINAL_RUN_STATES } from '@carillon/core'
import { reachEmbeddedPostgres } from '@carillon/server'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { run as carillon } from '../../../packages/cli/src/testing/run.ts'
import { Started } from '../../../packages/cli/src/testing/started.ts'
import { startMariadb, type TestMariadb } from '../../../packages/runner/src/mariadb.test-helper.ts'
import { startSmtp, type TestSmtp } from './smtp.test-helper.ts'

// On a real server, in a tenant of its own, with an executor as an administrator of the platform starts it. What counts is what arrived.

let folder: string
let tenant: { readonly id: number; readonly token: string }
let client: Client
let database: { readonly url: string; readonly sql: pg.Client }
let smtp: TestSmtp
let mariadb: TestMariadb
let hooks: {
  readonly server: Server
  readonly url: string
  readonly calls: { headers: Record<string, unknown>; body: unknown }[]
}
let executor: Started

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'carillon-presets-'))
  ;[tenant, database, smtp, mariadb, hooks] = await Promise.all([
    makeTenant(),
    openShop(),
    startSmtp(),
    startMariadb(),
    listenForHooks(),
  ])
  client = createClient({ baseUrl: inject('dev').server, token: tenant.token })
  const { server, token } = inject('dev')
  const platform = createClient({ baseUrl: server, token, tenant: 'platform' })
  const { secret } = await platform.tokens.create({ body: { name: 'presets', role: 'executor', app: 'presets' } })
  const allowed = 'script,sql,export,report,sync,message'
  executor = new Started(['executor', '--app', 'presets', '--allow', allowed, '--files', folder, '--allow-private'], {
    CARILLON_SERVER: server,
    CARILLON_TOKEN: secret,
  })
  await executor.says(/Executor of presets/)
})
afterAll(async () => {
  await executor?.stop()
  await Promise.all([database?.sql.end(), smtp?.stop(), mariadb?.stop()])
  hooks?.server.close()
  rmSync(folder, { recursive: true, force: true })
})

async function makeTenant() {
  const { server, token } = inject('dev')
  const { id } = await createClient({ baseUrl: server, token }).tenants.create({ body: { code: 'preset-examples' } })
  const owner = createClient({ baseUrl: server, token, tenant: 'preset-examples' })
  const { secret } = await owner.tokens.create({ body: { name: 'owner', role: 'owner' } })
  return { id, token: secret }
}

async function openShop() {
  const { url } = await reachEmbeddedPostgres({ dataDir: inject('dev').dataDir, log: () => undefined })
  const root = new pg.Client({ connectionString: url })
  await root.connect()
  await root.query('drop database if exists preset_examples with (force)')
  await root.query('create database preset_examples')
  await root.end()
  const own = url.replace('/carillon?', '/preset_examples?')
  const sql = new pg.Client({ connectionString: own })
  await sql.connect()
  return { url: own, sql }
}

async function listenForHooks() {
  const calls: { headers: Record<string, unknown>; body: unknown }[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    request.on('end', () => {
      calls.push({ headers: request.headers, body: JSON.parse(text) })
      response.setHeader('content-type', 'application/json').end('{"code":0}')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, calls }
}

/** As the README says it is done. */
async function apply(example: string, secrets: Readonly<Record<string, string>>): Promise<void> {
  const env = { CARILLON_SERVER: inject('dev').server, CARILLON_TOKEN: tenant.token }
  for (const [name, value] of Object.entries(secrets))
    expect(await carillon(['secrets', 'create', name], env, value)).toMatchObject({ code: 0 })
  const file = fileURLToPath(new URL(`../../presets/${example}.yaml`, import.meta.url))
  expect(await carillon(['apply', '-f', file], env)).toMatchObject({
    code: 0,
    err: expect.stringMatching(/^\d+ created, 0 changed/),
  })
}

async function runOf(dag: string, params: Record<string, unknown> = {}): Promise<RunDetail> {
  const { runId } = await client.runs.triggerDag({ params: { dag }, body: { params } })
  return ended(runId)
}

async function ended(run: number): Promise<RunDetail> {
  for (;;) {
    const found = await client.runs.get({ params: { run } })
    if (FINAL_RUN_STATES.includes(found.state)) return found
  }
}

/** Of a run that went well; else it says what went wrong. */
function outputsOf({ state, instances }: RunDetail): Record<string, unknown> {
  expect({ state, errors: instances.flatMap(({ nodeCode, error }) => (error ? [[nodeCode, error]] : [])) }).toEqual({
    state: 'SUCCESS',
    errors: [],
  })
  return Object.fromEntries(instances.map(({ nodeCode, output }) => [nodeCode, output]))
}

test('the report is queried, computed and rendered, and arrives as a file, an e-mail and a webhook', async () => {
  await database.sql.query('create table sales (day date, region text, product text, amount numeric(10, 2))')
  await database.sql
    .query(`insert into sales values ('2026-11-20', 'North', 'bell', 10.50), ('2026-11-20', 'North', 'rope', 2.25),
    ('2026-11-20', 'South & <East>', 'bell', 21.00), ('2026-11-19', 'North', 'bell', 999)`)
  await apply('report', { 'report-database': database.url, 'report-smtp': smtp.url })
  outputsOf(await runOf('report.daily', { webhook: hooks.url }))

  const html = readFileSync(join(folder, String(tenant.id), 'sales', '2026-11-20.html'), 'utf8')
  expect(html).toContain('<tr><td>North</td><td>12.75</td></tr>')
  expect(html).toContain('<tr><td>South &amp; &lt;East&gt;</td><td>21</td></tr>')
  expect(html).toContain('<th>33.75</th>')
  expect(html).not.toContain('999')

  const [mail, ...others] = smtp.mails.filter(({ to }) => to.includes('sales@shop.test'))
  expect(others).toEqual([])
  expect(mail).toMatchObject({ from: 'reports@shop.test', to: ['sales@shop.test'] })
  expect(mail!.source).toMatch(/^Subject: Sales of 2026-11-20\r$/m)
  expect(mail!.source).toContain('3 sales, 33.75 in all.')
  expect(mail!.source).toContain('filename=sales-2026-11-20.html')
  expect(hooks.calls).toMatchObject([{ body: { day: '2026-11-20', total: 33.75, file: 'sales/2026-11-20.html' } }])
})

test('four shards bring every customer of one database into the other, and a second run the changes', async () => {
  const columns = 'name varchar(100), balance numeric(12, 2), active boolean, note text'
  await database.sql.query(`create table customers (id bigint primary key, ${columns}, changed_at timestamptz(0))`)
  await database.sql
    .query(`insert into customers select n, 'Customer ' || n, n * 1.25, n % 3 = 0, case when n % 5 = 0 then null else 'it''s ☂ ' || n end,
    timestamptz '2026-03-29 00:30:00+00' + n * interval '1 hour' from generate_series(-50, 1200) n`)
  const target = await mysql.createConnection({ uri: mariadb.url, dateStrings: true })
  try {
    await target.query(`create table customers (id bigint primary key, ${columns}, changed_at datetime) character set utf8mb4`)
    await apply('sync', { 'sync-source': database.url, 'sync-target': mariadb.url })
    const first = await runOf('sync.nightly')
    expect(outputsOf(first)['count']).toMatchObject({ rows: [{ customers: 1251 }] })
    const there = async () => {
      const [rows] = await target.query('select id, name, balance, active, note, changed_at from customers order by id')
      return (rows as { active: number }[]).map((row) => ({ ...row, active: row.active === 1 }))
    }
    const here = async () => {
      const found = await database.sql.query(`select id::int, name, balance::text, active, note,
        to_char(changed_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') as changed_at from customers order by id`)
      return found.rows as unknown[]
    }
    expect(await there()).toEqual(await here())

    const shards = first.instances.filter(({ nodeCode, shardTotal }) => nodeCode === 'copy' && shardTotal === 4)
    const rows = shards.map(({ output }) => (output as { rows: number }).rows)
    expect(rows).toHaveLength(4)
    expect(rows.reduce((a, b) => a + b)).toBe(1251)
    expect(Math.min(...rows)).toBeGreaterThan(300)

    await database.sql.query(`update customers set balance = 0.01, note = null where id % 7 = 0`)
    await database.sql.query(`insert into customers values (5000, 'New', 1, true, 'new', now())`)
    outputsOf(await runOf('sync.nightly'))
    expect(await there()).toEqual(await here())
  } finally {
    await target.end()
  }
})

test('every subscriber gets one e-mail and one message in the inbox, batch by batch; who is unknown is told', async () => {
  await database.sql.query('create table subscribers (address text primary key, name text)')
  await database.sql.query(
    `insert into subscribers select 'reader' || n || '@shop.test', 'Reader ' || n from generate_series(1, 230) n`,
  )
  await database.sql.query(`insert into subscribers values ('nobody@shop.test', 'Nobody')`)
  await database.sql.query(
    'create table inbox (id text primary key, recipient text not null, subject text, body text, created_at timestamptz)',
  )
  await apply('push', { 'push-database': database.url, 'push-smtp': smtp.url })
  const run = await runOf('push.news', { news: 'bells are in.' })
  outputsOf(run)

  const mails = smtp.mails.filter(({ from }) => from === 'news@shop.test')
  const wanted = Array.from({ length: 230 }, (_, index) => `reader${index + 1}@shop.test`).sort()
  expect(mails.map(({ to }) => to.join()).sort()).toEqual(wanted)
  const one = mails.find(({ to }) => to.includes('reader17@shop.test'))!
  expect(one.source).toMatch(/^Subject: Hello Reader 17\r$/m)
  expect(one.source).toContain('Dear Reader 17, bells are in.')
  expect(new Set(mails.map(({ source }) => /^Message-ID: (.*)\r$/m.exec(source)![1])).size).toBe(230)

  const inbox = await database.sql.query('select recipient, subject, body from inbox order by recipient')
  expect(inbox.rows).toHaveLength(231)
  expect(inbox.rows).toContainEqual({ recipient: 'reader17@shop.test', subject: 'Hello Reader 17', body: 'bells are in.' })

  const parts = run.instances.filter(({ nodeCode, shardTotal }) => nodeCode === 'mail' && shardTotal === 3)
  expect(parts.map(({ output }) => (output as { sent: number }).sent).sort((a, b) => a - b)).toEqual([31, 99, 100])
  const rejected = parts.flatMap(({ output }) => (output as { rejected: { to: string }[] }).rejected)
  expect(rejected).toMatchObject([{ to: 'nobody@shop.test' }])
})

test('a preset is used alone: an export of the platform’s type writes the rows of a query', async () => {
  await database.sql.query('create table items (id int, name text)')
  await database.sql.query(
    `insert into items select n, case n when 2 then 'a "b", c' else 'item ' || n end from generate_series(1, 2500) n`,
  )
  await client.secrets.create({ body: { name: 'items-database', value: database.url } })
  await client.tasks.create({
    body: {
      code: 'items-export',
      type: 'platform.export',
      params: {
        source: '${{ secrets.items-database }}',
        statement: 'select * from items where id > :from order by id',
        params: { from: 1 },
        file: 'items.csv',
      },
    },
  })
  const { runId } = await client.runs.trigger({ params: { task: 'items-export' }, body: {} })
  expect((await ended(runId)).instances[0]).toMatchObject({ state: 'SUCCESS', output: { file: 'items.csv', rows: 2499 } })
  const lines = readFileSync(join(folder, String(tenant.id), 'items.csv'), 'utf8').split('\r\n')
  expect(lines.slice(0, 3)).toEqual(['id,name', '2,"a ""b"", c"', '3,item 3'])
  expect(lines).toHaveLength(2501)
  expect(existsSync(join(folder, 'items.csv'))).toBe(false)
})

test('a preset of the built-in executor: an HTTP call whose task says everything in its parameters', async () => {
  const params = { method: 'POST', url: hooks.url, body: { hello: 'world' }, success: 'body.code == 0' }
  await client.tasks.create({ body: { code: 'call', type: 'platform.http', params } })
  const { runId } = await client.runs.trigger({ params: { task: 'call' }, body: {} })
  expect((await ended(runId)).instances[0]).toMatchObject({ state: 'SUCCESS', output: { status: 200 } })
  expect(hooks.calls.at(-1)).toMatchObject({ body: { hello: 'world' } })
})
