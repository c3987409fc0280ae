import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts'
import { openDatabase, type Database } from './database.ts'
import { lockGates, pruneGates, type GateKey } from './gate.ts'

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

const gate = (key: string): GateKey => ({ tenantId: 1, key })
const sql = <Row>(text: string) => db.engine((tx) => tx.query<Row>({ name: '', text }))

/** A signal and who waits for it. */
function signal() {
  let give = () => {}
  const given = new Promise<void>((resolve) => (give = resolve))
  return { give, given }
}

async function untilSomeoneWaitsForALock(): Promise<void> {
  for (;;) {
    const [row] = await sql<{ waiting: number }>(
      `select count(*)::int as waiting from pg_locks l join pg_stat_activity a using (pid) where not l.granted and a.datname = current_database()`,
    )
    if (row!.waiting > 0) return
  }
}

test('INV-13 a gate that is pruned while a starter waits for another one is held by that starter all the same', async () => {
  await db.engine(async (tx) => lockGates(tx, [gate('a'), gate('b')]))
  const [held, free, locked, end] = [signal(), signal(), signal(), signal()]
  const holder = db.engine(async (tx) => {
    lockGates(tx, [gate('a')])
    await tx.now()
    held.give()
    await free.given
  })
  await held.given
  const starter = db.engine(async (tx) => {
    lockGates(tx, [gate('a'), gate('b')])
    await tx.now()
    locked.give()
    await end.given
  })
  await untilSomeoneWaitsForALock()
  await db.engine((tx) => pruneGates(tx, 10))
  free.give()
  await locked.given
  const second = db.engine(async (tx) => {
    tx.send({ name: '', text: `set local lock_timeout = '100ms'` })
    lockGates(tx, [gate('b')])
    await tx.now()
  })
  const outcome = await second.then(
    () => 'LOCKED',
    (error: { code: string }) => error.code,
  )
  end.give()
  await Promise.all([holder, starter])
  expect(outcome).toBe('55P03')
})
