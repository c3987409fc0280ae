import type { Transaction } from './database.ts'
import { sql } from './sql.ts'
import { versionedTable, type VersionedRow } from './versioned-table.ts'

export interface CalendarFields {
  readonly code: string
  readonly name: string
  readonly description: string
  readonly timezone: string
  readonly weekdays: readonly number[]
  readonly days: readonly string[]
  readonly exceptDays: readonly string[]
  readonly labels: Record<string, string>
}

export interface CalendarRow extends CalendarFields, VersionedRow {
  readonly name: string
  readonly code: string
}

export const calendars = versionedTable<CalendarRow, CalendarFields>({
  table: 'calendar',
  columns: {
    code: 'text',
    name: 'text',
    description: 'text',
    timezone: 'text',
    weekdays: 'jsonb',
    days: 'jsonb',
    exceptDays: 'jsonb',
    labels: 'jsonb',
  },
})

const users = sql(
  'calendar.schedulesUsing',
  `select s.code from schedule_calendar c join schedule s on s.tenant_id = c.tenant_id and s.id = c.schedule_id and s.deleted_at is null
   where c.tenant_id = $1 and c.calendar_id = $2 order by s.code limit 5`,
)
export async function schedulesUsing(tx: Transaction, tenantId: number, calendarId: number): Promise<string[]> {
  return (await tx.query<{ code: string }>(users, [tenantId, calendarId])).map((row) => row.code)
}
