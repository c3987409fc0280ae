import { defineHandler, type HandlerContext } from '@carillon/executor'
import { withSession, type DatabaseSession, type Row } from './database-session.ts'

export interface SyncParams {
  readonly from: string
  readonly to: string
  readonly table: string
  readonly target?: string
  /** The primary key of both; with shards an integer. */
  readonly key: string
  readonly columns: readonly string[]
  readonly batchSize?: number
}

/** What one statement may hold in values. */
const MOST_VALUES = 60_000

/**
 * Copies the rows of a table into another database: new ones are inserted, those that are there get the values of the source. Each shard
 * takes the keys that its index is the remainder of. What is gone from the source stays in the target. Every batch is whole; an attempt that is
 * repeated writes the same again.
 */
export const syncHandler = defineHandler({
  name: 'sync',
  run: (context): Promise<{ rows: number }> => {
    const params = context.params as SyncParams
    return withSession(params.from, context.signal, (from) =>
      withSession(params.to, context.signal, (to) => copy(context, params, from, to)),
    )
  },
})

async function copy(
  { shard, signal, log, progress }: HandlerContext,
  { table, target = table, key, columns, batchSize = 500 }: SyncParams,
  from: DatabaseSession,
  to: DatabaseSession,
): Promise<{ rows: number }> {
  const names = [key, ...columns.filter((column) => column !== key)]
  const size = Math.min(batchSize, Math.floor(MOST_VALUES / names.length))
  const part = shard.total > 1 ? partOf(from.quote(key), shard) : null
  let rows = 0
  for (let last: unknown; ;) {
    signal.throwIfAborted()
    const batch = await read(from, { table, names, key, part, size, last })
    if (batch.length > 0) await write(to, target, key, names, batch)
    rows += batch.length
    progress(0, `${rows} rows`)
    if (batch.length < size) break
    last = batch.at(-1)![key]
  }
  progress(100, `${rows} rows`)
  log.info(`Copied ${rows} rows of ${table}${part === null ? '' : ` (shard ${shard.index + 1} of ${shard.total})`}`)
  return { rows }
}

/** Also of negative keys, whose remainder is negative in SQL. */
function partOf(key: string, { index, total }: HandlerContext['shard']): string {
  const count = Number(total)
  return `mod(mod(${key}, ${count}) + ${count}, ${count}) = ${Number(index)}`
}

interface Reading {
  readonly table: string
  readonly names: readonly string[]
  readonly key: string
  readonly part: string | null
  readonly size: number
  readonly last: unknown
}

function read({ dialect, quote, query }: DatabaseSession, { table, names, key, part, size, last }: Reading): Promise<Row[]> {
  const after = last === undefined ? [] : [`${quote(key)} > ${dialect === 'postgres' ? '$1' : '?'}`]
  const conditions = [...after, ...(part === null ? [] : [part])]
  const where = conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`
  const text = `select ${names.map(quote).join(', ')} from ${quote(table)}${where} order by ${quote(key)} limit ${Number(size)}`
  return query(text, last === undefined ? [] : [last])
}

async function write(
  { dialect, quote, query }: DatabaseSession,
  table: string,
  key: string,
  names: readonly string[],
  rows: readonly Row[],
) {
  let place = 0
  const places = rows.map(() => `(${names.map(() => (dialect === 'postgres' ? `$${++place}` : '?')).join(', ')})`)
  const others = names.filter((name) => name !== key).map(quote)
  const insert = `insert into ${quote(table)} (${names.map(quote).join(', ')}) values ${places.join(', ')}`
  const update =
    dialect === 'postgres'
      ? `on conflict (${quote(key)}) do update set ${others.map((name) => `${name} = excluded.${name}`).join(', ')}`
      : `on duplicate key update ${others.map((name) => `${name} = values(${name})`).join(', ')}`
  const values = rows.flatMap((row) => names.map((name) => row[name] ?? null))
  await query(`${insert} ${update}`, values)
}
