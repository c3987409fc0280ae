import mysql from 'mysql2'
import pg from 'pg'
import { dataSourceOf, type DataSource } from './data-source.ts'
import { SqlFailure } from './sql-rows.ts'

export type Row = Readonly<Record<string, unknown>>

/** A connection for many statements; values are texts, numbers, booleans and bytes that either database takes back. */
export interface DatabaseSession {
  readonly dialect: DataSource['dialect']
  /** A name that has no more than letters, digits and `_`, and one dot. */
  readonly quote: (name: string) => string
  readonly query: (text: string, values: readonly unknown[]) => Promise<Row[]>
  /** The rows of a query, batch by batch, never all at once. */
  readonly batches: (text: string, values: readonly unknown[], size: number) => AsyncIterable<Row[]>
}

const CONNECT_MS = 10_000
const [BOOL, BYTEA, TIMESTAMPTZ] = [16, 17, 1184]

/** Connects, works and leaves. When `signal` is aborted the connection is cut. */
export async function withSession<T>(
  source: string,
  signal: AbortSignal,
  work: (session: DatabaseSession) => Promise<T>,
): Promise<T> {
  const { dialect, url } = dataSourceOf(source)
  const { session, cut } = await (dialect === 'postgres' ? openPostgres(url) : openMysql(url)).catch((error: Error) => {
    throw new SqlFailure('SQL_CONNECT', `The database cannot be reached: ${error.message}`, true)
  })
  signal.addEventListener('abort', cut)
  try {
    signal.throwIfAborted()
    return await work(session)
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener('abort', cut)
    cut()
  }
}

interface Opened {
  readonly session: DatabaseSession
  readonly cut: () => void
}

const quoting = (mark: string) => (name: string) => {
  if (!/^\w+(\.\w+)?$/.test(name)) throw new SqlFailure('SQL_NAME', `${name} is no name of a table or column`, false)
  return name
    .split('.')
    .map((part) => mark + part + mark)
    .join('.')
}

async function openPostgres(url: string): Promise<Opened> {
  const types = { getTypeParser: (oid: number) => PARSERS.get(oid) ?? ((text: string) => text) }
  const client = new pg.Client({
    connectionString: url,
    ...{ connectionTimeoutMillis: CONNECT_MS, application_name: 'carillon', types: types as unknown as pg.CustomTypesConfig },
    options: '-c TimeZone=UTC',
  })
  client.on('error', () => undefined)
  await client.connect()
  const query = async (text: string, values: readonly unknown[]) =>
    (await client.query({ text, values: [...values], queryMode: 'extended' } as pg.QueryConfig)).rows as Row[]
  async function* batches(text: string, values: readonly unknown[], size: number): AsyncGenerator<Row[]> {
    await client.query('begin read only')
    await query(`declare carillon_rows no scroll cursor for ${text}`, values)
    for (;;) {
      const rows = await query(`fetch ${Number(size)} from carillon_rows`, [])
      if (rows.length > 0) yield rows
      if (rows.length < size) break
    }
    await client.query('commit')
  }
  const cut = () => void client.end().catch(() => undefined)
  return { session: { dialect: 'postgres', quote: quoting('"'), query, batches }, cut }
}

/** Texts as PostgreSQL writes them, where MySQL reads the same. */
const PARSERS = new Map<number, (text: string) => unknown>([
  [BOOL!, (text) => text === 't'],
  [BYTEA!, (text) => Buffer.from(text.slice(2), 'hex')],
  [TIMESTAMPTZ!, (text) => text.replace(/\+00$/, '')],
  ...[20, 21, 23].map((oid) => [oid, (text: string) => (Number.isSafeInteger(Number(text)) ? Number(text) : text)] as const),
  ...[700, 701].map((oid) => [oid, Number] as const),
])

async function openMysql(url: string): Promise<Opened> {
  const options = {
    connectTimeout: CONNECT_MS,
    dateStrings: true,
    supportBigNumbers: true,
    timezone: 'Z',
    multipleStatements: false,
  }
  const connection = await new Promise<mysql.Connection>((resolve, reject) => {
    const made = mysql.createConnection({ uri: url, ...options })
    made.on('error', () => undefined)
    made.connect((error) => (error ? reject(error) : resolve(made)))
  })
  const query = (text: string, values: readonly unknown[]) =>
    new Promise<Row[]>((resolve, reject) =>
      connection.execute(text, [...values] as never[], (error, rows) => {
        if (error) reject(error)
        else resolve(Array.isArray(rows) ? (rows as Row[]) : [])
      }),
    )
  async function* batches(text: string, values: readonly unknown[], size: number): AsyncGenerator<Row[]> {
    let batch: Row[] = []
    for await (const row of connection.execute(text, [...values] as never[]).stream({ highWaterMark: size })) {
      batch.push(row as Row)
      if (batch.length < size) continue
      yield batch
      batch = []
    }
    if (batch.length > 0) yield batch
  }
  await query(`set time_zone = '+00:00'`, [])
  return { session: { dialect: 'mysql', quote: quoting('`'), query, batches }, cut: () => connection.destroy() }
}
