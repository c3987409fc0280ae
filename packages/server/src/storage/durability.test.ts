import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts'
import { assertDurable } from './durability.ts'

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
