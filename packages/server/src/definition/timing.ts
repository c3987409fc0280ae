import type { ScheduleDraft } from '@carillon/contract'
import {
  CarillonError,
  compileSchedule,
  neverFiresAfter,
  parseCron,
  type Calendar,
  type CompiledSchedule,
  type FieldProblem,
  type ScheduleSpec,
  type ScheduleTiming,
  type SpecProblem,
} from '@carillon/core'
import type { CalendarRow } from '../storage/calendar.ts'
import { invalidFields } from './invalid.ts'

type TimingInput = ScheduleDraft['timing']

/**
 * A timing with what was left out: the policy for clock changes, and for a rate the instant from which it counts. A rate that is given
 * again as it is goes on counting from where it did.
 */
export function completeTiming(timing: TimingInput, now: number, before?: ScheduleTiming): ScheduleTiming {
  switch (timing.kind) {
    case 'CRON':
      return { ...timing, dst: timing.dst ?? 'DEFAULT' }
    case 'FIXED_RATE':
      return { ...timing, anchorAt: timing.anchorAt ?? (before && isSameRate(before, timing.everyMs) ? before.anchorAt : now) }
    default:
      return timing
  }
}

function isSameRate(timing: ScheduleTiming, everyMs: number): timing is Extract<ScheduleTiming, { kind: 'FIXED_RATE' }> {
  return timing.kind === 'FIXED_RATE' && timing.everyMs === everyMs
}

export interface CalendarUse {
  readonly mode: 'INCLUDE' | 'EXCLUDE'
  readonly calendar: CalendarRow
}

/** Compiles a schedule, or refuses it with the fields that are wrong; for cron also with the position and a suggestion. */
export function compileTiming(spec: Omit<ScheduleSpec, 'calendars'>, uses: readonly CalendarUse[]): CompiledSchedule {
  const calendars = uses.map(({ mode, calendar }) => ({ mode, calendar: coreCalendar(calendar) }))
  const compiled = compileSchedule({ ...spec, calendars })
  if (compiled.ok) return compiled.schedule
  const problems = compiled.problems.map(fieldProblem)
  throw new CarillonError('VALIDATION_FAILED', `${problems[0]!.path} ${problems[0]!.message}`, {
    problems,
    extra: cronProblem(spec.timing),
  })
}

/** Refuses what would never fire from now on. Only where its times are given: one that has fired for the last time may still be renamed. */
export function assertFires(schedule: CompiledSchedule, now: number): void {
  const never = neverFiresAfter(schedule, now)
  if (never) throw invalidFields([fieldProblem(never)])
}

function fieldProblem({ path, message }: SpecProblem): FieldProblem {
  return { path: `/body/${pointer(path)}`, message }
}

function cronProblem(timing: ScheduleTiming): Record<string, unknown> {
  if (timing.kind !== 'CRON') return {}
  const parsed = parseCron(timing.expression)
  return parsed.ok ? {} : { cron: parsed.problem }
}

/** `calendars[0].days` → `calendars/0/days` */
function pointer(path: string): string {
  return path.replaceAll(/[.[]/g, '/').replaceAll(']', '')
}

function coreCalendar({ code, timezone, weekdays, days, exceptDays }: CalendarRow): Calendar {
  return { code, timezone, weekdays, days: new Set(days), exceptDays: new Set(exceptDays) }
}
