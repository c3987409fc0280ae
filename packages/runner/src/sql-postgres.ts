import pg from 'pg'
import type { BoundStatement } from './sql-parameters.ts'
import { RowCollector, SqlFailure, type SqlResult } from './sql-rows.ts'

const CONNECT_MS = 10_000
/** How long a statement that was told to stop may take until its connection is cut. */
const STOP_MS = 3_000
const INT8 = 20

const types = {
  getTypeParser(oid: number, format?: string): (value: string) => unknown {
    // A number where one is exact.
    if (oid === INT8) return (text) => (Number.isSafeInteger(Number(text)) ? Number(text) : text)
    return pg.types.getTypeParser(oid, format as 'text') as (value: string) => unknown
  },
}

/** Runs one statement on a connection of its own. When `signal` is aborted PostgreSQL is told to stop the statement. */
export async function runOnPostgres(
  url: string,
  statement: BoundStatement,
  maxRows: number,
  signal: AbortSignal,
): Promise<SqlResult> {
  const options = { connectionString: url, connectionTimeoutMillis: CONNECT_MS, application_name: 'carillon sql', types }
  const client = new pg.Client(options as pg.ClientConfig)
  client.on('error', () => undefined)
  await client.connect().catch((error: Error) => {
    throw new SqlFailure('SQL_CONNECT', `PostgreSQL cannot be reached: ${error.message}`, true)
  })
  let cut: NodeJS.Timeout | undefined
  const stop = () => {
    cut = setTimeout(() => void client.end().catch(() => undefined), STOP_MS)
    void cancel(options as pg.ClientConfig, (client as unknown as { processID: number }).processID)
  }
  try {
    signal.throwIfAborted()
    signal.addEventListener('abort', stop)
    return await query(client, statement, maxRows, stop)
  } finally {
    signal.removeEventListener('abort', stop)
    clearTimeout(cut)
    await client.end().catch(() => undefined)
  }
}

async function cancel(options: pg.ClientConfig, processId: number): Promise<void> {
  const other = new pg.Client(options)
  other.on('error', () => undefined)
  try {
    await other.connect()
    await other.query('select pg_cancel_backend($1)', [processId])
  } catch {
    // Its connection is cut soon.
  } finally {
    await other.end().catch(() => undefined)
  }
}

/** Row by row: what is too much is never held. The extended protocol takes exactly one statement. */
function query(client: pg.Client, { text, values }: BoundStatement, maxRows: number, stop: () => void): Promise<SqlResult> {
  return new Promise((resolve, reject) => {
    const collected = new RowCollector(maxRows)
    let failure: SqlFailure | null = null
    const running = new pg.Query({ text, values: [...values], queryMode: 'extended' } as pg.QueryConfig)
    running.on('row', (row: Record<string, unknown>) => {
      if (failure) return
      failure = collected.add(row)
      if (failure) stop()
    })
    running.on('end', (result: pg.QueryResult) => {
      if (failure) return reject(failure)
      const gives = result.fields.length > 0
      resolve({ ...(gives ? { rows: collected.rows } : {}), rowCount: gives ? collected.rows.length : (result.rowCount ?? 0) })
    })
    running.on('error', (error: Error) => reject(failure ?? failureOf(error)))
    client.query(running)
  })
}

/** Class 40 is a conflict with others, 53 want of room, 57 a server that goes down, 08 a lost connection: another time it may go well. */
const TEMPORARY = /^(08|40|53|57)/

function failureOf(error: Error & { code?: string; position?: string }): SqlFailure {
  const { code = 'LOST', position } = error
  const where = position === undefined ? '' : ` (at character ${position})`
  return new SqlFailure(
    `SQL_${code}`,
    `${error.message}${where}`,
    code === 'LOST' || !/^[0-9A-Z]{5}$/.test(code) || TEMPORARY.test(code),
  )
}
