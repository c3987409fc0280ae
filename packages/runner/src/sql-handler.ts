import { defineHandler } from '@carillon/executor'
import { dataSourceOf } from './data-source.ts'
import { runOnMysql } from './sql-mysql.ts'
import { bindParameters } from './sql-parameters.ts'
import { runOnPostgres } from './sql-postgres.ts'
import type { SqlResult } from './sql-rows.ts'

/** The settings of the kind `sql`. */
export interface SqlSettings {
  /** The data source itself, which the server has put in the place of the reference to its secret. */
  readonly source: string
  /** One statement; `:name` is a place for the parameter of that name. */
  readonly statement: string
  readonly maxRows?: number
}

const MAX_ROWS = 1_000
const RUN = { postgres: runOnPostgres, mysql: runOnMysql } as const

/** The kind `sql`: runs one statement and answers its rows. */
export const sqlHandler = defineHandler({
  name: 'sql',
  run: async ({ settings, params, signal, log }): Promise<SqlResult> => {
    const { source, statement, maxRows = MAX_ROWS } = settings as SqlSettings
    const { dialect, url } = dataSourceOf(source)
    const bound = bindParameters(statement, params as Readonly<Record<string, unknown>>, dialect)
    const begun = performance.now()
    try {
      const result = await RUN[dialect](url, bound, maxRows, signal)
      const what = result.rows === undefined ? 'rows changed' : 'rows'
      log.info(`${result.rowCount} ${what} after ${Math.round(performance.now() - begun)} ms`)
      return result
    } catch (error) {
      // Whatever the driver says of a statement that was stopped: this is why.
      signal.throwIfAborted()
      throw error
    }
  },
})
