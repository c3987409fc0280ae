import { execFileSync } from 'node:child_process'
import { createConnection, type Connection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startMariadb, type TestMariadb } from '../../../runner/src/mariadb.test-helper.ts'
import { readDump } from './read-dump.ts'
import { adminWrites, readMysql } from './read-mysql.ts'
import { mysqlUrl, readSource } from './source.ts'
import { createStatements, insertStatements, NAMINGS, ordersDatabase, type TestDatabase } from './xxl-database.test-helper.ts'
import { readXxlTables, wantedOfXxl } from './xxl-tables.ts'

// A real MariaDB with tables of each naming; and what a real mysqldump makes of them.

let server: TestMariadb
let connection: Connection
beforeAll(async () => {
  server = await startMariadb()
  connection = await createConnection(server.url)
})
afterAll(async () => {
  connection.destroy()
  await server.stop()
})

async function fill(database: TestDatabase, name = (table: string) => table): Promise<void> {
  const [tables] = await connection.query('SHOW TABLES')
  for (const row of tables as object[]) await connection.query('DROP TABLE ??', [String(Object.values(row)[0])])
  const renamed = (sql: string) => sql.replace(/`(xxl_job_\w+)`/, (_, table: string) => `\`${name(table)}\``)
  for (const sql of [...createStatements(database.naming), ...insertStatements(database)]) await connection.query(renamed(sql))
}

const live = () => readXxlTables(readMysql(server.url, wantedOfXxl))

function dump(...options: string[]): string {
  const { hostname, port, username, password } = new URL(server.url)
  const access = ['--no-defaults', `--host=${hostname}`, `--port=${port}`, `--user=${username}`]
  const env = { ...process.env, MYSQL_PWD: decodeURIComponent(password) }
  return execFileSync('mariadb-dump', [...access, '--no-tablespaces', ...options, 'shop'], { env, encoding: 'utf8' })
}

const dumped = (text: string) => readXxlTables(readDump([text], wantedOfXxl))

describe.each(NAMINGS)('tables with the columns of %s', (naming) => {
  const database = ordersDatabase(naming)
  beforeAll(() => fill(database))

  test('are read while they are in use, and left as they are', async () => {
    const before = dump('--skip-dump-date')
    const { naming: found, groups, jobs, users, lastLogId } = await live()
    expect({ found, groups: groups.length, users: users.length, lastLogId }).toEqual({ found: naming, groups: 2, users: 2, lastLogId: 4711 }) // prettier-ignore
    expect(jobs[0]).toMatchObject({
      id: 12,
      name: "关闭过期订单; it's late",
      param: 'days=3\nregion="north"',
      running: true,
      nextAt: 1.8e12,
    })
    expect(jobs[2]!.glueSource).toBe("#!/bin/bash\necho 'hi \\n' $1\n")
    expect(dump('--skip-dump-date')).toBe(before)
  })

  test.each([
    [[]],
    [['--complete-insert', '--skip-extended-insert']],
    [['--complete-insert', '--no-create-info']],
    [['--hex-blob', '--insert-ignore', '--skip-comments']],
    [['--compact', '--replace']],
    [['--skip-quote-names', '--skip-add-locks']],
  ])('are the same in a dump made with %j', async (options) => {
    expect(await dumped(dump(...options))).toEqual(await live())
  })
})

test('names in capitals are found, where the server tells them apart', async () => {
  await fill(ordersDatabase('2.3 – 3.4'), (table) => table.toUpperCase())
  expect((await live()).jobs).toHaveLength(3)
  expect(await dumped(dump())).toEqual(await live())
})

test('an empty log has no number', async () => {
  await fill({ naming: '3.5', groups: [], jobs: [] })
  expect(await live()).toMatchObject({ groups: [], jobs: [], lastLogId: null })
})

test('an admin that runs is seen by the beats that it writes down; one that is gone is not', async () => {
  const beats = async (at: string) => {
    await fill({ naming: '2.3 – 3.4', groups: [], jobs: [] })
    await connection.query(`INSERT INTO xxl_job_registry VALUES (1, 'http://10.0.0.1:9999', ${at})`)
    return adminWrites(server.url)
  }
  expect(await beats('NOW() - INTERVAL 20 SECOND')).toBe(true)
  expect(await beats('NOW() - INTERVAL 5 MINUTE')).toBe(false)
  expect(await beats('NULL')).toBe(false)
  await connection.query('DROP TABLE xxl_job_registry')
  expect(await adminWrites(server.url)).toBe(false)
})

describe('what cannot be read is told without the password', () => {
  const failure = (url: string) => readSource({ kind: 'MYSQL', url }).then(() => null, (error: Error) => error.message) // prettier-ignore

  test('another database', async () => {
    await connection.query('DROP TABLE IF EXISTS xxl_job_info, xxl_job_group')
    await connection.query('CREATE TABLE IF NOT EXISTS wp_posts (id int)')
    expect(await failure(server.url)).toMatch(
      /^The database shop is no database of xxl-job: it has no table xxl_job_info and xxl_job_group; it has .*wp_posts/,
    )
  })
  test('a wrong password, a database that is not there', async () => {
    expect(await failure(server.url.replace(/:[^:@]+@/, ':guess@'))).toMatch(/Access denied for user/)
    expect(await failure(server.url.replace('/shop', '/nothing'))).toMatch(/^The database nothing: /)
    expect(await failure(server.url.replace('/shop', ''))).toMatch(/nor any other/)
  })
  test.each(['postgres://x@y/z', 'xxl_job', ''])('"%s", which is no address', (text) => {
    expect(() => mysqlUrl(text)).toThrow('What --mysql names is no address of a MySQL.')
  })
})
