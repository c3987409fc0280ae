import pg from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts'
import { changedSince, changeMark, stampOf } from './change-mark.ts'
import { openDatabase, type Database } from './database.ts'

let database: TestDatabase
let db: Database
let writer: pg.Client
beforeAll(async () => {
  database = await createTestDatabase()
  db = openDatabase({ url: database.url })
  writer = new pg.Client({ connectionString: database.url })
  await writer.connect()
})
afterAll(async () => {
  await writer.end()
  await db.close()
  await database.drop()
})

const mark = () => db.engine((tx) => changeMark(tx))
const since = async (from: number) => {
  const text = `select code from tenant t where ${changedSince('t', '$1')} order by code`
  const rows = await db.engine((tx) => tx.query<{ code: string }>({ name: '', text }, [from]))
  return rows.map(({ code }) => code)
}
/** A mark before which all is that has been written. Older transactions hold one back, also those of others on this server: they end. */
const settled = () =>
  vi.waitFor(
    async () => {
      const from = await mark()
      expect(await since(from)).toEqual([])
      return from
    },
    { timeout: 30_000, interval: 20 },
  )
const insert = (code: string) => writer.query(`insert into tenant (code, name) values ($1, $1)`, [code])

test('what was written after a mark has changed since it, what was written before has not', async () => {
  await insert('before')
  const from = await settled()
  await insert('after')
  await writer.query(`update tenant set name = 'renamed' where code = 'platform'`)
  expect(await since(from)).toEqual(['after', 'platform'])
  expect(await settled()).toBeGreaterThan(from)
})

test('what a transaction wrote before a mark and committed after it is not lost, within a savepoint either', async () => {
  await settled()
  await writer.query('begin')
  await insert('early')
  await writer.query('savepoint item')
  await insert('in-savepoint')
  const from = await mark()
  expect(await since(from)).toEqual([])
  await writer.query('release savepoint item')
  await writer.query('commit')
  expect(await since(from)).toEqual(['early', 'in-savepoint'])
})

test('the stamp of a row is the transaction that wrote it, in full', async () => {
  await writer.query('begin')
  await insert('stamped')
  const { rows } = await writer.query(`select pg_current_xact_id()::text as xact`)
  await writer.query('commit')
  const stamp = await writer.query(`select ${stampOf('t')} as stamp from tenant t where code = 'stamped'`)
  expect(stamp.rows[0].stamp).toBe(rows[0].xact)
})
