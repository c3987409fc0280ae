import type { Demands } from '../record/demands.ts'
import type { Theatre } from './theatre.ts'

/** A fault that is done to a running system, and what must have been seen for the verdict to count. */
export interface Scenario {
  /** Of the fault plan: `F01`. */
  readonly id: string
  readonly title: string
  /** How often the fault is done: in the short cut that every test run makes, and in full. */
  readonly counts: { readonly short: number; readonly full: number }
  /** Does the fault `count` times and leaves the system whole. Throws when something did not happen in time. */
  play(theatre: Theatre, count: number): Promise<void>
  demands(count: number): Demands
}
