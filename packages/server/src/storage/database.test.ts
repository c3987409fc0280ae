import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, onServer, type TestDatabase } from '../testing/test-database.ts'
import { openDatabase, type Database, type Transaction } from './database.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { startEmbeddedPostgres } from '../runtime/embedded-postgres.ts'

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

test('a statement that comes after the end of its transaction is refused, and a failing hint does not undo what is committed', async () => {
  let late: Transaction | undefined
  await db.engine(async (tx) => {
    late = tx
    tx.afterCommit(() => {
      throw new Error('A hint failed.')
    })
    await tx.query({ name: '', text: 'select 1' })
  })
  await expect(late!.query({ name: '', text: 'select 1' })).rejects.toThrow('after the end of its transaction')
})

test.each(['COMMIT', 'ROLLBACK'])(
  'a statement that comes while %s is on its way is refused: it would stand in no transaction',
  async (end) => {
    let late: Promise<unknown> = Promise.resolve()
    const transaction = db.engine(async (tx) => {
      await tx.query({ name: '', text: 'select 1' })
      process.nextTick(() => {
        late = tx.query({ name: '', text: `insert into gate (tenant_id, key) values (1, 'after ${end}')` }).catch(String)
      })
      if (end === 'ROLLBACK') throw new Error('It was given up.')
    })
    await transaction.catch(() => undefined)
    expect(await late).toMatch('after the end of its transaction')
    expect(await db.engine((tx) => tx.query({ name: '', text: `select 1 from gate where key like 'after %'` }))).toEqual([])
  },
)

test('of statements that were sent together the one that failed is named, not one that failed because it did', async () => {
  const broken = db.engine((tx) =>
    Promise.all([
      // Heard later than the other, which is not wrapped.
      (async () => (await (async () => tx.query({ name: '', text: `select 'x'::text::int` }))()).length)(),
      tx.query({ name: '', text: 'select 1' }),
    ]),
  )
  await expect(broken).rejects.toMatchObject({ code: '22P02' })
})

test('a change that was sent without waiting is committed with its transaction, and fails it with its own error', async () => {
  const insert = { name: '', text: `insert into gate (tenant_id, key) values ($1, 'sent')` }
  const keys = () =>
    db.engine((tx) =>
      tx.query<{ id: number }>({ name: '', text: `select tenant_id as id from gate where key = 'sent' order by 1` }),
    )
  await db.engine(async (tx) => tx.send(insert, [1]))
  expect(await keys()).toEqual([{ id: 1 }])

  let committed = false
  const broken = db.engine(async (tx) => {
    tx.afterCommit(() => (committed = true))
    tx.send(insert, [2])
    tx.send(insert, [1])
    tx.send(insert, [3])
  })
  await expect(broken).rejects.toMatchObject({ code: '23505' })
  const noticed = db.engine(async (tx) => {
    tx.send(insert, [1])
    await tx.query({ name: '', text: 'select 1' })
  })
  await expect(noticed).rejects.toMatchObject({ code: '23505' })
  expect({ committed, keys: await keys() }).toEqual({ committed: false, keys: [{ id: 1 }] })
})

test('what only looks can change nothing, and a statement that fails in it harms nobody after it', async () => {
  const change = db.peek(1, (tx) => tx.query({ name: '', text: `insert into gate (tenant_id, key) values (1, 'peeked')` }))
  await expect(change).rejects.toMatchObject({ code: '25006' })
  const looks = await Promise.all(
    Array.from({ length: 20 }, (_, n) => db.peek(1, (tx) => tx.query({ name: '', text: `select ${n} as n` }))),
  )
  expect(looks).toEqual(looks.map((_, n) => [{ n }]))
})

test('a look is one statement and no transaction: a second one is refused, and one that fails harms nobody after it', async () => {
  const ask = (text: string) => ({ name: '', text })
  expect(await db.look((tx) => tx.query(ask('select now() = statement_timestamp() as alone')))).toEqual([{ alone: true }])
  const second = db.look(async (tx) => {
    await tx.query(ask('select 1'))
    await tx.query(ask('select 2'))
  })
  await expect(second).rejects.toThrow('the second of a look')
  await expect(db.look((tx) => tx.query(ask('select 1 / 0')))).rejects.toThrow('division by zero')
  const all = Array.from({ length: 8 }, () => db.look((tx) => tx.query(ask('select 1 as one'))))
  expect(await Promise.all(all)).toEqual(all.map(() => [{ one: 1 }]))
})

test('INV-6 what was answered is there after PostgreSQL was killed in the middle of the writing', async () => {
  const dataDir = temporaryFolder('inv6')
  const start = () => startEmbeddedPostgres({ dataDir, log: () => {} })
  const first = await start()
  await onServer(first.url, 'create table kept (id int primary key)')
  await onServer(
    first.url,
    "do $$ begin if not exists (select from pg_roles where rolname = 'carillon_engine') then create role carillon_engine; end if; end $$",
  )
  await onServer(first.url, 'grant all on kept to carillon_engine')
  const writing = openDatabase({ url: first.url })
  const acknowledged: number[] = []
  const writer = async (from: number) => {
    for (let id = from; ; id += 4) {
      await writing.engine((tx) => tx.query({ name: '', text: `insert into kept values (${id})` }))
      acknowledged.push(id)
      if (acknowledged.length === 300) process.kill(first.pid, 'SIGKILL')
    }
  }
  await Promise.allSettled([0, 1, 2, 3].map(writer))
  await writing.close().catch(() => undefined)
  await first.exited
  const second = await start()
  const reading = openDatabase({ url: second.url })
  const kept = new Set(
    (await reading.engine((tx) => tx.query<{ id: number }>({ name: '', text: 'select id from kept' }))).map((row) => row.id),
  )
  expect(acknowledged.length).toBeGreaterThanOrEqual(300)
  expect(acknowledged.filter((id) => !kept.has(id))).toEqual([])
  await reading.close()
  await second.stop()
})
