import type { CalendarCreate, CalendarUpdate } from '@carillon/contract'
import { compileSchedule } from '@carillon/core'
import { calendars, schedulesUsing, type CalendarFields, type CalendarRow } from '../storage/calendar.ts'
import type { Change, Edit } from './edit.ts'
import { invalid } from './invalid.ts'
import {
  assertVersion,
  bodyOf,
  deleteObject,
  insertObject,
  lockObject,
  refuseInUse,
  revisionBody,
  updateObject,
  type ObjectKind,
} from './versioned-object.ts'

export const CALENDAR: ObjectKind<CalendarRow, CalendarFields> = { table: calendars, noun: 'calendar' }

export async function createCalendar(edit: Edit, body: CalendarCreate): Promise<Change<CalendarRow>> {
  const fields = checked({
    code: body.code,
    name: body.name ?? body.code,
    description: body.description ?? '',
    timezone: body.timezone,
    weekdays: body.weekdays ?? [],
    days: body.days ?? [],
    exceptDays: body.exceptDays ?? [],
    labels: body.labels ?? {},
  })
  const row = await insertObject(edit, CALENDAR, 'create', fields)
  return { answer: row, object: { kind: 'calendar', id: row.id }, before: null, after: bodyOf(CALENDAR, row) }
}

export async function updateCalendar(
  edit: Edit,
  ref: string,
  { version, ...given }: CalendarUpdate,
): Promise<Change<CalendarRow>> {
  const before = await lockObject(edit, CALENDAR, ref)
  assertVersion(before, version)
  return rewrite(edit, 'update', before, { ...bodyOf(CALENDAR, before), ...given } as CalendarFields)
}

export async function restoreCalendar(edit: Edit, ref: string, version: number, revision: number): Promise<Change<CalendarRow>> {
  const before = await lockObject(edit, CALENDAR, ref)
  assertVersion(before, version)
  return rewrite(edit, 'restore', before, await revisionBody(edit, CALENDAR, before.id, revision))
}

export async function deleteCalendar(edit: Edit, ref: string): Promise<Change<undefined>> {
  const before = await lockObject(edit, CALENDAR, ref)
  refuseInUse('calendar', await schedulesUsing(edit.tx, edit.tenantId, before.id), 'the schedules')
  await deleteObject(edit, CALENDAR, before)
  return { answer: undefined, object: { kind: 'calendar', id: before.id }, before: bodyOf(CALENDAR, before), after: null }
}

/**
 * Schedules read their calendars whenever they fire, and a calendar only says which of their occurrences do not run: so an edit takes
 * effect at once and no schedule has to be touched.
 */
async function rewrite(edit: Edit, operation: string, before: CalendarRow, fields: CalendarFields): Promise<Change<CalendarRow>> {
  const after = await updateObject(edit, CALENDAR, operation, before, checked(fields))
  const images = { before: bodyOf(CALENDAR, before), after: bodyOf(CALENDAR, after) }
  return { answer: after, object: { kind: 'calendar', id: after.id }, ...images }
}

/** What firing would refuse is refused here: the calendar is compiled as part of a schedule that has nothing else. */
function checked(fields: CalendarFields): CalendarFields {
  const { code, timezone, days, weekdays, exceptDays } = fields
  const calendar = { code, timezone, weekdays, days: new Set(days), exceptDays: new Set(exceptDays) }
  const spec = {
    timing: { kind: 'MANUAL' },
    startAt: null,
    endAt: null,
    jitterMs: 0,
    calendars: [{ mode: 'INCLUDE', calendar }],
  } as const
  const compiled = compileSchedule(spec)
  if (!compiled.ok) {
    const { message } = compiled.problems[0]!
    throw invalid(message.includes('timezone') ? '/body/timezone' : '/body/days', message)
  }
  return fields
}
