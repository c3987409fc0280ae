import mysql from 'mysql2'
import type { BoundStatement } from './sql-parameters.ts'
import { RowCollector, SqlFailure, type SqlResult } from './sql-rows.ts'

const CONNECT_MS = 10_000
const STOP_MS = 3_000

/** Instants and large numbers come as texts: JSON has neither. */
const OPTIONS = { connectTimeout: CONNECT_MS, dateStrings: true, supportBigNumbers: true, multipleStatements: false } as const

/** Runs one statement on a connection of its own. When `signal` is aborted the server is told to kill the statement. */
export async function runOnMysql(
  url: string,
  statement: BoundStatement,
  maxRows: number,
  signal: AbortSignal,
): Promise<SqlResult> {
  const connection = await connect(url).catch((error: Error) => {
    throw new SqlFailure('SQL_CONNECT', `MySQL cannot be reached: ${error.message}`, true)
  })
  let cut: NodeJS.Timeout | undefined
  const stop = () => {
    cut = setTimeout(() => connection.destroy(), STOP_MS)
    void kill(url, connection.threadId)
  }
  try {
    signal.throwIfAborted()
    signal.addEventListener('abort', stop)
    return await execute(connection, statement, maxRows, stop)
  } finally {
    signal.removeEventListener('abort', stop)
    clearTimeout(cut)
    connection.destroy()
  }
}

function connect(url: string): Promise<mysql.Connection> {
  return new Promise((resolve, reject) => {
    const connection = mysql.createConnection({ uri: url, ...OPTIONS })
    connection.on('error', () => undefined)
    connection.connect((error) => (error ? reject(error) : resolve(connection)))
  })
}

async function kill(url: string, thread: number): Promise<void> {
  try {
    const other = await connect(url)
    await new Promise<void>((resolve) => other.query(`kill query ${Number(thread)}`, () => resolve()))
    other.destroy()
  } catch {
    // Its connection is cut soon.
  }
}

/** A prepared statement is exactly one. */
function execute(
  connection: mysql.Connection,
  { text, values }: BoundStatement,
  maxRows: number,
  stop: () => void,
): Promise<SqlResult> {
  return new Promise((resolve, reject) => {
    const collected = new RowCollector(maxRows)
    let failure: SqlFailure | null = null
    let changed: number | null = null
    connection
      .execute(text, values.map(valueOf))
      .on('result', (row: Record<string, unknown>) => {
        if (failure) return
        if ('affectedRows' in row && 'serverStatus' in row) changed = Number(row['affectedRows'])
        else failure = collected.add(row)
        if (failure) stop()
      })
      .on('error', (error: Error) => reject(failure ?? failureOf(error)))
      .on('end', () => {
        if (failure) reject(failure)
        else if (changed === null) resolve({ rows: collected.rows, rowCount: collected.rows.length })
        else resolve({ rowCount: changed })
      })
  })
}

/** MySQL knows no lists and maps as values; as JSON it can take them apart. */
function valueOf(value: unknown): string | number | boolean | null {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  return JSON.stringify(value)
}

/** Deadlock, lock wait, too many connections, server going down, connection lost. */
const TEMPORARY = new Set([
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_CON_COUNT_ERROR',
  'ER_SERVER_SHUTDOWN',
  'PROTOCOL_CONNECTION_LOST',
])

function failureOf(error: Error & { code?: string; fatal?: boolean }): SqlFailure {
  const { code = 'LOST', fatal = false } = error
  return new SqlFailure(`SQL_${code}`, error.message, fatal || code === 'LOST' || TEMPORARY.has(code))
}
