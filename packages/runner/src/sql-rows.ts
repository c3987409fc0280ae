import { WorkFailure } from './work-failure.ts'

/** How a statement fails. */
export class SqlFailure extends WorkFailure {
  override readonly name = 'SqlFailure'
}

export interface SqlResult {
  /** Of a statement that gives rows. */
  readonly rows?: readonly Readonly<Record<string, unknown>>[]
  /** How many rows it gave or changed. */
  readonly rowCount: number
}

const MOST_BYTES = 8_000_000

/** Gathers rows in a shape that is JSON; beyond the bound it says so, and the statement is to be stopped. */
export class RowCollector {
  readonly rows: Record<string, unknown>[] = []
  readonly #maxRows: number
  #bytes = 0

  constructor(maxRows: number) {
    this.#maxRows = maxRows
  }

  /** The failure, where this row is one too many. */
  add(row: Readonly<Record<string, unknown>>): SqlFailure | null {
    if (this.rows.length >= this.#maxRows)
      return new SqlFailure(
        'SQL_TOO_MANY_ROWS',
        `The statement gives more than ${this.#maxRows} rows (maxRows); narrow it, or aggregate in it`,
        false,
      )
    const plain = Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plainOf(value)]))
    this.#bytes += JSON.stringify(plain).length
    this.rows.push(plain)
    return this.#bytes > MOST_BYTES
      ? new SqlFailure('SQL_TOO_MANY_ROWS', `The rows are larger than ${MOST_BYTES} bytes; narrow the statement`, false)
      : null
  }
}

function plainOf(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString('base64')
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (typeof value === 'bigint') return String(value)
  return value ?? null
}
