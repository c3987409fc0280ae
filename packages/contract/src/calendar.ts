import Type, { type Static } from 'typebox'
import { Paging, Sort, pageOf } from './paging.ts'
import { revisionRoutes } from './revision.ts'
import { route } from './route.ts'
import { Code, Description, LabelFilter, Labels, Name, Ref, Stamp, Timezone, Version, optional, strict } from './schema.ts'

const TAG = 'Calendars'

const Day = Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$', description: 'YYYY-MM-DD' })
const Days = Type.Array(Day, { maxItems: 10_000, uniqueItems: true })
const Weekdays = Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), {
  maxItems: 7,
  uniqueItems: true,
  description: '1 Monday to 7 Sunday',
})

const fields = {
  name: Name,
  description: Description,
  timezone: Timezone,
  weekdays: Weekdays,
  days: Days,
  exceptDays: Days,
  labels: Labels,
}

export const Calendar = strict({ ...Stamp, ...fields })
export type CalendarView = Static<typeof Calendar>

export const CalendarCreate = strict({ code: Code, ...optional(fields), timezone: Timezone })
export type CalendarCreate = Static<typeof CalendarCreate>
export const CalendarUpdate = strict({ version: Version, ...optional({ code: Code, ...fields }) })
export type CalendarUpdate = Static<typeof CalendarUpdate>

const params = strict({ calendar: Ref })
const path = '/api/v1/calendars/:calendar'
const write = { access: 'definition.write', tag: TAG } as const

export const calendarRoutes = {
  list: route({
    method: 'GET',
    path: '/api/v1/calendars',
    access: 'read',
    tag: TAG,
    summary: 'List calendars',
    query: strict({ ...Paging, sort: Sort, ...optional({ q: Type.String({ maxLength: 200 }), label: LabelFilter }) }),
    responses: { 200: pageOf(Calendar) },
  }),
  create: route({
    ...write,
    method: 'POST',
    path: '/api/v1/calendars',
    summary: 'Create a calendar: named days that schedules include or exclude',
    body: CalendarCreate,
    responses: { 201: Calendar },
    idempotent: true,
    audit: 'calendar.create',
  }),
  get: route({ method: 'GET', path, access: 'read', tag: TAG, summary: 'Read a calendar', params, responses: { 200: Calendar } }),
  update: route({
    ...write,
    method: 'PATCH',
    path,
    summary: 'Change a calendar; the schedules that use it follow at once',
    params,
    body: CalendarUpdate,
    responses: { 200: Calendar },
    audit: 'calendar.update',
  }),
  remove: route({
    ...write,
    method: 'DELETE',
    path,
    summary: 'Delete a calendar that no schedule uses',
    params,
    responses: { 204: Type.Null() },
    audit: 'calendar.delete',
  }),
  ...revisionRoutes({ path, param: 'calendar', tag: TAG, audit: 'calendar', view: Calendar, access: 'definition.write' }),
}
