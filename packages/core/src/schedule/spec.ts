import type { CalendarUse } from './calendar.ts'
import type { DstPolicy } from './cron-clock.ts'

/** When a schedule fires. Instants are epoch milliseconds. */
export type ScheduleTiming =
  | { readonly kind: 'CRON'; readonly expression: string; readonly timezone: string; readonly dst: DstPolicy }
  /** `anchorAt + k * everyMs` for k = 0, 1, 2 …, in elapsed time: no zone, no DST. */
  | { readonly kind: 'FIXED_RATE'; readonly everyMs: number; readonly anchorAt: number }
  /** `delayMs` after the end of the previous run. The clock alone never tells the next fire. */
  | { readonly kind: 'FIXED_DELAY'; readonly delayMs: number }
  | { readonly kind: 'ONCE'; readonly at: number }
  /** Fires only when somebody triggers it. */
  | { readonly kind: 'MANUAL' }

/** A schedule as its users define it. */
export interface ScheduleSpec {
  readonly timing: ScheduleTiming
  /** Fires before this instant do not exist; null: from ever. */
  readonly startAt: number | null
  /** Fires at or after this instant do not exist; null: for ever. */
  readonly endAt: number | null
  /** Each fire is delayed by 0 to this many milliseconds, always the same for the same fire (see jitter.ts). */
  readonly jitterMs: number
  /** Every one of them must allow an occurrence; the first that does not is the reason why it is excluded. */
  readonly calendars: readonly CalendarUse[]
}

export type { CalendarUse, DstPolicy }
