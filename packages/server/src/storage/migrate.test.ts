import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts'
import { assertSchema, migrate, readMigrations } from './migrate.ts'

let database: TestDatabase
let client: pg.Client
let folder: string
const children: ChildProcess[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'carillon-migrations-'))
  database = await createTestDatabase({ empty: true })
  client = new pg.Client({ connectionString: database.url })
  await client.connect()
})
afterEach(async () => {
  await Promise.all(children.splice(0).map(end))
  await client.end()
  await database.drop()
  rmSync(folder, { recursive: true, force: true })
})

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

function write(name: string, ...lines: string[]): void {
  writeFileSync(join(folder, `${name}.sql`), `${lines.join('\n')}\n`)
}

const run = (log?: (line: string) => void) =>
  migrate(database.url, { migrations: readMigrations(folder), ...(log ? { log } : {}) })

async function rows(sql: string): Promise<unknown[]> {
  return (await client.query({ text: sql, rowMode: 'array' })).rows.map((row: unknown[]) => row[0])
}

function node(): ChildProcess {
  const runner = fileURLToPath(new URL('../testing/run-typescript.mjs', import.meta.url))
  const helper = fileURLToPath(new URL('./migrate.test-helper.ts', import.meta.url))
  const child = spawn(process.execPath, [runner, helper, database.url, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  return child
}

describe('migrating', () => {
  test('runs each file once, in order, and records it', async () => {
    write('0001_first', '-- transactional', 'CREATE TABLE a (x int);')
    write('0002_second', '-- transactional', 'INSERT INTO a VALUES (1);')
    expect(await run()).toEqual({ applied: ['0001_first', '0002_second'], version: 2 })
    expect(await run()).toEqual({ applied: [], version: 2 })
    expect(await rows('SELECT x FROM a')).toEqual([1])
    expect(await rows('SELECT name FROM schema_migration WHERE finished_at IS NOT NULL ORDER BY version')).toEqual([
      '0001_first',
      '0002_second',
    ])
  })

  test('runs a file that was added later', async () => {
    write('0001_first', '-- transactional', 'CREATE TABLE a (x int);')
    await run()
    write('0002_second', '-- transactional', 'ALTER TABLE a ADD y int;')
    expect(await run()).toEqual({ applied: ['0002_second'], version: 2 })
  })

  test('leaves nothing of a file that fails, keeps the ones before, and names file and line', async () => {
    write('0001_first', '-- transactional', 'CREATE TABLE a (x int);')
    write('0002_second', '-- transactional', 'CREATE TABLE b (x int);', '', 'INSERT INTO nowhere VALUES (1);')
    await expect(run()).rejects.toThrow('Migration 0002_second.sql line 4: relation "nowhere" does not exist')
    expect(await rows(`SELECT relname::text FROM pg_class WHERE relname IN ('a', 'b')`)).toEqual(['a'])
    write('0002_second', '-- transactional', 'CREATE TABLE b (x int);')
    expect(await run()).toEqual({ applied: ['0002_second'], version: 2 })
  })

  test('refuses a file that was changed after it ran', async () => {
    write('0001_first', '-- transactional', 'CREATE TABLE a (x int);')
    await run()
    write('0001_first', '-- transactional', 'CREATE TABLE a (x bigint);')
    await expect(run()).rejects.toThrow('Migration 0001_first is not what ran on this database')
  })

  test('takes a checkout with Windows line ends for the same file', async () => {
    write('0001_first', '-- transactional', 'CREATE TABLE a (x int);')
    await run()
    write('0001_first', '-- transactional\r', 'CREATE TABLE a (x int);\r')
    expect((await run()).applied).toEqual([])
  })

  test('leaves a schema alone that a newer node has migrated further', async () => {
    write('0001_first', '-- transactional', 'CREATE TABLE a (x int);')
    const old = readMigrations(folder)
    write('0002_second', '-- transactional', 'ALTER TABLE a ADD y int;')
    await run()
    expect(await migrate(database.url, { migrations: old })).toEqual({ applied: [], version: 2 })
  })

  test('happens once when several nodes start at the same moment', async () => {
    // Run twice, any of these would fail or leave a second row.
    write('0001_first', '-- transactional', 'CREATE TABLE a (x int);', 'INSERT INTO a VALUES (1);', 'SELECT pg_sleep(0.5);')
    write('0002_second', '-- online', 'CREATE INDEX CONCURRENTLY a_x ON a (x);', 'INSERT INTO a VALUES (2);')
    const answers = await Promise.all(
      [node(), node(), node(), node()].map(async (child) => JSON.parse(await text(child.stdout!)) as string[]),
    )
    expect(answers.filter(({ length }) => length > 0)).toEqual([['0001_first', '0002_second']])
    expect(await rows('SELECT x FROM a ORDER BY x')).toEqual([1, 2])
  })

  test('waits for a lock in short turns, so that it holds up nobody who queues behind it', async () => {
    write('0001_first', '-- transactional', 'CREATE TABLE a (x int);')
    await run()
    write('0002_second', '-- transactional', 'ALTER TABLE a ADD y int;')
    await client.query('BEGIN; SELECT FROM a')
    const migrated = run()
    const other = new pg.Client({ connectionString: database.url })
    await other.connect()
    const waiting = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`
    await expect.poll(async () => (await other.query(waiting)).rowCount, { timeout: 5_000, interval: 10 }).toBe(1)
    // Queued behind the migration's request for the table, this would wait as long as the transaction above.
    expect((await other.query('SELECT FROM a')).rowCount).toBe(0)
    await other.end()
    await client.query('COMMIT')
    expect((await migrated).applied).toEqual(['0002_second'])
  })
})

describe('an online migration', () => {
  test('may hold what no transaction can, and quoted semicolons', async () => {
    write('0001_first', '-- transactional', 'CREATE TABLE a (x int, t text);')
    write('0002_index', '-- online', 'CREATE INDEX CONCURRENTLY IF NOT EXISTS a_x ON a (x);', `INSERT INTO a VALUES (1, 'a;b');`)
    await run()
    expect(await rows('SELECT t FROM a')).toEqual(['a;b'])
    expect(await rows(`SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_x'::regclass`)).toEqual([true])
  })

  test('goes on behind the statement that failed', async () => {
    write(
      '0001_first',
      '-- online',
      'CREATE TABLE a (x int);',
      'INSERT INTO a VALUES (1);',
      'INSERT INTO b VALUES (1);',
      'INSERT INTO a VALUES (2);',
    )
    await expect(run()).rejects.toThrow('Migration 0001_first.sql line 4: relation "b" does not exist')
    await client.query('CREATE TABLE b (x int)')
    await run()
    expect(await rows('SELECT x FROM a ORDER BY x')).toEqual([1, 2])
    expect(await rows('SELECT statements FROM schema_migration WHERE finished_at IS NOT NULL')).toEqual([4])
  })

  test('goes on where the node that ran it was killed', async () => {
    await client.query('CREATE TABLE gate (x int)')
    write('0001_first', '-- online', 'CREATE TABLE a (x int);', 'INSERT INTO a VALUES (1);', 'INSERT INTO a SELECT 2 FROM gate;')
    await client.query('BEGIN; LOCK gate')
    const killed = node()
    const other = new pg.Client({ connectionString: database.url })
    await other.connect()
    const waiting = `SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`
    await expect.poll(async () => (await other.query(waiting)).rowCount, { timeout: 10_000, interval: 10 }).toBe(1)
    await end(killed)
    await client.query('INSERT INTO gate VALUES (1); COMMIT')
    await other.end()
    await run()
    expect(await rows('SELECT x FROM a ORDER BY x')).toEqual([1, 2])
  })

  test('builds an index anew that a killed build left invalid', async () => {
    await client.query('CREATE TABLE a (x int); INSERT INTO a VALUES (1), (1)')
    await client.query('CREATE UNIQUE INDEX CONCURRENTLY a_x ON a (x)').catch(() => {})
    expect(await rows(`SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_x'::regclass`)).toEqual([false])
    await client.query('DELETE FROM a')
    write('0001_index', '-- online', 'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS a_x ON a (x);')
    await run()
    expect(await rows(`SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_x'::regclass`)).toEqual([true])
  })

  test('repeats a backfill until it touches no row, each batch a transaction', async () => {
    await client.query('CREATE TABLE a AS SELECT i AS x, NULL::xid8 AS changed FROM generate_series(1, 25) i')
    const batch = 'UPDATE a SET changed = pg_current_xact_id() WHERE x IN (SELECT x FROM a WHERE changed IS NULL LIMIT 10);'
    write('0001_backfill', '-- online', '-- repeat', batch)
    await run()
    expect(await rows('SELECT count(*)::int FROM a GROUP BY changed ORDER BY 1')).toEqual([5, 10, 10])
  })
})

describe('the files', () => {
  test('are numbered without gaps', () => {
    write('0001_first', '-- transactional')
    write('0003_third', '-- transactional')
    expect(() => readMigrations(folder)).toThrow(/0003_third.sql in .* should be named 0002_<name>.sql/)
  })

  test('say in their first line how they run', () => {
    write('0001_first', 'CREATE TABLE a (x int);')
    expect(() => readMigrations(folder)).toThrow('0001_first.sql must begin with the line "-- transactional" or "-- online"')
  })

  test('of Carillon are all well-formed', () => {
    expect(() => readMigrations()).not.toThrow()
  })
})

describe('a node', () => {
  test('starts on the schema it knows', async () => {
    write('0001_first', '-- transactional')
    await run()
    await assertSchema(client, 1)
  })

  test('does not start on an older schema, nor on none', async () => {
    await expect(assertSchema(client, 1)).rejects.toThrow(
      'schema is at version 0, but this node needs version 1. Run "carillon migrate"',
    )
    write('0001_first', '-- transactional')
    await run()
    await expect(assertSchema(client, 2)).rejects.toThrow('schema is at version 1, but this node needs version 2')
  })

  test('does not start while an online migration is half done', async () => {
    write('0001_first', '-- online', 'SELECT 1;', 'SELECT nothing;')
    await expect(run()).rejects.toThrow('column "nothing" does not exist')
    await expect(assertSchema(client, 1)).rejects.toThrow('schema is at version 0, but this node needs version 1')
  })

  test('starts on a newer schema that only adds', async () => {
    write('0001_first', '-- transactional')
    write('0002_second', '-- transactional')
    await run()
    await assertSchema(client, 1)
  })

  test('does not start on a newer schema that took away what it needs', async () => {
    write('0001_first', '-- transactional')
    write('0002_second', '-- transactional')
    write('0003_third', '-- transactional', '-- nodes from 0002')
    await run()
    await expect(assertSchema(client, 1)).rejects.toThrow(
      'migrated to version 3 by a newer Carillon, and since 0003_third it needs nodes that know version 2 or later; this one knows 1',
    )
    await assertSchema(client, 2)
  })
})
