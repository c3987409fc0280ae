import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { DumpSummary } from './dump.ts'
import { readPartitions, readSchema, readSequences, readTables, type Partition, type Table } from './dump/catalogue.ts'
import { DumpReader, formatLine, RowMeter, sessionSettings, type Header, type Sums } from './dump/format.ts'
import { migrate, type Migration } from './migrate.ts'

export interface LoadOptions {
  log?: (line: string) => void
  migrations?: readonly Migration[]
  /** Runs in the same transaction after the last row, for what must change when a database begins a second life. */
  afterwards?: (client: pg.ClientBase) => Promise<void>
}

/**
 * Fills the database at `url` from a dump: all of it or nothing, in one transaction.
 *
 * The database must be new (it is migrated first) or hold no row in any table, and its schema must be the dump's. The role must own the
 * tables. No node may work on it meanwhile.
 *
 * @example
 * await load(config.databaseUrl, createReadStream('carillon.dump'))
 */
export async function load(url: string, source: Readable, options: LoadOptions = {}): Promise<DumpSummary> {
  const client = new pg.Client({ connectionString: url, application_name: 'carillon load' })
  client.on('error', () => {})
  await client.connect()
  // What it was given may be gone before the first byte is asked for; the failure is reported there.
  source.on('error', () => {})
  try {
    const reader = new DumpReader(unpack(source))
    const header = await readHeader(reader)
    const isNew = await prepareSchema(client, url, options)
    await refuseOtherSchema(client, header)
    await client.query(sessionSettings)
    await client.query('BEGIN')
    const summary = await fill(client, reader, isNew)
    await options.afterwards?.(client)
    await client.query('COMMIT')
    // Without statistics, the first plans on the new rows would be those for empty tables.
    await client.query('ANALYZE')
    return summary
  } finally {
    source.destroy()
    await client.end()
  }
}

async function* unpack(source: Readable): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: 1 << 20 })
  const piped = pipeline(source, gunzip)
  piped.catch(() => {})
  try {
    yield* gunzip as AsyncIterable<Buffer>
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'Z_BUF_ERROR') throw new Error('The dump is cut short: its compressed data ends too early.', { cause: error })
    if (code === 'Z_DATA_ERROR') throw new Error(`This is no Carillon dump, or a damaged one: ${message}.`, { cause: error })
    throw error
  }
}

async function readHeader(reader: DumpReader): Promise<Header> {
  const first = await reader.line()
  if (first === formatLine) return JSON.parse(await reader.line()) as Header
  if (/^carillon dump \d+$/.test(first))
    throw new Error(`This dump has a newer format ("${first}"). Load it with a newer Carillon.`)
  throw new Error('This is no Carillon dump: its first line is not "carillon dump …".')
}

/** Whether the database was without a schema, so that all it holds now is what the migrations put there. */
async function prepareSchema(client: pg.Client, url: string, { log, migrations }: LoadOptions): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(`SELECT to_regclass('schema_migration') IS NOT NULL AS found`)
  if (rows[0]!.found) return false
  await migrate(url, { ...(log === undefined ? {} : { log }), ...(migrations === undefined ? {} : { migrations }) })
  return true
}

async function refuseOtherSchema(client: pg.Client, header: Header): Promise<void> {
  const own = await readSchema(client)
  const differs = Math.max(own.length, header.schema.length)
  for (let index = 0; index < differs; index += 1) {
    const [mine, theirs] = [own[index], header.schema[index]]
    if (mine?.checksum === theirs?.checksum) continue
    throw new Error(
      `The dump's schema is at version ${header.schema.length} and the database's at ${own.length}; they part at ${(mine ?? theirs)!.name}. ` +
        'Load a dump with the Carillon version that made it, into a new database, and upgrade afterwards.',
    )
  }
}

async function fill(client: pg.Client, reader: DumpReader, isNew: boolean): Promise<DumpSummary> {
  const restore = await suspendRules(client)
  const tables = await readTables(client)
  // Seeds that the migrations planted are in the dump too, as they were last.
  if (isNew) await truncate(client, tables)
  else await refuseRows(client, tables)
  const partitions: Partition[] = []
  for (let prepared = false; ;) {
    const { kind, body } = await reader.record()
    if (kind === 'partition') {
      partitions.push(body as Partition)
      continue
    }
    if (!prepared) await matchPartitions(client, partitions)
    prepared = true
    if (kind === 'table') await loadTable(client, reader, tables, body as Table)
    else if (kind === 'sequence') await loadSequence(client, body as SequencePosition)
    else if (kind === 'finish') {
      await restore()
      return body as DumpSummary
    } else throw new Error(`The dump is damaged: a record "${kind}" stands in the wrong place.`)
  }
}

async function truncate(client: pg.Client, tables: readonly Table[]): Promise<void> {
  if (tables.length > 0) await client.query(`TRUNCATE ${tables.map(({ quoted }) => quoted).join(', ')}`)
}

async function refuseRows(client: pg.Client, tables: readonly Table[]): Promise<void> {
  for (const { quoted } of tables) {
    const { rowCount } = await client.query(`SELECT FROM ${quoted} LIMIT 1`)
    if (rowCount !== 0)
      throw new Error(`The database is not empty: ${quoted} holds rows. Load into a new database: CREATE DATABASE …`)
  }
}

/** Partitions come and go by date, so the target has others than the dump: it gets the dump's. */
async function matchPartitions(client: pg.Client, wanted: readonly Partition[]): Promise<void> {
  const same = (a: Partition, b: Partition): boolean =>
    a.schema === b.schema && a.name === b.name && a.parentName === b.parentName && a.bound === b.bound && a.key === b.key
  const present = await readPartitions(client)
  const surplus = present.filter((partition) => !wanted.some((other) => same(partition, other)))
  for (const { schema, name } of surplus.toReversed()) await client.query(`DROP TABLE IF EXISTS ${identifier(schema, name)}`)
  const missing = wanted.filter((partition) => surplus.includes(partition) || !present.some((other) => same(partition, other)))
  for (const { schema, name, parentSchema, parentName, bound, key, options } of missing) {
    const further = key === null ? '' : ` PARTITION BY ${key}`
    const storage = options === null || options.length === 0 ? '' : ` WITH (${options.join(', ')})`
    const text = `CREATE TABLE ${identifier(schema, name)} PARTITION OF ${identifier(parentSchema, parentName)} ${bound}${further}${storage}`
    // The extended protocol takes a single statement, whatever the dump says.
    await client.query({ text, queryMode: 'extended' } as pg.QueryConfig)
  }
}

async function loadTable(client: pg.Client, reader: DumpReader, tables: readonly Table[], dumped: Table): Promise<void> {
  const table = tables.find(({ schema, name }) => schema === dumped.schema && name === dumped.name)
  if (table === undefined)
    throw new Error(`The database has no table ${identifier(dumped.schema, dumped.name)}, which the dump does.`)
  const columns = dumped.columns.map((column) => pg.escapeIdentifier(column)).join(', ')
  const meter = new RowMeter()
  const rows = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of reader.rows()) {
      meter.add(chunk)
      yield chunk
    }
  }
  const copy = client.query(copyFrom(`COPY ${table.quoted} (${columns}) FROM STDIN`))
  await pipeline(Readable.from(rows()), copy)
  const { kind, body } = await reader.record()
  const [wanted, found] = [body as Sums, meter.sums()]
  if (kind !== 'end' || wanted.rows !== found.rows || wanted.sha256 !== found.sha256)
    throw new Error(`The dump is damaged: the rows of ${table.quoted} are not those that were written.`)
}

interface SequencePosition {
  schema: string
  name: string
  last: string
  called: boolean
}

async function loadSequence(client: pg.Client, { schema, name, last, called }: SequencePosition): Promise<void> {
  const sequence = (await readSequences(client)).find((candidate) => candidate.schema === schema && candidate.name === name)
  if (sequence === undefined) throw new Error(`The database has no sequence ${identifier(schema, name)}, which the dump does.`)
  await client.query('SELECT setval($1::regclass, $2::bigint, $3)', [sequence.quoted, last, called])
}

function identifier(schema: string, name: string): string {
  return `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`
}

/**
 * Takes off what judges rows one by one, or acts on them, while they are history being written down again: foreign keys (which may run
 * in circles), triggers, and row-level security where it is forced upon the owner. What it returns puts all of it back, by which the
 * foreign keys are checked over all rows.
 */
async function suspendRules(client: pg.Client): Promise<() => Promise<void>> {
  const { rows } = await client.query<{ suspend: string; restore: string }>(`
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS suspend,
           format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS restore
    FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 AND conrelid NOT IN (SELECT oid FROM pg_class WHERE relispartition)
    UNION ALL
    SELECT format('ALTER TABLE %s DISABLE TRIGGER %I', tgrelid::regclass, tgname),
           format('ALTER TABLE %s ENABLE %s TRIGGER %I', tgrelid::regclass, CASE tgenabled WHEN 'A' THEN 'ALWAYS' WHEN 'R' THEN 'REPLICA' ELSE '' END, tgname)
    FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D' AND tgrelid NOT IN (SELECT oid FROM pg_class WHERE relispartition)
    UNION ALL
    SELECT format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', oid::regclass), format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', oid::regclass)
    FROM pg_class WHERE relforcerowsecurity AND NOT relispartition`)
  for (const { suspend } of rows) await client.query(suspend)
  return async () => {
    for (const { restore } of rows) await client.query(restore)
  }
}
