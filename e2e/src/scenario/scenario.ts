import type { Demands } from '../record/demands.ts'
import type { Cast, Theatre } from './theatre.ts'

/** A fault, the system it happens to, and what must have been seen for the verdict to count. */
export interface Scenario {
  /** Of the fault plan: `F01`. */
  readonly id: string
  readonly title: string
  /** How often the fault is done: in the short cut that every test run makes, and in the full count. */
  readonly counts: { readonly short: number; readonly full: number }
  /** It needs a PostgreSQL that may be killed. */
  readonly killsPostgres?: boolean
  cast(): Cast
  /** Does the fault `count` times; returns when it is over. */
  play(theatre: Theatre, count: number): Promise<void>
  demands(count: number): Demands
}
