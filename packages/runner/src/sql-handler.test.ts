import { InstanceStopped } from '@carillon/executor'
import { runHandler, type TestInstance } from '@carillon/executor/testing'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../server/src/testing/test-database.ts'
import { startMariadb, type TestMariadb } from './mariadb.test-helper.ts'
import { bindParameters } from './sql-parameters.ts'
import { sqlHandler, type SqlSettings } from './sql-handler.ts'

let postgres: TestDatabase
let mariadb: TestMariadb
beforeAll(async () => {
  ;[postgres, mariadb] = await Promise.all([createTestDatabase(), startMariadb()])
})
afterAll(async () => {
  await postgres.drop()
  await mariadb.stop()
})

type Dialect = 'PostgreSQL' | 'MariaDB'
const DIALECTS = ['PostgreSQL', 'MariaDB'] as const
const sourceOf = (dialect: Dialect) => (dialect === 'PostgreSQL' ? postgres.url : mariadb.url)

function run(dialect: Dialect, settings: Omit<SqlSettings, 'source'>, instance: TestInstance = {}) {
  const source = sourceOf(dialect)
  return runHandler(sqlHandler, { kind: 'sql', settings: { source, ...settings }, secrets: [source], ...instance })
}

const rowsOf = async (dialect: Dialect, statement: string, params: Record<string, unknown> = {}) => {
  const { outcome, output, error } = await run(dialect, { statement }, { params })
  expect([outcome, error]).toEqual(['SUCCESS', undefined])
  return (output as { rows: Record<string, unknown>[] }).rows
}

describe.each(DIALECTS)('KND-1 a statement on %s', (dialect) => {
  const table = 'carillon_orders'
  beforeAll(async () => {
    const text = dialect === 'PostgreSQL' ? 'text' : 'varchar(200)'
    for (const statement of [
      `drop table if exists ${table}`,
      `create table ${table} (id int primary key, name ${text}, total numeric(10, 2), at timestamp)`,
      `insert into ${table} values (1, 'one', 1.50, '2026-01-02 03:04:05'), (2, 'two', 2.50, null), (3, 'three', null, null)`,
    ])
      expect((await run(dialect, { statement })).error).toBeUndefined()
  })

  it('answers its rows as JSON', async () => {
    expect(await rowsOf(dialect, `select id, name, total from ${table} order by id limit 2`)).toEqual([
      { id: 1, name: 'one', total: '1.50' },
      { id: 2, name: 'two', total: '2.50' },
    ])
  })

  it('binds parameters, whatever they hold', async () => {
    const hostile = `x'; drop table ${table}; -- \\`
    await run(dialect, { statement: `update ${table} set name = :name where id = :id` }, { params: { id: 3, name: hostile } })
    expect(await rowsOf(dialect, `select name from ${table} where name = :name`, { name: hostile })).toEqual([{ name: hostile }])
    expect(await rowsOf(dialect, `select count(*) as n from ${table}`)).toEqual([{ n: 3 }])
    expect(await run(dialect, { statement: 'select :missing' })).toMatchObject({
      error: { code: 'SQL_PARAMETER' },
      retriable: false,
    })
  })

  it('tells how many rows it changed', async () => {
    const { output } = await run(dialect, { statement: `update ${table} set total = 9 where id <= 2` })
    expect(output).toEqual({ rowCount: 2 })
  })

  it('is one statement', async () => {
    const { outcome } = await run(dialect, { statement: `select 1; delete from ${table}` })
    expect(outcome).toBe('FAILURE')
    expect(await rowsOf(dialect, `select count(*) as n from ${table}`)).toEqual([{ n: 3 }])
  })

  it('gives at most as many rows as the settings allow, and reads no more', async () => {
    const many = dialect === 'PostgreSQL' ? 'select generate_series(1, 100000000) as n' : 'select seq from seq_1_to_100000000'
    const begun = performance.now()
    expect(await run(dialect, { statement: many, maxRows: 10 })).toMatchObject({
      error: { code: 'SQL_TOO_MANY_ROWS' },
      retriable: false,
    })
    expect(performance.now() - begun).toBeLessThan(20_000)
    expect(await run(dialect, { statement: `select id from ${table} order by id`, maxRows: 3 })).toMatchObject({
      outcome: 'SUCCESS',
    })
  })

  it('says what is wrong with it, for good', async () => {
    const { error, retriable } = await run(dialect, { statement: 'select nonsense from nowhere' })
    expect(error!.code).toBe(dialect === 'PostgreSQL' ? 'SQL_42P01' : 'SQL_ER_NO_SUCH_TABLE')
    expect(retriable).toBe(false)
  })

  it('INS-7 is killed in the database when it is to stop', async () => {
    const stop = new AbortController()
    const mark = `/* stop-${dialect} */`
    const statement = dialect === 'PostgreSQL' ? `select pg_sleep(600) ${mark}` : `select sleep(600) ${mark}`
    const running = run(dialect, { statement }, { signal: stop.signal })
    await expect.poll(() => atWork(dialect, mark), { timeout: 10_000 }).toBe(1)
    stop.abort(new InstanceStopped('CANCEL'))
    expect(await running).toMatchObject({ error: { code: 'CANCEL' } })
    await expect.poll(() => atWork(dialect, mark), { timeout: 10_000 }).toBe(0)
  })

  it('S33 tells nothing of its data source where it cannot connect', async () => {
    const source = `${dialect === 'PostgreSQL' ? 'postgres' : 'mysql'}://app:wrong-canary@127.0.0.1:1/shop`
    const { error, retriable } = await run(dialect, { statement: 'select 1', ...{ source } }, { secrets: [source] })
    expect([error!.code, retriable]).toEqual(['SQL_CONNECT', true])
    expect(JSON.stringify(error)).not.toContain('wrong-canary')
  })
})

async function atWork(dialect: Dialect, mark: string): Promise<number> {
  if (dialect === 'PostgreSQL') {
    const client = new pg.Client({ connectionString: postgres.url })
    await client.connect()
    const { rows } = await client.query(
      `select 1 from pg_stat_activity where query like '%' || $1 || '%' and pid <> pg_backend_pid() and state = 'active'`,
      [mark],
    )
    await client.end()
    return rows.length
  }
  const connection = await mysql.createConnection(mariadb.url)
  const [rows] = await connection.query(`show full processlist`)
  await connection.end()
  return (rows as { Info: string | null }[]).filter(({ Info }) => Info?.includes('sleep(600)')).length
}

describe('a data source', () => {
  const failing = async (source: string) =>
    (await runHandler(sqlHandler, { settings: { source, statement: 'select 1' }, secrets: [source] })).error!

  it('may be written as JSON', async () => {
    const { hostname, port, username, password, pathname } = new URL(mariadb.url)
    const parts = {
      type: 'mysql',
      host: hostname,
      port: Number(port),
      user: username,
      password: decodeURIComponent(password),
      database: pathname.slice(1),
    }
    const result = await runHandler(sqlHandler, { settings: { source: JSON.stringify(parts), statement: 'select 1 as one' } })
    expect(result).toMatchObject({ outcome: 'SUCCESS', output: { rows: [{ one: 1 }] } })
  })

  it.each(['canary', '{"canary"', 'oracle://canary@host/x'])('that is none is refused without telling it: %s', async (source) => {
    const error = await failing(source)
    expect(error.code).toBe('SQL_SOURCE')
    expect(JSON.stringify(error)).not.toContain('canary')
  })
})

describe('places for parameters', () => {
  it.each([
    ['select \':no\', ":no", `:no` -- :no\n/* :no */ + :a', 'select \':no\', ":no", `:no` -- :no\n/* :no */ + $1'],
    ['select :a::int, $x$ :no $x$, :a', 'select $1::int, $x$ :no $x$, $1'],
  ])('are found in %s', (statement, text) => {
    expect(bindParameters(statement, { a: 1 }, 'postgres')).toEqual({ text, values: [1] })
  })

  it('are numbered for PostgreSQL and repeated for MySQL', () => {
    expect(bindParameters('select :b, :a, :b', { a: 1, b: null }, 'mysql')).toEqual({
      text: 'select ?, ?, ?',
      values: [null, 1, null],
    })
  })
})
