import { readdirSync } from 'node:fs'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts'
import { everyListText } from './listing.ts'
import { allStatements } from './sql.ts'

let database: TestDatabase
let client: pg.Client

beforeAll(async () => {
  for (const file of readdirSync(import.meta.dirname)) if (/^[a-z-]+\.ts$/.test(file)) await import(`./${file}`)
  database = await createTestDatabase()
  client = new pg.Client({ connectionString: database.url })
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await database.drop()
})

test('every statement can be prepared on the migrated schema', async () => {
  const broken: string[] = []
  // Utility statements (SAVEPOINT) are parsed when they are run; only these kinds can be prepared ahead.
  const preparable = allStatements().filter(({ text }) => /^\s*(select|insert|update|delete|with)\b/i.test(text))
  for (const [place, { name, text }] of preparable.entries()) {
    await client.query(`prepare s${place} as ${text}`).catch((error: Error) => broken.push(`${name}: ${error.message}`))
  }
  expect(allStatements().length).toBeGreaterThan(40)
  expect(broken).toEqual([])
})

test('the name of a statement says its table and what it does, as table.verb in camel case', () => {
  const names = [...allStatements().map(({ name }) => name), ...everyListText().map(({ name }) => name.replace(/ by .*/, ''))]
  expect(names.filter((name) => !/^[a-z][a-zA-Z]*\.[a-z][a-zA-Z]*$/.test(name))).toEqual([])
})

test('every list can be prepared under each of its filters and orders', async () => {
  const broken: string[] = []
  const lists = everyListText()
  for (const [place, { name, text }] of lists.entries()) {
    await client.query(`prepare l${place} as ${text}`).catch((error: Error) => broken.push(`${name}: ${error.message}`))
  }
  expect(lists.length).toBeGreaterThan(100)
  expect(broken).toEqual([])
})
