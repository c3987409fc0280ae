import type { MisfirePolicy, ScheduleTiming } from '@carillon/core'
import type { Transaction } from './database.ts'
import { placed } from './placed.ts'
import { effectiveMisfire } from './schedule.ts'
import { sql } from './sql.ts'

export interface ScheduleKey {
  readonly tenantId: number
  readonly scheduleId: number
}

const NEXT_DUE = sql(
  'scheduleDue.next',
  `select to_ms(min(due_at)) as at, to_ms(statement_timestamp()) as now from schedule_due where due_at is not null`,
)

/** When the next schedule of anyone is due; null when none is. One index entry. */
export async function selectNextDue(tx: Transaction): Promise<{ at: number | null; now: number }> {
  return (await tx.query<{ at: number | null; now: number }>(NEXT_DUE))[0]!
}

// The first entry of each tenant, by skip scan: its cost is the number of tenants, however many schedules each has.
const DUE_KEYS = sql(
  'scheduleDue.keys',
  `with recursive turn as (
     (select tenant_id, due_at from schedule_due where due_at is not null order by tenant_id, due_at limit 1)
     union all
     select next.tenant_id, next.due_at from turn
     cross join lateral (
       select d.tenant_id, d.due_at from schedule_due d where d.tenant_id > turn.tenant_id and d.due_at is not null
       order by d.tenant_id, d.due_at limit 1) next),
   due_tenant as (select tenant_id, count(*) over () as tenants from turn where due_at <= statement_timestamp())
   select each.tenant_id as "tenantId", each.schedule_id as "scheduleId"
   from due_tenant
   cross join lateral (
     select d.tenant_id, d.schedule_id, d.due_at, row_number() over (order by d.due_at) as place from schedule_due d
     where d.tenant_id = due_tenant.tenant_id and d.due_at <= statement_timestamp()
     order by d.due_at limit greatest(1, ($1 / due_tenant.tenants)::int)) each
   order by each.place, each.due_at limit $1`,
)

/** Due schedules, tenants in turn and the longest due first within each. Unlocked. */
export function selectDueSchedules(tx: Transaction, limit: number): Promise<ScheduleKey[]> {
  return tx.query(DUE_KEYS, [limit])
}

const LOCK_DUE = sql(
  'scheduleDue.lockDue',
  `select d.tenant_id as "tenantId", d.schedule_id as "scheduleId", d.next_fire_at as "nextFireAt", d.misfire, d.decided_until as "decidedUntil",
          d.stretch_fire_at as "stretchFireAt", d.stretch_reason as "stretchReason"
   from (select * from unnest($1::bigint[], $2::bigint[]) as batch (tenant_id, schedule_id) order by tenant_id, schedule_id) wanted
   cross join lateral (
     select * from schedule_due l where l.tenant_id = wanted.tenant_id and l.schedule_id = wanted.schedule_id for no key update skip locked) d
   where d.due_at <= statement_timestamp()`,
)

/** What `planFires` must know of a backlog, as it stands in `misfire`. */
export interface BacklogNote {
  readonly misfireUntil: number | null
  readonly runFrom: number | null
  readonly paceUntil: number | null
}

export interface DueRow {
  readonly tenantId: number
  readonly scheduleId: number
  readonly nextFireAt: number
  readonly misfire: BacklogNote | null
  readonly decidedUntil: number | null
  readonly stretchFireAt: number | null
  readonly stretchReason: string | null
}

/** Locks those of these schedules that are due and that nobody else is working on. The lock is the gate between firing and editing. */
export function lockDueSchedules(tx: Transaction, keys: readonly ScheduleKey[]): Promise<DueRow[]> {
  return tx.query(LOCK_DUE, [keys.map((key) => key.tenantId), keys.map((key) => key.scheduleId)])
}

const DEFINITIONS = sql(
  'scheduleDue.definitions',
  `select s.tenant_id as "tenantId", s.id as "scheduleId", s.code, s.version, s.target_kind as "targetKind", s.target_id as "targetId", s.timing, s.start_at as "startAt", s.end_at as "endAt",
          s.jitter_ms as "jitterMs", ${effectiveMisfire('s')} as misfire, s.params, s.priority, s.paused, s.deleted_at is not null as deleted,
          coalesce(t.enabled, d.enabled and not d.paused, false) as "targetEnabled", te.state = 'ACTIVE' as "tenantActive", calendars.list as calendars
   from unnest($1::bigint[], $2::bigint[]) as wanted (tenant_id, schedule_id)
   cross join lateral (select * from schedule k where k.tenant_id = wanted.tenant_id and k.id = wanted.schedule_id limit 1) s
   cross join lateral (select * from tenant k where k.id = s.tenant_id limit 1) te
   left join lateral (select * from task k where k.tenant_id = s.tenant_id and k.id = s.target_id and k.deleted_at is null limit 1) t on true
   left join lateral (select * from dag k where k.tenant_id = s.tenant_id and k.id = s.target_id and k.deleted_at is null limit 1) d on true
   left join lateral (
     select jsonb_agg(jsonb_build_object('mode', sc.mode, 'id', c.id, 'version', c.version, 'code', c.code, 'timezone', c.timezone,
                                         'days', c.days, 'weekdays', c.weekdays, 'exceptDays', c.except_days) order by c.id) as list
     from schedule_calendar sc join calendar c on c.tenant_id = sc.tenant_id and c.id = sc.calendar_id
     where sc.tenant_id = s.tenant_id and sc.schedule_id = s.id) calendars on true`,
)

/** A schedule as firing sees it, with the state of what it fires. */
export interface ScheduleDefinition {
  readonly tenantId: number
  readonly scheduleId: number
  readonly code: string
  readonly version: number
  readonly targetKind: 'TASK' | 'DAG'
  readonly targetId: number
  readonly timing: ScheduleTiming
  readonly startAt: number | null
  readonly endAt: number | null
  readonly jitterMs: number
  /** Whoever has said it: the schedule, its task or DAG, or the task's type. */
  readonly misfire: MisfirePolicy
  readonly params: Readonly<Record<string, unknown>>
  readonly priority: number | null
  readonly paused: boolean
  readonly deleted: boolean
  /** Neither disabled nor, as a DAG can be, paused. */
  readonly targetEnabled: boolean
  readonly tenantActive: boolean
  readonly calendars: readonly StoredCalendar[] | null
}

export interface StoredCalendar {
  readonly mode: 'INCLUDE' | 'EXCLUDE'
  readonly id: number
  readonly version: number
  readonly code: string
  readonly timezone: string
  readonly days: readonly string[]
  readonly weekdays: readonly number[]
  readonly exceptDays: readonly string[]
}

/** Call it in the statement after `lockDueSchedules`, so that it sees the last edit before the lock. */
export function selectScheduleDefinitions(tx: Transaction, keys: readonly ScheduleKey[]): Promise<ScheduleDefinition[]> {
  return tx.query(DEFINITIONS, [keys.map((key) => key.tenantId), keys.map((key) => key.scheduleId)])
}

const ADVANCE = sql(
  'scheduleDue.advance',
  `update schedule_due d
   set next_fire_at = at_ms(a.next_fire_at), due_at = at_ms(a.due_at), misfire = a.misfire::jsonb, decided_until = greatest(d.decided_until, at_ms(a.decided_until)),
       last_fire_at = coalesce(at_ms(a.last_fire_at), d.last_fire_at), stretch_fire_at = at_ms(a.stretch_fire_at), stretch_reason = a.stretch_reason
   from ${placed(
     'schedule_due',
     'schedule_id',
     'unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::text[]) as batch (tenant_id, schedule_id, next_fire_at, due_at, misfire, decided_until, last_fire_at, stretch_fire_at, stretch_reason)',
   )} a
   where d.ctid = a.place`,
)

export interface Advance {
  readonly tenantId: number
  readonly scheduleId: number
  readonly nextFireAt: number | null
  readonly dueAt: number | null
  readonly misfire: string | null
  readonly decidedUntil: number | null
  /** The last occurrence that ran; null leaves what stands. */
  readonly lastFireAt: number | null
  readonly stretchFireAt: number | null
  readonly stretchReason: string | null
}

/** Moves the high-water marks. The caller holds the rows. */
export async function advanceSchedules(tx: Transaction, advances: readonly Advance[]): Promise<void> {
  if (advances.length === 0) return
  const column = <K extends keyof Advance>(key: K) => advances.map((each) => each[key])
  await tx.query(ADVANCE, [
    column('tenantId'),
    column('scheduleId'),
    column('nextFireAt'),
    column('dueAt'),
    column('misfire'),
    column('decidedUntil'),
    column('lastFireAt'),
    column('stretchFireAt'),
    column('stretchReason'),
  ])
}

const POSTPONE = sql(
  'scheduleDue.postpone',
  `update schedule_due set due_at = statement_timestamp() + $3 * interval '1 ms' where tenant_id = $1 and schedule_id = $2 and due_at is not null`,
)

/** Puts a schedule that cannot be decided aside for a while, without deciding anything. */
export async function postponeSchedule(tx: Transaction, key: ScheduleKey, ms: number): Promise<void> {
  await tx.query(POSTPONE, [key.tenantId, key.scheduleId, ms])
}

const LOCK_SLEEPING = sql(
  'scheduleDue.lockSleeping',
  `select d.tenant_id as "tenantId", d.schedule_id as "scheduleId"
   from (select * from unnest($1::bigint[], $2::bigint[]) as batch (tenant_id, schedule_id) order by tenant_id, schedule_id) wanted
   cross join lateral (
     select * from schedule_due l where l.tenant_id = wanted.tenant_id and l.schedule_id = wanted.schedule_id for no key update) d
   where d.next_fire_at is null`,
)

/** Of these schedules, those that have no next fire; locked. */
export function lockSleepingSchedules(tx: Transaction, keys: readonly ScheduleKey[]): Promise<ScheduleKey[]> {
  return tx.query(LOCK_SLEEPING, [keys.map((key) => key.tenantId), keys.map((key) => key.scheduleId)])
}

const FORGOTTEN_DELAYS = sql(
  'scheduleDue.forgottenDelays',
  `select d.tenant_id as "tenantId", d.schedule_id as "scheduleId"
   from schedule_due d
   cross join lateral (select * from schedule k where k.tenant_id = d.tenant_id and k.id = d.schedule_id limit 1) s
   where d.next_fire_at is null and s.deleted_at is null and s.timing ->> 'kind' = 'FIXED_DELAY' and (s.end_at is null or s.end_at > statement_timestamp())
     and not exists (select from schedule_wake w where w.tenant_id = d.tenant_id and w.schedule_id = d.schedule_id)
     and not exists (select from run_live r where r.tenant_id = d.tenant_id and r.target_id = s.target_id and r.schedule_id = s.id)
   order by 1, 2 limit $1`,
)

/** FIXED_DELAY schedules that wait for the end of a run that no longer exists. */
export function selectForgottenDelays(tx: Transaction, limit: number): Promise<ScheduleKey[]> {
  return tx.query(FORGOTTEN_DELAYS, [limit])
}

const WAKE = sql(
  'scheduleDue.wake',
  `update schedule_due d set next_fire_at = greatest(at_ms(w.next_fire_at), d.decided_until + interval '1 ms'), due_at = at_ms(w.due_at), misfire = null
   from ${placed('schedule_due', 'schedule_id', 'unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) as batch (tenant_id, schedule_id, next_fire_at, due_at)')} w
   where d.ctid = w.place and (d.next_fire_at is null) is not false`,
)

/** Gives sleeping schedules their next fire. The caller holds the rows. */
export async function wakeSchedules(
  tx: Transaction,
  wakes: readonly { tenantId: number; scheduleId: number; nextFireAt: number; dueAt: number }[],
): Promise<void> {
  if (wakes.length === 0) return
  await tx.query(WAKE, [
    wakes.map((each) => each.tenantId),
    wakes.map((each) => each.scheduleId),
    wakes.map((each) => each.nextFireAt),
    wakes.map((each) => each.dueAt),
  ])
}
