import type pg from 'pg'

// What a dump holds is read from PostgreSQL's catalogue, so a new table is in it without anyone thinking of it. Left out: what belongs
// to extensions, views and functions (the migrations make them), and the record of migrations, which dump and target must share.

/** A table that holds rows of its own, or the root of a partitioned one. Names are plain; `quoted` is ready for SQL. */
export interface Table {
  schema: string
  name: string
  quoted: string
  partitioned: boolean
  /** Plain names, without generated columns. */
  columns: string[]
}

export interface Partition {
  schema: string
  name: string
  parentSchema: string
  parentName: string
  /** `FOR VALUES FROM (…) TO (…)` or `DEFAULT` */
  bound: string
  /** `RANGE (day)` if it is partitioned further. */
  key: string | null
  /** Storage parameters such as `fillfactor=90`. */
  options: string[] | null
}

export interface Sequence {
  schema: string
  name: string
  quoted: string
}

const ours = (relation: string): string => `
  ${relation}.relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = ${relation}.oid AND deptype = 'e')`

const qualified = `n.nspname AS schema, c.relname AS name, format('%I.%I', n.nspname, c.relname) AS quoted`

/** In the order of their names, which is the order in the dump: foreign keys are taken off while a dump is loaded. */
export async function readTables(client: pg.ClientBase): Promise<Table[]> {
  const { rows } = await client.query<Table>(`
    SELECT ${qualified}, c.relkind = 'p' AS partitioned,
           ARRAY(SELECT attname::text FROM pg_attribute
                 WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum) AS columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'schema_migration' AND ${ours('c')}
    ORDER BY n.nspname, c.relname`)
  return rows
}

/** Parents come before their children, should those be partitioned further. */
export async function readPartitions(client: pg.ClientBase): Promise<Partition[]> {
  const { rows } = await client.query<Partition>(`
    SELECT n.nspname AS schema, c.relname AS name, pn.nspname AS "parentSchema", p.relname AS "parentName",
           pg_get_expr(c.relpartbound, c.oid) AS bound, CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS key, c.reloptions AS options
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_inherits i ON i.inhrelid = c.oid JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
    CROSS JOIN LATERAL (SELECT count(*) AS depth FROM pg_partition_ancestors(c.oid)) AS tree
    WHERE c.relispartition AND c.relkind IN ('r', 'p') AND ${ours('c')}
    ORDER BY tree.depth, n.nspname, c.relname`)
  return rows
}

export async function readSequences(client: pg.ClientBase): Promise<Sequence[]> {
  const { rows } = await client.query<Sequence>(`
    SELECT ${qualified} FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'S' AND ${ours('c')} ORDER BY n.nspname, c.relname`)
  return rows
}

/** Names and checksums of the migrations that made the schema: what two databases must share to exchange rows. */
export async function readSchema(client: pg.ClientBase): Promise<{ name: string; checksum: string }[]> {
  const { rows } = await client.query<{ name: string; checksum: string }>(
    'SELECT name, checksum FROM schema_migration WHERE finished_at IS NOT NULL ORDER BY version',
  )
  return rows
}
