import type { Database } from '../storage/database.ts'
import { dayOf, dropDay, enterDay, HISTORY_TABLES, openDay, selectDays, type HistoryTable } from '../storage/history-day.ts'

const DAY_MS = 86_400_000
const DAYS_AHEAD = 3

/** Keeps a partition open for every day that is written to, and drops those past their retention. */
export interface HistoryDays {
  /**
   * Runs a transaction that writes ledger rows. Their days are known only inside it: it calls `requireDays` before it writes, and when
   * one is not open yet, the transaction is given up, the day opened, and everything done again.
   */
  withFireDays<T>(work: (requireDays: (days: readonly string[]) => void) => Promise<T>): Promise<T>
  /** Opens today and the days ahead in every table, and lets identifiers go on in today. */
  openAhead(): Promise<void>
  /** Drops whole days older than `days` of one table; answers how many. At most `most` a call. */
  dropOlderThan(table: HistoryTable, days: number, most: number): Promise<number>
}

class DaysMissing extends Error {
  readonly days: readonly string[]
  constructor(days: readonly string[]) {
    super(`The ledger has no room yet for ${days.join(', ')}.`)
    this.days = days
  }
}

/** The ledger has no piece for a row's day: a broken constraint of the table that has no name. */
function isDayGone(error: unknown): boolean {
  const { code, table, constraint } = error as { code?: string; table?: string; constraint?: string }
  return code === '23514' && table === 'fire' && constraint === undefined
}

/** Of two nodes that open a day at once the second looks again behind the first, but finds what its connection remembers: that there is none. */
const isThereAlready = (error: unknown): boolean => (error as { code?: string }).code === '42P07'

export function createHistoryDays(db: Database): HistoryDays {
  const fireDays = new Set<string>()

  const open = async (table: HistoryTable, days: readonly string[]) => {
    for (const day of days) {
      try {
        await db.engine((tx) => openDay(tx, table, day))
      } catch (error) {
        if (!isThereAlready(error)) throw error
      }
    }
  }

  return {
    async withFireDays(work) {
      const requireDays = (days: readonly string[]) => {
        const missing = [...new Set(days)].filter((day) => !fireDays.has(day))
        if (missing.length > 0) throw new DaysMissing(missing)
      }
      for (;;) {
        try {
          return await work(requireDays)
        } catch (error) {
          // Another node may have dropped a day that this one remembers: then all are asked for anew.
          if (isDayGone(error) && fireDays.size > 0) fireDays.clear()
          else if (error instanceof DaysMissing) {
            await open('fire', error.days)
            for (const day of error.days) fireDays.add(day)
          } else throw error
        }
      }
    },

    async openAhead() {
      const now = await db.engine((tx) => tx.now())
      const days = Array.from({ length: DAYS_AHEAD + 1 }, (_, ahead) => dayOf(now + ahead * DAY_MS))
      for (const table of HISTORY_TABLES) {
        const known = new Set(await db.engine((tx) => selectDays(tx, table)))
        await open(
          table,
          days.filter((day) => !known.has(day)),
        )
      }
      await db.engine((tx) => enterDay(tx, days[0]!))
    },

    async dropOlderThan(table, days, most) {
      const now = await db.engine((tx) => tx.now())
      const bound = dayOf(now - days * DAY_MS)
      const old = (await db.engine((tx) => selectDays(tx, table))).filter((day) => day < bound).slice(0, most)
      let dropped = 0
      for (const day of old) if (await db.engine((tx) => dropDay(tx, table, day))) dropped++
      if (table === 'fire') old.forEach((day) => fireDays.delete(day))
      return dropped
    },
  }
}
