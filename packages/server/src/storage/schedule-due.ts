import type { MisfirePolicy, ScheduleTiming } from '@carillon/core'
import { column, plainColumn } from './columns.ts'
import type { Asking, Transaction } from './database.ts'
import { placed } from './placed.ts'
import { misfireOfTask } from './schedule.ts'
import { sql } from './sql.ts'
import { dueTenants, share } from './turns.ts'

export interface ScheduleKey {
  readonly tenantId: number
  readonly scheduleId: number
}

const NEXT_DUE = sql(
  'scheduleDue.next',
  `select to_ms(min(due_at)) as at, to_ms(statement_timestamp()) as now from schedule_due where due_at is not null`,
)

/** When the next schedule of anyone is due; null when none is. One index entry. */
export async function selectNextDue(tx: Asking): Promise<{ at: number | null; now: number }> {
  return (await tx.query<{ at: number | null; now: number }>(NEXT_DUE))[0]!
}

const DUE_COLUMNS = `d.tenant_id as "tenantId", d.schedule_id as "scheduleId", d.next_fire_at as "nextFireAt", d.misfire,
  d.stretch_fire_at as "stretchFireAt", d.stretch_reason as "stretchReason"`

// What is locked is passed over and never waited for, so the order in which rows are locked does not matter.
const LOCK_DUE = sql(
  'scheduleDue.lockDue',
  `with recursive ${dueTenants('schedule_due', 'due_at is not null', '$1')}
   select ${DUE_COLUMNS}
   from due_tenant
   cross join lateral (
     select * from schedule_due l where l.tenant_id = due_tenant.tenant_id and l.due_at <= statement_timestamp()
     order by l.due_at limit ${share('$1')} for no key update skip locked) d`,
)

/**
 * Locks about `limit` schedules that are due and that nobody else is working on: the same share of each tenant, the longest due first. The lock is
 * the gate between firing and editing.
 */
export function lockDueSchedules(tx: Transaction, limit: number): Promise<DueRow[]> {
  return tx.query(LOCK_DUE, [limit])
}

const LOCK_THESE_DUE = sql(
  'scheduleDue.lockTheseDue',
  `select ${DUE_COLUMNS}
   from (select * from unnest($1::bigint[], $2::bigint[]) as batch (tenant_id, schedule_id) order by tenant_id, schedule_id) wanted
   cross join lateral (
     select * from schedule_due l where l.tenant_id = wanted.tenant_id and l.schedule_id = wanted.schedule_id for no key update skip locked) d
   where d.due_at <= statement_timestamp()`,
)

/** As `lockDueSchedules`, but of these. */
export function lockTheseDueSchedules(tx: Transaction, keys: readonly ScheduleKey[]): Promise<DueRow[]> {
  return tx.query(LOCK_THESE_DUE, keyColumns(keys))
}

const keyColumns = (keys: readonly ScheduleKey[]) => [
  plainColumn(keys.map((key) => key.tenantId)),
  plainColumn(keys.map((key) => key.scheduleId)),
]

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
  readonly stretchFireAt: number | null
  readonly stretchReason: string | null
}

const DEFINITIONS = sql(
  'scheduleDue.definitions',
  `select s.tenant_id as "tenantId", s.id as "scheduleId", s.code, s.target_kind as "targetKind", s.target_id as "targetId", s.timing, s.start_at as "startAt", s.end_at as "endAt",
          s.jitter_ms as "jitterMs", s.misfire as "ownMisfire", s.params, s.priority, s.paused, s.deleted_at is not null as deleted,
          (select jsonb_agg(jsonb_build_object('mode', sc.mode, 'id', c.id, 'version', c.version, 'code', c.code, 'timezone', c.timezone,
                                               'days', c.days, 'weekdays', c.weekdays, 'exceptDays', c.except_days) order by c.id)
           from schedule_calendar sc join calendar c on c.tenant_id = sc.tenant_id and c.id = sc.calendar_id
           where sc.tenant_id = s.tenant_id and sc.schedule_id = s.id) as calendars
   from unnest($1::bigint[], $2::bigint[]) as wanted (tenant_id, schedule_id)
   cross join lateral (select * from schedule k where k.tenant_id = wanted.tenant_id and k.id = wanted.schedule_id limit 1) s`,
)

// A target is a task or a DAG: identifiers come from one sequence, so at most one of the two is found.
const TARGETS = sql(
  'scheduleDue.targets',
  `select te.id as "tenantId", wanted.id, te.state = 'ACTIVE' as "tenantActive", coalesce(t.enabled, d.enabled and not d.paused, false) as "targetEnabled",
          coalesce(d.policies -> 'misfire', ${misfireOfTask('t')}) as misfire, v.plan_id as "dagPlanId"
   from unnest($1::bigint[], $2::bigint[]) as wanted (tenant_id, id)
   cross join lateral (select * from tenant k where k.id = wanted.tenant_id limit 1) te
   left join lateral (select * from task k where k.tenant_id = te.id and k.id = wanted.id and k.deleted_at is null limit 1) t on true
   left join lateral (select * from dag k where k.tenant_id = te.id and k.id = wanted.id and k.deleted_at is null limit 1) d on true
   left join lateral (select k.plan_id from dag_version k where k.tenant_id = te.id and k.id = d.active_version_id limit 1) v on true`,
)

interface DefinitionRow extends Omit<ScheduleDefinition, keyof ScheduleTarget> {
  readonly ownMisfire: MisfirePolicy | null
}

/** What a schedule's target has to say about its fires. Few targets stand behind many schedules. */
interface ScheduleTarget {
  /** Whoever has said it: the schedule, its target or the task's type. */
  readonly misfire: MisfirePolicy
  /** Neither disabled nor, as a DAG can be, paused. */
  readonly targetEnabled: boolean
  readonly tenantActive: boolean
  /** Of a DAG: the plan of its active version, if it has one. */
  readonly dagPlanId: number | null
}

/** A schedule as firing sees it, with the state of what it fires. */
export interface ScheduleDefinition extends ScheduleTarget {
  readonly tenantId: number
  readonly scheduleId: number
  readonly code: string
  readonly targetKind: 'TASK' | 'DAG'
  readonly targetId: number
  readonly timing: ScheduleTiming
  readonly startAt: number | null
  readonly endAt: number | null
  readonly jitterMs: number
  readonly params: Readonly<Record<string, unknown>>
  readonly priority: number | null
  readonly paused: boolean
  readonly deleted: boolean
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

/** Call it in the statement after the locks, so that it sees the last edit before them. */
export async function selectScheduleDefinitions(tx: Transaction, keys: readonly ScheduleKey[]): Promise<ScheduleDefinition[]> {
  const rows = await tx.query<DefinitionRow>(DEFINITIONS, keyColumns(keys))
  const targets = await selectTargets(tx, rows)
  return rows.map(({ ownMisfire, ...row }) => {
    const target = targets.get(targetName(row))!
    return { ...row, ...target, misfire: ownMisfire ?? target.misfire }
  })
}

const targetName = ({ tenantId, targetId }: Pick<ScheduleDefinition, 'tenantId' | 'targetId'>) => `${tenantId}:${targetId}`

async function selectTargets(tx: Transaction, rows: readonly DefinitionRow[]): Promise<ReadonlyMap<string, ScheduleTarget>> {
  const wanted = [...new Map(rows.map((row) => [targetName(row), row])).values()]
  const columns = [plainColumn(column(wanted, 'tenantId')), plainColumn(column(wanted, 'targetId'))]
  const targets = await tx.query<ScheduleTarget & { tenantId: number; id: number }>(TARGETS, columns)
  return new Map(targets.map(({ tenantId, id, ...target }) => [targetName({ tenantId, targetId: id }), target]))
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
export function advanceSchedules(tx: Transaction, advances: readonly Advance[]): void {
  if (advances.length === 0) return
  tx.send(ADVANCE, [
    plainColumn(column(advances, 'tenantId')),
    plainColumn(column(advances, 'scheduleId')),
    plainColumn(column(advances, 'nextFireAt')),
    plainColumn(column(advances, 'dueAt')),
    column(advances, 'misfire'),
    plainColumn(column(advances, 'decidedUntil')),
    plainColumn(column(advances, 'lastFireAt')),
    plainColumn(column(advances, 'stretchFireAt')),
    column(advances, 'stretchReason'),
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
  return tx.query(LOCK_SLEEPING, keyColumns(keys))
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
