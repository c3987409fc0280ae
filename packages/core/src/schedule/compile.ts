import { compileCalendar, type CompiledCalendar } from './calendar.ts'
import { END_OF_TIME } from './civil.ts'
import { parseCron } from './cron.ts'
import type { CronClock } from './cron-clock.ts'
import { nextFire } from './next-fire.ts'
import type { ScheduleSpec, ScheduleTiming } from './spec.ts'
import { cronTables } from './wall-clock.ts'
import { closestZone, zoneOf } from './zone.ts'

/** A schedule ready to be asked. It holds no state: compile once, or as often as you like. */
export interface CompiledSchedule {
  readonly spec: ScheduleSpec
  readonly timing: CompiledTiming
  readonly calendars: readonly CompiledCalendar[]
}

export type CompiledTiming =
  { readonly kind: 'CRON'; readonly clock: CronClock } | Exclude<ScheduleTiming, { readonly kind: 'CRON' }>

/** What is wrong with a spec, and where: the path of the property, such as `timing.expression` or `calendars[0]`. */
export interface SpecProblem {
  readonly path: string
  readonly message: string
}

export type Compiled =
  { readonly ok: true; readonly schedule: CompiledSchedule } | { readonly ok: false; readonly problems: readonly SpecProblem[] }

/** The shortest interval and delay: cron has no shorter one either. */
export const SHORTEST_INTERVAL_MS = 1_000
/** Ten years. */
export const LONGEST_INTERVAL_MS = 315_576_000_000
/** One day. */
export const LONGEST_JITTER_MS = 86_400_000
export const MOST_CALENDARS = 20

const DST_POLICIES: readonly string[] = ['DEFAULT', 'SKIP', 'SHIFT', 'BOTH']

/**
 * Checks a spec and prepares it. Refused are wrong expressions, unknown zones, values out of bounds, and schedules that cannot fire
 * at any time from 1970 on within their validity. "Now" plays no part: a schedule whose fires have all passed compiles, and has no
 * first state (see firing-state.ts).
 */
export function compileSchedule(spec: ScheduleSpec): Compiled {
  const problems: SpecProblem[] = []
  const report = (path: string, message: string) => void problems.push({ path, message })
  checkBounds(spec, report)
  const timing = compileTiming(spec.timing, report)
  const calendars = compileCalendars(spec, report)
  if (timing === null || problems.length > 0) return { ok: false, problems }
  const schedule = { spec, timing, calendars }
  const never = neverFires(schedule)
  return never === null ? { ok: true, schedule } : { ok: false, problems: [never] }
}

type ReportSpec = (path: string, message: string) => void

function checkBounds({ startAt, endAt, jitterMs, calendars }: ScheduleSpec, report: ReportSpec): void {
  if (startAt !== null) checkInstant('startAt', startAt, report)
  if (endAt !== null) checkInstant('endAt', endAt, report)
  if (startAt !== null && endAt !== null && endAt <= startAt) report('endAt', 'the end of validity must be after its start')
  checkRange('jitterMs', jitterMs, 0, LONGEST_JITTER_MS, report)
  if (calendars.length > MOST_CALENDARS) report('calendars', `a schedule uses at most ${MOST_CALENDARS} calendars`)
}

function compileTiming(timing: ScheduleTiming, report: ReportSpec): CompiledTiming | null {
  switch (timing.kind) {
    case 'CRON':
      return compileCron(timing, report)
    case 'FIXED_RATE':
      checkRange('timing.everyMs', timing.everyMs, SHORTEST_INTERVAL_MS, LONGEST_INTERVAL_MS, report)
      checkInstant('timing.anchorAt', timing.anchorAt, report)
      return timing
    case 'FIXED_DELAY':
      checkRange('timing.delayMs', timing.delayMs, SHORTEST_INTERVAL_MS, LONGEST_INTERVAL_MS, report)
      return timing
    case 'ONCE':
      checkInstant('timing.at', timing.at, report)
      return timing
    case 'MANUAL':
      return timing
  }
}

function compileCron(timing: Extract<ScheduleTiming, { kind: 'CRON' }>, report: ReportSpec): CompiledTiming | null {
  const parsed = parseCron(timing.expression)
  const zone = zoneOf(timing.timezone)
  if (!parsed.ok) {
    const { message, position, suggestion } = parsed.problem
    report('timing.expression', `${message} (at position ${position})${suggestion === null ? '' : `; ${suggestion}`}`)
  }
  if (zone === null) {
    const meant = closestZone(timing.timezone)
    const suggestion = meant === null ? 'use an IANA name such as Europe/Berlin' : `did you mean "${meant}"?`
    report('timing.timezone', `unknown timezone "${timing.timezone.slice(0, 64)}"; ${suggestion}`)
  }
  if (!DST_POLICIES.includes(timing.dst)) report('timing.dst', `unknown DST policy; use one of ${DST_POLICIES.join(', ')}`)
  if (!parsed.ok || zone === null) return null
  return { kind: 'CRON', clock: { tables: cronTables(parsed.cron), zone, dst: timing.dst } }
}

function compileCalendars(spec: ScheduleSpec, report: ReportSpec): readonly CompiledCalendar[] {
  return spec.calendars.slice(0, MOST_CALENDARS).flatMap((use, index) => {
    const compiled = compileCalendar(use)
    if (typeof compiled !== 'string') return [compiled]
    report(`calendars[${index}]`, compiled)
    return []
  })
}

function checkInstant(path: string, value: number, report: ReportSpec): void {
  if (Number.isInteger(value) && value >= 0 && value < END_OF_TIME) return
  report(path, 'must be epoch milliseconds between 1970-01-01 and 9999-12-31')
}

function checkRange(path: string, value: number, min: number, max: number, report: ReportSpec): void {
  if (Number.isInteger(value) && value >= min && value <= max) return
  report(path, `must be a whole number of milliseconds from ${min} to ${max}`)
}

function neverFires(schedule: CompiledSchedule): SpecProblem | null {
  const { timing, spec } = schedule
  if (timing.kind === 'MANUAL' || timing.kind === 'FIXED_DELAY' || nextFire(schedule, -1) !== null) return null
  const bounded = spec.startAt !== null || spec.endAt !== null
  const path = timing.kind === 'CRON' ? 'timing.expression' : 'timing'
  return { path, message: bounded ? 'never fires between startAt and endAt' : 'never fires: no day matches all its fields' }
}
