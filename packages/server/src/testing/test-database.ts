import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** The PostgreSQL server of this test run (see global-setup.ts). */
    testServer: TestServer
  }
}

export interface TestServer {
  /** Connection string of its maintenance database, as a superuser. */
  url: string
  /** Name of the database that holds the migrated schema and nothing else. */
  template: string
}

export interface TestDatabase {
  url: string
  drop: () => Promise<void>
}

/**
 * A database of its own for a test file: the migrated schema, or nothing at all if `empty`.
 *
 * @example
 * const database = await createTestDatabase()
 * afterAll(() => database.drop())
 */
export async function createTestDatabase({ empty = false }: { empty?: boolean } = {}): Promise<TestDatabase> {
  const server = inject('testServer')
  const name = `carillon_test_${randomBytes(6).toString('hex')}`
  // wal_log copies a small template in some 30 ms; file_copy would force a checkpoint on every copy.
  await onServer(server.url, `CREATE DATABASE ${name} TEMPLATE ${empty ? 'template0' : server.template} STRATEGY wal_log`)
  return { url: databaseUrl(server.url, name), drop: () => onServer(server.url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) }
}

/** Runs one statement on the server at `url` over a connection of its own. */
export async function onServer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

/** The same server, another database. (`URL` refuses the form for sockets, which has no host.) */
export function databaseUrl(url: string, database: string): string {
  return url.replace(/^(\w+:\/\/[^/]*)(\/[^?]*)?/, `$1/${database}`)
}
