import type { CalendarDocument } from '@carillon/contract'
import { calendars, type CalendarFields, type CalendarRow } from '../../storage/calendar.ts'
import { createCalendar, updateCalendar } from '../calendar.ts'
import { documentKind } from './document-kind.ts'

export const calendarDocuments = documentKind<CalendarDocument, CalendarRow, CalendarFields>({
  kind: 'Calendar',
  table: calendars,
  defaults: (code) => ({ name: code, description: '', weekdays: [], days: [], exceptDays: [], labels: {} }),
  switches: [],
  documentsOf: async (_tx, _tenantId, rows) =>
    rows.map(({ code, name, description, timezone, weekdays, days, exceptDays, labels }) => ({
      ...{ kind: 'Calendar', code, name, description, timezone, labels },
      ...{ weekdays: [...weekdays], days: [...days], exceptDays: [...exceptDays] },
    })),
  create: (edit, { kind: _, ...body }) => createCalendar(edit, body),
  update: (edit, { code, version }, { kind: _, ...body }) => updateCalendar(edit, code, { version, ...body }),
})
