import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { readPartitions, readSchema, readSequences, readTables, type Sequence, type Table } from './dump/catalogue.ts'
import { encode, endOfRows, formatLine, RowMeter, sessionSettings, type Header } from './dump/format.ts'

// A dump carries the rows of a whole database to another one of the same schema: a backup, a move to another server, the way from one
// major version of the embedded PostgreSQL (whose package has no pg_dump) to the next. Its format stands in dump/format.ts.

export interface DumpSummary {
  tables: number
  rows: number
}

/**
 * Writes everything in the database at `url` to `sink` as of one moment, while nodes go on working, and ends the sink.
 *
 * The role must see every row: a superuser, one with BYPASSRLS, or an owner whom row-level security is not forced upon. The sink is only
 * a dump once this has resolved; {@link load} refuses one that was cut short.
 *
 * @example
 * await dump(config.databaseUrl, createWriteStream('carillon.dump'))
 */
export async function dump(url: string, sink: Writable): Promise<DumpSummary> {
  // pg-copy-streams takes over the connection, which a pipelining client does not allow.
  const client = new pg.Client({ connectionString: url, application_name: 'carillon dump' })
  client.on('error', () => {})
  await client.connect()
  try {
    const summary = { tables: 0, rows: 0 }
    await pipeline(Readable.from(records(client, summary)), createGzip(), sink)
    return summary
  } finally {
    await client.end()
  }
}

async function* records(client: pg.Client, summary: DumpSummary): AsyncGenerator<Buffer> {
  await openSnapshot(client)
  yield Buffer.from(`${formatLine}\n${JSON.stringify(await header(client))}\n`)
  for (const partition of await readPartitions(client)) yield encode('partition', partition)
  for (const table of await readTables(client)) {
    const { rows } = yield* tableRecords(client, table)
    summary.tables += 1
    summary.rows += rows
  }
  // Sequences stand outside of snapshots. Read last, they are ahead of every row above.
  for (const sequence of await readSequences(client)) yield encode('sequence', await position(client, sequence))
  yield encode('finish', summary)
  await client.query('COMMIT')
}

/** The tables are locked against being dropped before the snapshot is taken, or a row could be in neither place. */
async function openSnapshot(client: pg.Client): Promise<void> {
  await client.query(sessionSettings)
  const tables = await readTables(client)
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  if (tables.length > 0) await client.query(`LOCK TABLE ${tables.map(({ quoted }) => quoted).join(', ')} IN ACCESS SHARE MODE`)
}

async function header(client: pg.Client): Promise<Header> {
  const { rows } = await client.query<{ server: string; now: Date }>(`SELECT current_setting('server_version') AS server, now()`)
  return { schema: await readSchema(client), server: rows[0]!.server, createdAt: rows[0]!.now.toISOString() }
}

async function* tableRecords(
  client: pg.Client,
  { schema, name, quoted, partitioned, columns }: Table,
): AsyncGenerator<Buffer, { rows: number }> {
  const meter = new RowMeter()
  yield encode('table', { schema, name, columns })
  // COPY takes no partitioned table by name. ONLY: children by inheritance are tables of their own.
  const list = columns.map((column) => pg.escapeIdentifier(column)).join(', ')
  const copy = client.query(copyTo(`COPY (SELECT ${list} FROM ${partitioned ? '' : 'ONLY '}${quoted}) TO STDOUT`))
  for await (const chunk of copy as AsyncIterable<Buffer>) {
    meter.add(chunk)
    yield chunk
  }
  const sums = meter.sums()
  yield endOfRows
  yield encode('end', sums)
  return sums
}

async function position(client: pg.Client, { schema, name, quoted }: Sequence): Promise<object> {
  const { rows } = await client.query<{ last: string; called: boolean }>(
    `SELECT last_value AS last, is_called AS called FROM ${quoted}`,
  )
  return { schema, name, ...rows[0]! }
}
