import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { lineAt, splitSql, type Statement } from './split-sql.ts'

// Brings a database to the newest schema. Every node does so when it starts; an advisory lock lets one work while the others wait.
// How files are written stands in migrations/README.md.
//
// The lock is polled, not waited for: a session that sleeps in pg_advisory_lock() holds a snapshot, CREATE INDEX CONCURRENTLY waits
// for all older snapshots to end, and the two would wait for each other for ever.

export interface Migration {
  version: number
  /** `0001_name` */
  name: string
  mode: 'transactional' | 'online'
  /** Nodes whose newest own migration is older than this cannot work on the schema any more; 0 if the step only adds. */
  nodesFrom: number
  sql: string
  checksum: string
}

export interface MigrateOptions {
  log?: (line: string) => void
  migrations?: readonly Migration[]
}

export interface MigrateResult {
  /** Names of the migrations this call ran, in order; empty when the schema was up to date or another node did the work. */
  applied: string[]
  /** The schema's version afterwards, which is above our own if a newer node has been here. */
  version: number
}

/** Reads and checks the migrations of a folder; by default Carillon's own, which stand beside this file both in src and in dist. */
export function readMigrations(folder: string = fileURLToPath(new URL('./migrations/', import.meta.url))): Migration[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.sql'))
  return files.sort().map((file, index) => {
    const name = file.slice(0, -'.sql'.length)
    const number = String(index + 1).padStart(4, '0')
    if (!new RegExp(`^${number}_[a-z0-9_]+$`).test(name))
      throw new Error(
        `Migration ${file} in ${folder} should be named ${number}_<name>.sql: they are numbered without gaps or repeats.`,
      )
    return parseMigration(index + 1, name, readFileSync(join(folder, file), 'utf8'))
  })
}

function parseMigration(version: number, name: string, text: string): Migration {
  // A checkout with Windows line ends is the same migration.
  const sql = text.replaceAll('\r\n', '\n')
  const mode = /^-- (transactional|online)\n/.exec(sql)?.[1]
  if (mode !== 'transactional' && mode !== 'online')
    throw new Error(`Migration ${name}.sql must begin with the line "-- transactional" or "-- online".`)
  const nodesFrom = Number(/^.*\n-- nodes from (\d+)\n/.exec(sql)?.[1] ?? 0)
  return { version, name, mode, nodesFrom, sql, checksum: createHash('sha256').update(sql).digest('hex') }
}

/**
 * Runs the migrations that the database at `url` lacks.
 *
 * `url` must lead to PostgreSQL itself or a pooler in session mode, as a role that owns the schema. Several nodes may call this at once.
 * Throws, naming file and line, when a statement fails; what ran before it stays.
 */
export async function migrate(url: string, options: MigrateOptions = {}): Promise<MigrateResult> {
  const { log = () => {}, migrations = readMigrations() } = options
  const client = new pg.Client({ connectionString: url, application_name: 'carillon migrate', statement_timeout: 0 })
  // A lost connection also fails the query in flight, which is where it is reported.
  client.on('error', () => {})
  await client.connect()
  try {
    await takeLock(client, log)
    await client.query(createLedger)
    const recorded = await readRecorded(client)
    refuseContradictions(recorded, migrations)
    const pending = migrations.filter(({ version }) => recorded.get(version)?.finished !== true)
    for (const migration of pending) {
      log(`Migrating the schema: ${migration.name} …`)
      await (migration.mode === 'online' ? runOnline(client, migration) : runTransactional(client, migration))
    }
    return {
      applied: pending.map(({ name }) => name),
      version: Math.max(0, ...recorded.keys(), ...migrations.map((m) => m.version)),
    }
  } finally {
    // Ending the session gives the lock back.
    await client.end()
  }
}

/**
 * Checks that a node whose newest own migration is `own` can work on the schema it finds. A newer schema is no obstacle by itself (a
 * step only adds, so old nodes go on during a rolling upgrade) until a step names newer nodes as the oldest it lets in.
 */
export async function assertSchema(client: pg.ClientBase, own: number = readMigrations().length): Promise<void> {
  const recorded = await readRecorded(client).catch((error: unknown) => {
    if ((error as pg.DatabaseError).code === undefinedTable) return new Map<number, Recorded>()
    throw error
  })
  const finished = Array.from({ length: own }, (_, index) => index + 1).findIndex((version) => !recorded.get(version)?.finished)
  if (finished >= 0)
    throw new Error(
      `The database's schema is at version ${finished}, but this node needs version ${own}. Run "carillon migrate" first.`,
    )
  const barrier = [...recorded.values()].find(({ nodesFrom }) => nodesFrom > own)
  if (barrier !== undefined)
    throw new Error(
      `The database was migrated to version ${Math.max(...recorded.keys())} by a newer Carillon, and since ${barrier.name} it needs nodes ` +
        `that know version ${barrier.nodesFrom} or later; this one knows ${own}. Start a newer Carillon.`,
    )
}

const undefinedTable = '42P01'

/** Any number that no other user of advisory locks in this database would come upon. */
const lockKey = createHash('sha256').update('carillon migrate').digest().readInt32BE(0)

async function takeLock(client: pg.Client, log: (line: string) => void): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const { rows } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [lockKey])
    if (rows[0]?.locked === true) return
    if (attempt % 50 === 5) log('Another node is migrating the schema; waiting for it …')
    await pause(100)
  }
}

const createLedger = `
  CREATE TABLE IF NOT EXISTS schema_migration (
    version     integer PRIMARY KEY,
    name        text NOT NULL,
    checksum    text NOT NULL,
    nodes_from  integer NOT NULL,
    statements  integer NOT NULL,
    started_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz
  )`

interface Recorded {
  name: string
  checksum: string
  nodesFrom: number
  finished: boolean
}

async function readRecorded(client: pg.ClientBase): Promise<Map<number, Recorded>> {
  const { rows } = await client.query<Recorded & { version: number }>(
    `SELECT version, name, checksum, nodes_from AS "nodesFrom", finished_at IS NOT NULL AS finished FROM schema_migration ORDER BY version`,
  )
  return new Map(rows.map((row) => [row.version, row]))
}

function refuseContradictions(recorded: ReadonlyMap<number, Recorded>, migrations: readonly Migration[]): void {
  const newest = Math.max(0, ...recorded.keys())
  for (const { version, name, checksum } of migrations) {
    const known = recorded.get(version)
    if (known === undefined && version < newest)
      throw new Error(
        `Migration ${name} never ran on this database, though later ones did. Migrations only go forward: give it a new number.`,
      )
    if (known !== undefined && known.checksum !== checksum)
      throw new Error(
        `Migration ${name} is not what ran on this database as ${known.name}: its file was changed afterwards. ` +
          'Restore the file, and put the change into a new migration.',
      )
  }
}

async function runTransactional(client: pg.Client, migration: Migration): Promise<void> {
  await withLockRetry(() =>
    inTransaction(client, async () => {
      await client.query(migration.sql).catch((error: unknown) => rethrow(error, migration, { sql: migration.sql, line: 1 }))
      await client.query(record, [...recordValues(migration), 0])
      await client.query(finish, [migration.version])
    }),
  )
}

const record = `
  INSERT INTO schema_migration (version, name, checksum, nodes_from, statements) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (version) DO UPDATE SET statements = excluded.statements`
const finish = 'UPDATE schema_migration SET finished_at = clock_timestamp() WHERE version = $1'

function recordValues({ version, name, checksum, nodesFrom }: Migration): unknown[] {
  return [version, name, checksum, nodesFrom]
}

async function runOnline(client: pg.Client, migration: Migration): Promise<void> {
  const { rows } = await client.query<{ statements: number }>('SELECT statements FROM schema_migration WHERE version = $1', [
    migration.version,
  ])
  const done = rows[0]?.statements ?? 0
  await client.query(record, [...recordValues(migration), done])
  for (const [index, statement] of splitSql(migration.sql).entries()) {
    if (index < done) continue
    await runStatement(client, migration, statement, index + 1)
  }
  await client.query(finish, [migration.version])
}

/** Whatever a transaction may hold is recorded in the same one, and so runs once. The rest can run again after a kill. */
async function runStatement(client: pg.Client, migration: Migration, statement: Statement, done: number): Promise<void> {
  const run = (): Promise<pg.QueryResult> =>
    client.query(statement.sql).catch((error: unknown) => rethrow(error, migration, statement))
  if (/\bconcurrently\b|^(vacuum|reindex)\b/i.test(statement.sql)) {
    await dropInvalidIndexes(client, statement.sql)
    // Waiting for others' transactions blocks nobody here, while giving up would leave an invalid index behind.
    await client.query(`SET lock_timeout = 0`)
    await run()
    await client.query(record, [...recordValues(migration), done])
    return
  }
  const repeat = statement.comments.includes('repeat')
  for (let finished = false; !finished;) {
    await withLockRetry(() =>
      inTransaction(client, async () => {
        const { rowCount } = await run()
        finished = !repeat || rowCount === 0
        if (finished) await client.query(record, [...recordValues(migration), done])
      }),
    )
  }
}

/** A killed CREATE INDEX CONCURRENTLY leaves an index that is never used and that IF NOT EXISTS takes for the real one. */
async function dropInvalidIndexes(client: pg.Client, sql: string): Promise<void> {
  const { rows } = await client.query<{ name: string; quoted: string }>(
    `SELECT c.relname AS name, i.indexrelid::regclass::text AS quoted FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE NOT i.indisvalid AND c.relnamespace = current_schema()::regnamespace AND c.relkind = 'i'`,
  )
  for (const { quoted } of rows.filter(({ name }) => sql.includes(name))) await client.query(`DROP INDEX CONCURRENTLY ${quoted}`)
}

async function inTransaction(client: pg.Client, work: () => Promise<void>): Promise<void> {
  await client.query('BEGIN')
  try {
    await client.query(`SET LOCAL lock_timeout = '2s'`)
    await work()
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  }
}

/** About five minutes of attempts. Between two of them, whoever queued up behind our request for the lock gets through. */
const lockAttempts = 60

async function withLockRetry(work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      const code = ((error as Error).cause as pg.DatabaseError | undefined)?.code
      if (code !== lockNotAvailable || attempt === lockAttempts) throw error
      await pause(Math.min(100 * attempt, 3_000))
    }
  }
}

const lockNotAvailable = '55P03'

function rethrow(error: unknown, { name }: Migration, { sql, line }: { sql: string; line: number }): never {
  const offset = error instanceof pg.DatabaseError && error.position !== undefined ? Number(error.position) - 1 : 0
  const where = `${name}.sql line ${line - 1 + lineAt(sql, offset)}`
  throw new Error(`Migration ${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
}
