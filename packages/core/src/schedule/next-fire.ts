import { calendarVerdict, type Exclusion } from './calendar.ts'
import { END_OF_TIME } from './civil.ts'
import type { CompiledSchedule, CompiledTiming } from './compile.ts'
import { nextCronFire } from './cron-clock.ts'

/**
 * The first occurrence strictly after `after`, or null if there is none. Validity is applied (`startAt` inclusive, `endAt`
 * exclusive); calendars are not, as an occurrence that they exclude is still an occurrence, with a reason not to run.
 * FIXED_DELAY and MANUAL have no occurrences of their own.
 */
export function nextFire(schedule: CompiledSchedule, after: number): number | null {
  const { startAt, endAt } = schedule.spec
  const fire = nextOf(schedule.timing, startAt === null ? after : Math.max(after, startAt - 1))
  return fire !== null && (endAt === null || fire < endAt) ? fire : null
}

function nextOf(timing: CompiledTiming, after: number): number | null {
  switch (timing.kind) {
    case 'CRON':
      return nextCronFire(timing.clock, after)
    case 'FIXED_RATE': {
      const fire = timing.anchorAt + Math.max(0, Math.floor((after - timing.anchorAt) / timing.everyMs) + 1) * timing.everyMs
      return fire < END_OF_TIME ? fire : null
    }
    case 'ONCE':
      return timing.at > after ? timing.at : null
    case 'FIXED_DELAY':
    case 'MANUAL':
      return null
  }
}

/** The calendar that keeps an occurrence from running, or null if it may run. */
export function excludedBy(schedule: CompiledSchedule, fireAt: number): Exclusion | null {
  return calendarVerdict(schedule.calendars, fireAt).excluded
}
