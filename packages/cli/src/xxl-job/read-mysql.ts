import type { Connection, RowDataPacket } from 'mysql2/promise'
import type { TableEvent, Wanted } from './read-dump.ts'

const CONNECT_MS = 10_000

/**
 * The same as `readDump`, of a MySQL or MariaDB that runs. Everything in one snapshot that may only read; of the logs, which may be
 * millions, no row is read but the highest number.
 */
export async function* readMysql(url: string, wanted: Wanted): AsyncGenerator<TableEvent> {
  // The library takes a while to load, and every other command does without it.
  const { createConnection } = await import('mysql2/promise')
  const connection = await createConnection({
    ...{ uri: url, connectTimeout: CONNECT_MS, multipleStatements: false },
    ...{ dateStrings: true, supportBigNumbers: true, bigNumberStrings: true },
  })
  try {
    await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
    await connection.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')
    for (const [table, columns] of await columnsOfTables(connection)) {
      yield { kind: 'TABLE', table: table.toLowerCase(), columns: columns.map((name) => name.toLowerCase()), autoIncrement: null }
      const kept = columns.filter((name) => wanted(table.toLowerCase())?.has(name.toLowerCase()))
      if (kept.length > 0) yield* rowsOf(connection, table, kept)
    }
  } finally {
    connection.destroy()
  }
}

/** As the server spells them, which where names differ by case alone is the only way to be found. */
async function columnsOfTables(connection: Connection): Promise<Map<string, string[]>> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT c.table_name AS t, c.column_name AS c FROM information_schema.columns c
     JOIN information_schema.tables USING (table_schema, table_name)
     WHERE c.table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY c.table_name, c.ordinal_position`,
  )
  const columns = new Map<string, string[]>()
  for (const { t, c } of rows as { t: string; c: string }[]) columns.set(t, [...(columns.get(t) ?? []), c])
  return columns
}

async function* rowsOf(connection: Connection, table: string, columns: readonly string[]): AsyncGenerator<TableEvent> {
  const highest = table.toLowerCase() === 'xxl_job_log'
  const selected = highest ? 'MAX(??) AS id' : '??'
  const [rows] = await connection.query<RowDataPacket[]>(`SELECT ${selected} FROM ??`, [highest ? 'id' : columns, table])
  for (const row of rows) {
    const cells = Object.entries(row).map(([name, value]) => [name.toLowerCase(), textOf(value)] as const)
    yield { kind: 'ROW', table: table.toLowerCase(), row: new Map(cells) }
  }
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null
  return Buffer.isBuffer(value) ? value.toString('utf8') : String(value)
}

const FRESH_S = 60

/**
 * Whether an admin of xxl-job writes into this database: it notes each beat of its executors. One without executors is not seen, nor one
 * whose clock or zone differs from the database's; what is seen is certain.
 */
export async function adminWrites(url: string): Promise<boolean> {
  const { createConnection } = await import('mysql2/promise')
  const connection = await createConnection({ uri: url, connectTimeout: CONNECT_MS })
  try {
    const tables = await columnsOfTables(connection)
    const table = [...tables.keys()].find((name) => name.toLowerCase() === 'xxl_job_registry')
    if (table === undefined) return false
    const [rows] = await connection.query<RowDataPacket[]>(
      `SELECT COUNT(*) AS beats FROM ?? WHERE update_time BETWEEN NOW() - INTERVAL ? SECOND AND NOW() + INTERVAL ? SECOND`,
      [table, FRESH_S, FRESH_S],
    )
    return Number(rows[0]?.['beats']) > 0
  } finally {
    connection.destroy()
  }
}
