import type { Assignment, LogLevel, LogSource } from '@carillon/contract'
import type { Outcome } from '../outcome.ts'
import type { StopReason } from '../stop-reason.ts'

/** What an isolated handler is told. */
export type ToIsolated =
  | {
      readonly kind: 'RUN'
      /** URL of the module that exports the handler. */
      readonly module: string
      readonly name: string
      readonly assignment: Assignment
    }
  | { readonly kind: 'STOP'; readonly reason: StopReason }

/** What it says. */
export type FromIsolated =
  | { readonly kind: 'LOG'; readonly level: LogLevel; readonly text: string; readonly source: LogSource }
  | { readonly kind: 'PROGRESS'; readonly percent: number; readonly message: string | undefined }
  | { readonly kind: 'END'; readonly outcome: Outcome }

/**
 * Marks a thread or process as one that runs an isolated handler: what is defined there runs there. Of the whole thread, not of this module:
 * a handler may have come with another copy of the package.
 */
const MARK = Symbol.for('carillon.isolated')

export const isIsolated = (): boolean => MARK in globalThis

export function markIsolated(): void {
  Object.defineProperty(globalThis, MARK, { value: true })
}
