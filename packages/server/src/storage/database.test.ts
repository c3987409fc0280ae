import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, onServer, type TestDatabase } from '../testing/test-database.ts'
import { openDatabase, type Database } from './database.ts'

let database: TestDatabase
let db: Database
beforeAll(async () => {
  database = await createTestDatabase()
  db = openDatabase({ url: database.url })
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

test('a connection that is lost between two statements fails its transaction and nothing else', async () => {
  const lost = db.engine(async (tx) => {
    const [row] = await tx.query<{ pid: number }>({ name: '', text: 'select pg_backend_pid() as pid' })
    await onServer(database.url, `select pg_terminate_backend(${row!.pid}, 5000)`)
    // The loss is heard while no statement is under way, when nobody waits for an answer that could carry it.
    await onServer(database.url, 'select 1')
    await tx.query({ name: '', text: 'select 1' })
  })
  await expect(lost).rejects.toThrow()
  expect(await db.engine((tx) => tx.query({ name: '', text: 'select 1 as one' }))).toEqual([{ one: 1 }])
})
