import type { Carillon } from './harness/carillon.ts'
import type { Postgres } from './harness/postgres.ts'

/** What a measurement works with. */
export interface Bench {
  readonly postgres: Postgres
  /** Sizes that end within a minute, all measurements together. */
  readonly quick: boolean
  /** The server process that all measurements share, started when first asked for. */
  carillon(): Promise<Carillon>
  /** Runs at the end, last first, whatever happens. */
  atEnd(action: () => Promise<unknown>): void
  /** Says what goes on. */
  progress(line: string): void
}

/** One line of the table. */
export interface Finding {
  readonly name: string
  /** With its unit. */
  readonly figure: string
  /** Absent where a line is there for comparison only. */
  readonly target?: { readonly says: string; readonly met: boolean }
  /** How it compares, or under which conditions it was taken. */
  readonly note?: string
}

export interface Measured {
  readonly findings: readonly Finding[]
  /** For `--json`. */
  readonly figures: Readonly<Record<string, unknown>>
}

export interface Measurement {
  /** For `--only`. */
  readonly name: string
  /** Too long for the quick form. */
  readonly fullOnly?: boolean
  measure(bench: Bench): Promise<Measured>
}
