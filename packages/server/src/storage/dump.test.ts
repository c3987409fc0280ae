import { randomBytes } from 'node:crypto'
import { PassThrough, Readable, Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { gunzipSync, gzipSync } from 'node:zlib'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts'
import { dump } from './dump.ts'
import { load, type LoadOptions } from './load.ts'
import { migrate, type Migration } from './migrate.ts'

/** What a schema may throw at a dump: partitions (some further partitioned), keys in a circle, triggers, seeds, odd names and types. */
const fixture = `
  CREATE TABLE kind (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code text UNIQUE NOT NULL);
  INSERT INTO kind (code) VALUES ('seeded');
  CREATE TABLE "Odd ""name" (
    id bigserial PRIMARY KEY, "select" text, raw bytea, doc jsonb, numbers numeric, ratio double precision, at timestamptz, span interval,
    tags text[], "double" text GENERATED ALWAYS AS ("select" || "select") STORED);
  CREATE TABLE dag (id int PRIMARY KEY, current_version int);
  CREATE TABLE dag_version (id int PRIMARY KEY, dag_id int NOT NULL REFERENCES dag);
  ALTER TABLE dag ADD CONSTRAINT dag_current FOREIGN KEY (current_version) REFERENCES dag_version;
  CREATE TABLE run (id bigint, tenant_id bigint, note text, PRIMARY KEY (tenant_id, id)) PARTITION BY RANGE (id);
  CREATE TABLE run_0 PARTITION OF run FOR VALUES FROM (0) TO (100);
  CREATE TABLE event (day date, shard int, body text) PARTITION BY RANGE (day);
  CREATE TABLE audit (id int PRIMARY KEY);
  CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'append only'; END $$;
  CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse();
  CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON audit EXECUTE FUNCTION refuse();
  CREATE FUNCTION echo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit VALUES (NEW.id); RETURN NEW; END $$;
  CREATE TRIGGER echo AFTER INSERT ON dag FOR EACH ROW EXECUTE FUNCTION echo();
  ALTER TABLE audit ENABLE ROW LEVEL SECURITY;
  ALTER TABLE audit FORCE ROW LEVEL SECURITY;`

const rows = `
  INSERT INTO kind (code) VALUES ('added'); DELETE FROM kind WHERE code = 'seeded';
  INSERT INTO "Odd ""name" ("select", raw, doc, numbers, ratio, at, span, tags) VALUES
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    ('\\N', '\\x', 'null', 'NaN', 'Infinity', 'infinity', '1 mon -2 days 03:00:00.000001', '{}'),
    ('\\.', '\\x0a5c2e0a00ff', '{"a": ["\\u7f16\\u949f", 1e400, "\\n\\t\\\\"]}', 1e-300, 0.1::float8 + 0.2, '0044-03-15 12:00:00.123456+00 BC', '-1 year', '{NULL,"",",","a\\"b"}'),
    (E'tab\\tline\\nreturn\\r\\\\.\\n\\b', '\\x09', '"NULL"', 12345678901234567890.123456789, 5e-324, '2026-03-29 01:59:59.999999+00', 'PT0S', '{编钟}'),
    ('', '', '[]', 0, '-0', '-infinity', NULL, '{{1,2},{3,4}}');
  INSERT INTO dag VALUES (1, NULL), (2, NULL); INSERT INTO dag_version VALUES (10, 1), (20, 2); UPDATE dag SET current_version = id * 10;
  CREATE TABLE run_1 PARTITION OF run FOR VALUES FROM (100) TO (1000000) WITH (fillfactor = 90);
  CREATE TABLE run_rest PARTITION OF run DEFAULT;
  DROP TABLE run_0;
  INSERT INTO run SELECT i, i % 7, repeat('x', i % 50) FROM generate_series(1, 100000) i;
  CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2026-02-01') PARTITION BY HASH (shard);
  CREATE TABLE event_1_0 PARTITION OF event_1 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
  CREATE TABLE event_1_1 PARTITION OF event_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
  INSERT INTO event SELECT '2026-01-05', i, 'body ' || i FROM generate_series(1, 20) i;`

const migrations: Migration[] = [
  { version: 1, name: '0001_fixture', mode: 'transactional', nodesFrom: 0, sql: fixture, checksum: 'one' },
]

const databases: TestDatabase[] = []
const clients: pg.Client[] = []

async function emptyDatabase(): Promise<pg.Client & { url: string }> {
  const database = await createTestDatabase({ empty: true })
  databases.push(database)
  const client = new pg.Client({ connectionString: database.url })
  client.on('error', () => {})
  await client.connect()
  clients.push(client)
  return Object.assign(client, { url: database.url })
}

async function migratedDatabase(): Promise<pg.Client & { url: string }> {
  const client = await emptyDatabase()
  await migrate(client.url, { migrations })
  return client
}

let original: pg.Client & { url: string }
let file: Buffer
beforeAll(async () => {
  original = await migratedDatabase()
  await original.query(rows)
  file = await dumped(original.url)
})
afterAll(async () => {
  await Promise.all(clients.map((client) => client.end()))
  await Promise.all(databases.map((database) => database.drop()))
})

async function dumped(url: string): Promise<Buffer> {
  const sink = new PassThrough()
  const [bytes] = await Promise.all([buffer(sink), dump(url, sink)])
  return bytes
}

const loaded = (url: string, bytes: Buffer, options: LoadOptions = {}) =>
  load(url, Readable.from([bytes]), { migrations, ...options })

/** All that a client could see: every row of every table as text, sequences, partitions, constraints, triggers. */
async function contents(client: pg.Client): Promise<unknown> {
  const all = async (sql: string): Promise<unknown[]> => (await client.query({ text: sql, rowMode: 'array' })).rows
  const tables = ['kind', '"Odd ""name"', 'dag', 'dag_version', 'event', 'audit']
  return {
    rows: await all(
      tables.map((table) => `SELECT '${table}', t::text COLLATE "C" FROM ${table} t`).join(' UNION ALL ') + ' ORDER BY 1, 2',
    ),
    runs: await all(
      `SELECT tableoid::regclass::text, count(*), md5(string_agg(r::text, ',' ORDER BY id)) FROM run r GROUP BY 1 ORDER BY 1`,
    ),
    sequences: await all('SELECT sequencename, last_value FROM pg_sequences ORDER BY 1'),
    tables: await all(`
      SELECT relname, relkind, reloptions, relrowsecurity, relforcerowsecurity, pg_get_expr(relpartbound, oid), pg_get_partkeydef(oid)
      FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY relname`),
    constraints: await all(`
      SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
      WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2`),
    triggers: await all(`SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2`),
  }
}

describe('a round trip', () => {
  test('brings every row, sequence and partition into a new database, and leaves its rules as they were', async () => {
    const target = await emptyDatabase()
    expect(await loaded(target.url, file)).toEqual({ tables: 7, rows: 100_032 })
    expect(await contents(target)).toEqual(await contents(original))
  })

  test('of a copy gives the same dump, but for its date', async () => {
    const target = await emptyDatabase()
    await loaded(target.url, file)
    const [, , ...again] = gunzipSync(await dumped(target.url))
      .toString('latin1')
      .split('\n')
    const [, , ...first] = gunzipSync(file).toString('latin1').split('\n')
    expect(again.toSorted()).toEqual(first.toSorted())
  })

  test('works in a database that is migrated but holds nothing', async () => {
    const target = await migratedDatabase()
    await target.query('DELETE FROM kind')
    await loaded(target.url, file)
    expect(await contents(target)).toEqual(await contents(original))
  })

  test('lets the new database go on where the old one stopped', async () => {
    const target = await emptyDatabase()
    await loaded(target.url, file)
    expect((await target.query(`INSERT INTO kind (code) VALUES ('next') RETURNING id`)).rows).toEqual([{ id: 3 }])
    await expect(target.query('INSERT INTO dag_version VALUES (30, 99)')).rejects.toThrow(/foreign key/)
    await expect(target.query('DELETE FROM audit')).rejects.toThrow('append only')
  })

  test('runs what it is given in the same transaction, after the last row', async () => {
    const target = await emptyDatabase()
    const afterwards = async (client: pg.ClientBase): Promise<void> => {
      await client.query('UPDATE dag SET current_version = NULL WHERE id = 1')
      throw new Error('second thoughts')
    }
    await expect(loaded(target.url, file, { afterwards })).rejects.toThrow('second thoughts')
    expect((await target.query('SELECT FROM dag')).rowCount).toBe(0)
  })
})

test('a dump shows one moment, while others go on writing', async () => {
  const source = await migratedDatabase()
  await source.query('CREATE TABLE run_1 PARTITION OF run DEFAULT')
  await source.query(`INSERT INTO run VALUES (1, 1, 'before')`)
  // More than fits into all buffers on the way, in the table that comes first.
  await source.query(`INSERT INTO "Odd ""name" (raw) SELECT sha256(i::text::bytea) FROM generate_series(1, 100000) i`)
  // Held up on its first bytes, the dump is in the middle of that table.
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  const chunks: Buffer[] = []
  const sink = new Writable({
    highWaterMark: 1,
    write: (chunk: Buffer, _, done) => void opened.then(() => (chunks.push(chunk), done())),
  })
  const copying = `SELECT FROM pg_stat_activity WHERE query LIKE 'COPY%' AND wait_event = 'ClientWrite' AND datname = current_database()`
  const dumping = dump(source.url, sink)
  await expect.poll(async () => (await source.query(copying)).rowCount, { timeout: 5_000, interval: 5 }).toBe(1)
  await source.query(`INSERT INTO run VALUES (2, 1, 'after')`)
  open()
  await dumping
  const written = gunzipSync(Buffer.concat(chunks)).toString()
  expect(written).toContain('before')
  expect(written).not.toContain('after')
})

test('a dump whose sink breaks gives up at once, and gives its connection back', async () => {
  const broken = new Writable({ write: (_chunk, _encoding, done) => done(new Error('disk full')) })
  await expect(dump(original.url, broken)).rejects.toThrow('disk full')
  const sessions = `SELECT FROM pg_stat_activity WHERE application_name = 'carillon dump' AND datname = current_database()`
  await expect.poll(async () => (await original.query(sessions)).rowCount, { timeout: 5_000 }).toBe(0)
})

test('a role that row-level security keeps rows from is refused, rather than given half a dump', async () => {
  const source = await migratedDatabase()
  const role = `reader_${randomBytes(4).toString('hex')}`
  await source.query(
    `CREATE ROLE ${role} LOGIN PASSWORD 'x'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}; GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO ${role}`,
  )
  try {
    const url = source.url.replace(/\/\/[^@]*@/, `//${role}:x@`)
    await expect(dumped(url)).rejects.toThrow(/row-level security/)
  } finally {
    await source.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  }
})

describe('a load', () => {
  let target: pg.Client & { url: string }
  beforeEach(async () => {
    target = await emptyDatabase()
  })
  afterEach(async () => {
    // Whatever went wrong: nothing of the dump is there.
    const { rows } = await target.query<{ found: boolean }>(`SELECT to_regclass('run') IS NOT NULL AS found`)
    if (rows[0]!.found) expect((await target.query('SELECT FROM run')).rowCount).toBe(0)
  })

  test('refuses a database that holds rows', async () => {
    await migrate(target.url, { migrations })
    await expect(loaded(target.url, file)).rejects.toThrow(
      'The database is not empty: public.kind holds rows. Load into a new database',
    )
  })

  test('refuses a database of another schema version', async () => {
    const more: Migration[] = [
      ...migrations,
      { version: 2, name: '0002_more', mode: 'transactional', nodesFrom: 0, sql: 'SELECT 1', checksum: 'two' },
    ]
    await expect(loaded(target.url, file, { migrations: more })).rejects.toThrow(
      `The dump's schema is at version 1 and the database's at 2; they part at 0002_more.`,
    )
  })

  test('refuses a database whose schema has the same number but is another', async () => {
    const other = migrations.map((migration) => ({ ...migration, checksum: 'other' }))
    await expect(loaded(target.url, file, { migrations: other })).rejects.toThrow('they part at 0001_fixture')
  })

  test.each([
    ['compressed data', (bytes: Buffer) => bytes.subarray(0, bytes.length - 1_000)],
    ['rows', (bytes: Buffer) => gzipSync(gunzipSync(bytes).subarray(0, 1_000_000))],
    [
      'last record',
      (bytes: Buffer) =>
        gzipSync(
          Buffer.from(
            gunzipSync(bytes)
              .toString('latin1')
              .replace(/finish .*\n$/, ''),
            'latin1',
          ),
        ),
    ],
  ])('refuses a dump whose %s is missing', async (_, cut) => {
    await expect(loaded(target.url, cut(file))).rejects.toThrow(/The dump is cut short/)
  })

  test.each([
    ['a changed value', '10\t1\n', '11\t1\n'],
    ['a row that is gone', '10\t1\n', ''],
  ])('refuses a dump with %s', async (_, from, to) => {
    const text = gunzipSync(file).toString('latin1')
    expect(text).toContain(from)
    const damaged = gzipSync(Buffer.from(text.replace(from, to), 'latin1'))
    await expect(loaded(target.url, damaged)).rejects.toThrow(/The dump is damaged: the rows of public.dag_version/)
  })

  test('refuses what is no dump, and a dump of a later format', async () => {
    await expect(loaded(target.url, Buffer.from('hello'))).rejects.toThrow(/This is no Carillon dump/)
    await expect(loaded(target.url, gzipSync('hello\n'))).rejects.toThrow(/This is no Carillon dump/)
    await expect(loaded(target.url, gzipSync('carillon dump 2\n{}\n'))).rejects.toThrow(/newer format/)
  })

  test('says that the file it should read is not there', async () => {
    const missing = new Readable({ read: (): void => void missing.destroy(new Error('ENOENT: no such file')) })
    await expect(load(target.url, missing, { migrations })).rejects.toThrow('ENOENT: no such file')
  })
})
