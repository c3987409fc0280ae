import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

export const HISTORY_TABLES = [
  'run_history',
  'instance_history',
  'attempt',
  'log_line',
  'log_extent',
  'run_param',
  'audit',
  'refused_report',
  'fire',
] as const
export type HistoryTable = (typeof HISTORY_TABLES)[number]

const DAY_MS = 86_400_000

/** `2026-11-21` of an instant, in UTC: how history is cut. */
export function dayOf(at: number): string {
  return new Date(Math.floor(at / DAY_MS) * DAY_MS).toISOString().slice(0, 10)
}

const OPEN = sql('historyDay.open', `select open_day($1, $2::date) as opened`)
const ENTER = sql('historyDay.enter', `select enter_day($1::date) as entered`)
const DROP = sql('historyDay.drop', `select drop_day($1, $2::date) as dropped`)
const OLDEST = sql(
  'historyDay.list',
  `select substring(c.relname from '_(\\d{8})$') as day from pg_inherits i join pg_class c on c.oid = i.inhrelid
   where i.inhparent = to_regclass($1) order by 1`,
)

/** Makes room for a day of one table. One a transaction: it takes a lock on the table that a longer transaction would hold. */
export async function openDay(tx: Transaction, table: HistoryTable, day: string): Promise<void> {
  await tx.query(OPEN, [table, day])
}

/** Lets identifiers go on in this day, if all its tables have room for it. */
export async function enterDay(tx: Transaction, day: string): Promise<boolean> {
  return (await tx.query<{ entered: boolean }>(ENTER, [day]))[0]!.entered
}

/** Drops a day of history. False: it is too young, unknown, or something live began in it. */
export async function dropDay(tx: Transaction, table: HistoryTable, day: string): Promise<boolean> {
  return (await tx.query<{ dropped: boolean }>(DROP, [table, day]))[0]!.dropped
}

/** The days of a table, oldest first, as `YYYY-MM-DD`. */
export async function selectDays(tx: Transaction, table: HistoryTable): Promise<string[]> {
  const rows = await tx.query<{ day: string }>(OLDEST, [table])
  return rows.map(({ day }) => `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`)
}
