import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startEmbeddedPostgres } from '../runtime/embedded-postgres.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts'
import { assertDurable, judgeServer } from './durability.ts'

let database: TestDatabase
let client: pg.Client
beforeAll(async () => {
  database = await createTestDatabase({ empty: true })
  client = new pg.Client({ connectionString: database.url })
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await database.drop()
})

test('a server that keeps what it acknowledged is accepted without remark', async () => {
  expect(await assertDurable(client)).toEqual([])
})

test('synchronous_commit = off is refused by name, with what to do', async () => {
  await client.query('SET synchronous_commit = off')
  await expect(assertDurable(client)).rejects.toThrow(
    /synchronous_commit = off: a crash would lose.*CARILLON_ALLOW_UNSAFE_DURABILITY/,
  )
})

test('it is accepted for a database one can afford to lose, and named for the console to show', async () => {
  await client.query('SET synchronous_commit = off')
  expect(await assertDurable(client, { allowUnsafeDurability: true })).toEqual(['synchronous_commit'])
})

test.each(['on', 'local', 'remote_write', 'remote_apply'])('synchronous_commit = %s is durable here', async (value) => {
  await client.query(`SET synchronous_commit = ${value}`)
  expect(await assertDurable(client)).toEqual([])
})

test('PostgreSQL 14 is refused, 15 is not', () => {
  const settings = { version: 14, standby: false, fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' }
  expect(() => judgeServer(settings)).toThrow('The database runs PostgreSQL 14; Carillon needs 15 or newer.')
  expect(() => judgeServer(settings, { allowUnsafeDurability: true })).toThrow('Carillon needs 15 or newer')
  expect(judgeServer({ ...settings, version: 15 })).toEqual([])
})

test.runIf(process.platform === 'linux')('a standby is refused, and so are fsync = off and full_page_writes = off', async () => {
  // The embedded server keeps these on whatever its files say, so its own command line is run by hand with others.
  const dataDir = temporaryFolder('durability')
  const made = await startEmbeddedPostgres({ dataDir, log: () => {} })
  const command = readFileSync(`/proc/${made.pid}/cmdline`, 'utf8')
  await made.stop()
  const data = join(dataDir, 'postgres', 'data')
  const { uid, gid } = statSync(data)
  const signal = join(data, 'standby.signal')
  writeFileSync(signal, '')
  chownSync(signal, uid, gid)
  const [binary, ...args] = command
    .replaceAll(/(fsync|full_page_writes)=on/g, '$1=off')
    .split('\0')
    .slice(0, -1)
  const server = spawn(binary!, args, { uid, gid, cwd: '/', env: {}, stdio: 'ignore' })
  try {
    await expect
      .poll(() => readFileSync(join(data, 'postmaster.pid'), 'utf8'), { timeout: 10_000 })
      .toMatch(/^(ready|standby) *$/m)
    const byHand = new pg.Client({ connectionString: made.url })
    await byHand.connect()
    await expect(assertDurable(byHand, { allowUnsafeDurability: true })).rejects.toThrow('The database is a standby')
    await byHand.query('SELECT pg_promote()')
    await expect(assertDurable(byHand)).rejects.toThrow(
      'The database has fsync = off, full_page_writes = off: a crash would lose',
    )
    expect(await assertDurable(byHand, { allowUnsafeDurability: true })).toEqual(['fsync', 'full_page_writes'])
    await byHand.end()
  } finally {
    server.kill('SIGINT')
    await once(server, 'exit')
    rmSync(dataDir, { recursive: true, force: true })
  }
})
