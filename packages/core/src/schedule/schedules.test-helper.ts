import type { Calendar } from './calendar.ts'
import { compileSchedule, type CompiledSchedule } from './compile.ts'
import type { DstPolicy, ScheduleSpec, ScheduleTiming } from './spec.ts'

/** A compiled schedule; throws where the spec is refused. */
export function scheduleOf(timing: ScheduleTiming, more: Partial<ScheduleSpec> = {}): CompiledSchedule {
  const compiled = compileSchedule({ timing, startAt: null, endAt: null, jitterMs: 0, calendars: [], ...more })
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  return compiled.schedule
}

export function cron(expression: string, timezone = 'UTC', dst: DstPolicy = 'DEFAULT', more: Partial<ScheduleSpec> = {}) {
  return scheduleOf({ kind: 'CRON', expression, timezone, dst }, more)
}

export function everyMs(ms: number, anchorAt = 0, more: Partial<ScheduleSpec> = {}): CompiledSchedule {
  return scheduleOf({ kind: 'FIXED_RATE', everyMs: ms, anchorAt }, more)
}

/** Epoch milliseconds of an ISO time; without an offset it is UTC. */
export function at(iso: string): number {
  const instant = Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(iso) ? iso : `${iso}${iso.includes('T') ? '' : 'T00:00'}Z`)
  if (Number.isNaN(instant)) throw new Error(`not a time: ${iso}`)
  return instant
}

export function calendar(more: { days?: string[]; weekdays?: number[]; exceptDays?: string[]; timezone?: string }): Calendar {
  const { days = [], weekdays = [], exceptDays = [], timezone = 'UTC' } = more
  return { code: 'calendar', timezone, days: new Set(days), weekdays, exceptDays: new Set(exceptDays) }
}
