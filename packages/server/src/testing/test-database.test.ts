import pg from 'pg'
import { afterEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from './test-database.ts'

const databases: TestDatabase[] = []
afterEach(async () => {
  await Promise.all(databases.splice(0).map((database) => database.drop()))
})

async function create(options?: { empty?: boolean }): Promise<TestDatabase> {
  const database = await createTestDatabase(options)
  databases.push(database)
  return database
}

async function query<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Row>(sql)).rows
  } finally {
    await client.end()
  }
}

const tables = `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')`

test('a test database holds the migrated schema', async () => {
  const { url } = await create()
  expect(await query(url, tables)).toContainEqual({ name: 'schema_migration' })
})

test('an empty test database holds no table', async () => {
  const { url } = await create({ empty: true })
  expect(await query(url, tables)).toEqual([])
})

test('what one test file writes, another does not see', async () => {
  const [mine, other] = await Promise.all([create(), create()])
  await query(mine!.url, 'CREATE TABLE mine (id int)')
  expect(await query(other!.url, tables)).not.toContainEqual({ name: 'mine' })
})

test('a dropped database is gone, even with a connection open', async () => {
  const { url, drop } = await create()
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  await drop()
  await expect(query(url, 'SELECT 1')).rejects.toThrow(/does not exist/)
})
