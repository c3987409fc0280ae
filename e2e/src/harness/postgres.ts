import { startEmbeddedPostgres, type EmbeddedPostgres } from '@carillon/server'
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { freePort } from './free-port.ts'
import type { Stage } from './stage.ts'

/** The database of a scenario, and what can be done to it. */
export interface Postgres {
  readonly host: string
  readonly port: number
  readonly url: string
  /** The same database through another door: a proxy. */
  urlThrough(port: number): string
  /** Ends it hard and starts it again on the same port; answers when it accepts connections. Null where the server is not ours. */
  readonly restart: ((how: 'SIGKILL' | 'SIGQUIT') => Promise<void>) | null
  query<Row>(sql: string, values?: readonly unknown[]): Promise<Row[]>
}

/** An embedded server of its own; or a new database on the server that CARILLON_TEST_DATABASE_URL names, which is then spared. */
export async function startPostgres(stage: Stage): Promise<Postgres> {
  const given = process.env.CARILLON_TEST_DATABASE_URL
  return given === undefined || given === '' ? startOwn(stage) : createDatabase(stage, given)
}

async function startOwn(stage: Stage): Promise<Postgres> {
  const port = await freePort()
  const start = () => startEmbeddedPostgres({ dataDir: stage.folder, log: (line) => stage.note('postgres', { line }), port })
  let server: EmbeddedPostgres = await start()
  stage.defer(() => server.stop())
  return {
    ...doors(stage, server.url),
    async restart(how) {
      stage.note('postgres.kill', { how, pid: server.pid })
      process.kill(server.pid, how)
      await server.exited
      server = await start()
      stage.note('postgres.accepts', { pid: server.pid })
    },
  }
}

async function createDatabase(stage: Stage, serverUrl: string): Promise<Postgres> {
  const name = `carillon_e2e_${randomBytes(6).toString('hex')}`
  const onServer = async (sql: string) => {
    const client = new pg.Client({ connectionString: serverUrl })
    await client.connect()
    await client.query(sql).finally(() => client.end())
  }
  await onServer(`CREATE DATABASE ${name}`)
  stage.defer(() => onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
  return { ...doors(stage, serverUrl.replace(/^(\w+:\/\/[^/]*)(\/[^?]*)?/, `$1/${name}`)), restart: null }
}

function doors(stage: Stage, url: string): Omit<Postgres, 'restart'> {
  const { hostname, port } = new URL(url)
  const pool = new pg.Pool({ connectionString: url, max: 2, types: { getTypeParser } })
  pool.on('error', () => undefined)
  stage.defer(() => pool.end())
  return {
    host: hostname,
    port: Number(port || 5432),
    url,
    urlThrough(proxy) {
      const through = new URL(url)
      through.hostname = '127.0.0.1'
      through.port = String(proxy)
      return through.href
    },
    query: async <Row>(sql: string, values: readonly unknown[] = []) => (await pool.query(sql, [...values])).rows as Row[],
  }
}

/** Identifiers as numbers: they stay below 2^53. */
function getTypeParser(oid: number, format?: string): (value: string) => unknown {
  return oid === 20 ? Number : (pg.types.getTypeParser(oid, format as 'text') as (value: string) => unknown)
}
