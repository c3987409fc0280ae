import type { ScheduleTiming } from '@carillon/core'
import type { Transaction } from './database.ts'
import type { StoredCalendar } from './schedule-due.ts'
import { sql } from './sql.ts'

/** What says when a schedule fires, without what it fires. */
export interface LoadTiming {
  readonly id: number
  readonly code: string
  readonly timing: ScheduleTiming
  readonly startAt: number | null
  readonly endAt: number | null
  readonly jitterMs: number
  readonly calendars: readonly StoredCalendar[] | null
}

const timings = sql(
  'schedule.timings',
  `select s.id, s.code, s.timing, s.start_at as "startAt", s.end_at as "endAt", s.jitter_ms as "jitterMs",
     (select jsonb_agg(jsonb_build_object('mode', sc.mode, 'id', c.id, 'version', c.version, 'code', c.code, 'timezone', c.timezone,
                                          'days', c.days, 'weekdays', c.weekdays, 'exceptDays', c.except_days) order by c.id)
      from schedule_calendar sc join calendar c on c.tenant_id = sc.tenant_id and c.id = sc.calendar_id
      where sc.tenant_id = s.tenant_id and sc.schedule_id = s.id) as calendars
   from (select * from schedule_due where tenant_id = $1 and due_at is not null and next_fire_at < at_ms($2::bigint) order by due_at limit $3) d
   join schedule s on s.tenant_id = d.tenant_id and s.id = d.schedule_id
   where not s.paused and s.deleted_at is null`,
)
/** Schedules that fire before an instant, soonest first. */
export function selectTimings(tx: Transaction, tenantId: number, before: number, limit: number): Promise<LoadTiming[]> {
  return tx.query(timings, [tenantId, before, limit])
}
