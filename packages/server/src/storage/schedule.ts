import { DEFAULT_MISFIRE, type MisfirePolicy, type ScheduleTiming } from '@carillon/core'
import type { Transaction } from './database.ts'
import { isNamed } from './listing.ts'
import { literals, sql } from './sql.ts'
import { versionedTable, type VersionedRow } from './versioned-table.ts'

export interface ScheduleFields {
  readonly code: string
  readonly name: string
  readonly description: string
  readonly targetKind: 'TASK' | 'DAG'
  readonly targetId: number
  readonly timing: ScheduleTiming
  readonly startAt: number | null
  readonly endAt: number | null
  readonly jitterMs: number
  /** Null: that of its task or DAG. */
  readonly misfire: MisfirePolicy | null
  readonly params: Record<string, unknown>
  readonly priority: number | null
  readonly paused: boolean
  readonly pauseReason: string | null
  readonly labels: Record<string, string>
}

export interface CalendarRef {
  readonly calendarId: number
  readonly code: string
  readonly mode: 'INCLUDE' | 'EXCLUDE'
}

export interface ScheduleRow extends ScheduleFields, VersionedRow {
  readonly name: string
  readonly code: string
  readonly targetCode: string
  readonly effectiveMisfire: MisfirePolicy
  readonly calendars: readonly CalendarRef[]
  readonly nextFireAt: number | null
  readonly lastFireAt: number | null
}

const targetIs = (table: 'task' | 'dag') =>
  `t.target_id = (select k.id from ${table} k where k.tenant_id = $1 and ${isNamed('k')} limit 1)`

const CARILLONS_MISFIRE = `${literals([JSON.stringify(DEFAULT_MISFIRE)])}::jsonb`

/** The policy that holds for schedules of the row `task` that have none of their own: the task's, that of its type, or Carillon's. */
export function misfireOfTask(task: string): string {
  return `coalesce(${task}.policies -> 'misfire',
    (select y.defaults -> 'misfire' from task_type y where y.tenant_id = ${task}.type_tenant_id and y.id = ${task}.type_id),
    ${CARILLONS_MISFIRE})`
}

export const schedules = versionedTable<ScheduleRow, ScheduleFields>({
  table: 'schedule',
  columns: {
    code: 'text',
    name: 'text',
    description: 'text',
    targetKind: 'text',
    targetId: 'bigint',
    timing: 'jsonb',
    startAt: 'instant',
    endAt: 'instant',
    jitterMs: 'int',
    misfire: 'jsonb',
    params: 'jsonb',
    priority: 'smallint',
    paused: 'boolean',
    pauseReason: 'text',
    labels: 'jsonb',
  },
  also: `, coalesce(t.misfire,
      (select k.policies -> 'misfire' from dag k where k.tenant_id = t.tenant_id and k.id = t.target_id),
      (select ${misfireOfTask('k')} from task k where k.tenant_id = t.tenant_id and k.id = t.target_id),
      ${CARILLONS_MISFIRE}) as "effectiveMisfire"
    , case t.target_kind when 'TASK' then (select k.code from task k where k.tenant_id = t.tenant_id and k.id = t.target_id)
        else (select k.code from dag k where k.tenant_id = t.tenant_id and k.id = t.target_id) end as "targetCode"
    , (select coalesce(jsonb_agg(jsonb_build_object('calendarId', c.id, 'code', c.code, 'mode', u.mode) order by c.id), '[]')
       from schedule_calendar u join calendar c on c.tenant_id = u.tenant_id and c.id = u.calendar_id
       where u.tenant_id = t.tenant_id and u.schedule_id = t.id) as calendars
    , (select d.next_fire_at from schedule_due d where d.tenant_id = t.tenant_id and d.schedule_id = t.id) as "nextFireAt"
    , (select d.last_fire_at from schedule_due d where d.tenant_id = t.tenant_id and d.schedule_id = t.id) as "lastFireAt"`,
  filters: { task: targetIs('task'), dag: targetIs('dag'), paused: 't.paused = ?::boolean' },
})

const ofTask = sql(
  'schedule.codesOfTask',
  `select code from schedule where tenant_id = $1 and target_kind = 'TASK' and target_id = $2 and deleted_at is null order by code limit 5`,
)
export async function schedulesOfTask(tx: Transaction, tenantId: number, taskId: number): Promise<string[]> {
  return (await tx.query<{ code: string }>(ofTask, [tenantId, taskId])).map((row) => row.code)
}

const paramsOfTask = sql(
  'schedule.paramsOfTask',
  `select code, params from schedule where tenant_id = $1 and target_kind = 'TASK' and target_id = $2 and deleted_at is null order by code`,
)
/** What the schedules of a task give its runs. */
export function scheduleParamsOfTask(
  tx: Transaction,
  tenantId: number,
  taskId: number,
): Promise<{ code: string; params: Record<string, unknown> }[]> {
  return tx.query(paramsOfTask, [tenantId, taskId])
}

const paramsOfDag = sql(
  'schedule.paramsOfDag',
  `select code, params from schedule where tenant_id = $1 and target_kind = 'DAG' and target_id = $2 and deleted_at is null order by code`,
)
/** What the schedules of a DAG give its runs. */
export function scheduleParamsOfDag(
  tx: Transaction,
  tenantId: number,
  dagId: number,
): Promise<{ code: string; params: Record<string, unknown> }[]> {
  return tx.query(paramsOfDag, [tenantId, dagId])
}

const dropCalendars = sql('scheduleCalendar.delete', `delete from schedule_calendar where tenant_id = $1 and schedule_id = $2`)
const addCalendars = sql(
  'scheduleCalendar.insert',
  `insert into schedule_calendar (tenant_id, schedule_id, calendar_id, mode)
   select $1, $2, u.id, u.mode from unnest($3::bigint[], $4::text[]) u (id, mode) order by u.id`,
)
export async function replaceCalendars(
  tx: Transaction,
  tenantId: number,
  scheduleId: number,
  uses: readonly Pick<CalendarRef, 'calendarId' | 'mode'>[],
): Promise<void> {
  await tx.query(dropCalendars, [tenantId, scheduleId])
  if (uses.length === 0) return
  await tx.query(addCalendars, [tenantId, scheduleId, uses.map((use) => use.calendarId), uses.map((use) => use.mode)])
}
