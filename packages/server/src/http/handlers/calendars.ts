import type { calendarRoutes, CalendarView } from '@carillon/contract'
import { CALENDAR, createCalendar, deleteCalendar, restoreCalendar, updateCalendar } from '../../definition/calendar.ts'
import type { CalendarRow } from '../../storage/calendar.ts'
import type { Handlers } from '../context.ts'
import { answering, findObject, listObjects, listRevisionsOf } from './objects.ts'

export const calendarHandlers: Handlers<typeof calendarRoutes> = {
  list: ({ query }, context) => listObjects(context, CALENDAR, query, viewOf),
  create: ({ body }, context) => context.change((edit) => answering(createCalendar(edit, body), viewOf)),
  get: async ({ params }, context) => viewOf(await findObject(context, CALENDAR, params.calendar)),
  update: ({ params, body }, context) => context.change((edit) => answering(updateCalendar(edit, params.calendar, body), viewOf)),
  remove: ({ params }, context) => context.change((edit) => deleteCalendar(edit, params.calendar)),
  revisions: ({ params, query }, context) => listRevisionsOf(context, CALENDAR, params.calendar, query),
  restore: ({ params, body }, context) =>
    context.change((edit) => answering(restoreCalendar(edit, params.calendar, body.version, body.revision), viewOf)),
}

function viewOf(row: CalendarRow): CalendarView {
  return { ...row, weekdays: [...row.weekdays], days: [...row.days], exceptDays: [...row.exceptDays] }
}
