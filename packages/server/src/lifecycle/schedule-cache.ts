import { compileSchedule, type CalendarUse, type CompiledSchedule } from '@carillon/core'
import { createBoundedMap } from '../runtime/bounded-map.ts'
import type { ScheduleDefinition, StoredCalendar } from '../storage/schedule-due.ts'

/**
 * Compiled schedules by what they say, not by whose they are: what was compiled holds no identity, and of 100,000 schedules many say the same. An
 * edit of the schedule or of one of its calendars changes the name.
 */
export interface ScheduleCache {
  /** Throws when what is stored does not compile, which saving makes impossible. */
  compiled(definition: ScheduleDefinition): CompiledSchedule
}

/** A schedule counts as one, and each day of its calendars as a tenth: so many schedules without any, or a thousand with years of them. */
const MOST = 50_000

export function createScheduleCache(): ScheduleCache {
  const known = createBoundedMap<string, { readonly schedule: CompiledSchedule; readonly days: number }>(
    MOST,
    ({ days }) => 1 + days / 10,
  )
  return {
    compiled(definition) {
      const name = nameOf(definition)
      const cached = known.get(name)
      if (cached) return cached.schedule
      const schedule = compileStored(definition)
      const days = (definition.calendars ?? []).reduce((sum, each) => sum + each.days.length + each.exceptDays.length, 0)
      known.set(name, { schedule, days })
      return schedule
    },
  }
}

export function compileStored(definition: ScheduleDefinition): CompiledSchedule {
  const { timing, startAt, endAt, jitterMs } = definition
  const result = compileSchedule({ timing, startAt, endAt, jitterMs, calendars: (definition.calendars ?? []).map(calendarUse) })
  if (!result.ok)
    throw new Error(
      `Schedule ${definition.code} does not compile: ${result.problems.map((problem) => problem.message).join('; ')}`,
    )
  return result.schedule
}

function nameOf({ timing, startAt, endAt, jitterMs, calendars }: ScheduleDefinition): string {
  return JSON.stringify([timing, startAt, endAt, jitterMs, (calendars ?? []).map(({ id, version, mode }) => [id, version, mode])])
}

function calendarUse({ mode, code, timezone, days, weekdays, exceptDays }: StoredCalendar): CalendarUse {
  return { mode, calendar: { code, timezone, days: new Set(days), weekdays, exceptDays: new Set(exceptDays) } }
}
