import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '@carillon/server'
import pg from 'pg'

/** The one PostgreSQL server that everything here is measured on, as Carillon starts it: durable, and nothing tuned for the benchmark. */
export interface Postgres {
  readonly pid: number
  /** `PostgreSQL 18.4` */
  readonly version: string
  /** Makes an empty database and answers its connection string. */
  createDatabase(name: string): Promise<string>
  /** Runs statements on one connection to a database of this server. */
  query<Row extends pg.QueryResultRow>(url: string, sql: string, values?: unknown[]): Promise<Row[]>
  /** Writes everything out, so that no contestant pays for what another left in the buffers. */
  settle(): Promise<void>
  /** Ends the server and deletes its data. */
  stop(): Promise<void>
}

export async function startPostgres(): Promise<Postgres> {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-bench-'))
  // PostgreSQL's account must be able to pass through it.
  chmodSync(folder, 0o711)
  // Also after a crash: the server itself is ended by the kernel.
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const server = await startEmbeddedPostgres({ dataDir: folder, log: () => undefined })
  const query: Postgres['query'] = async (url, sql, values) => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      return (await client.query(sql, values)).rows as never
    } finally {
      await client.end()
    }
  }
  const [row] = await query<{ version: string }>(server.url, `select current_setting('server_version') as version`)
  return {
    pid: server.pid,
    version: `PostgreSQL ${row!.version}`,
    query,
    async createDatabase(name) {
      await query(server.url, `create database ${name}`)
      return databaseUrl(server.url, name)
    },
    async settle() {
      await query(server.url, 'checkpoint')
    },
    stop: () => server.stop(),
  }
}

/** The same server, another database. (`URL` refuses the form for sockets, which has no host.) */
function databaseUrl(url: string, database: string): string {
  return url.replace(/^(\w+:\/\/[^/]*)(\/[^?]*)?/, `$1/${database}`)
}
