import { compileSchedule, type CalendarUse, type CompiledSchedule } from '@carillon/core'
import type { ScheduleDefinition, StoredCalendar } from '../storage/schedule-due.ts'

/**
 * Compiled schedules by what they say, not by whose they are: what was compiled holds no identity, and of 100,000 schedules many say the same. An
 * edit of the schedule or of one of its calendars changes the name.
 */
export interface ScheduleCache {
  /** Throws when what is stored does not compile, which saving makes impossible. */
  compiled(definition: ScheduleDefinition): CompiledSchedule
}

const MOST_SCHEDULES = 50_000

export function createScheduleCache(): ScheduleCache {
  const known = new Map<string, CompiledSchedule>()
  return {
    compiled(definition) {
      const name = nameOf(definition)
      const cached = known.get(name)
      if (cached) return cached
      const schedule = compileStored(definition)
      known.set(name, schedule)
      for (const oldest of known.keys()) {
        if (known.size <= MOST_SCHEDULES) break
        known.delete(oldest)
      }
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
