import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

const INSERT = sql(
  'scheduleWake.insert',
  `insert into schedule_wake (tenant_id, schedule_id, ended_at)
   select tenant_id, schedule_id, at_ms(ended_at) from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as w (tenant_id, schedule_id, ended_at)`,
)

export interface ScheduleWake {
  readonly tenantId: number
  readonly scheduleId: number
  readonly endedAt: number
}

/** Tells a FIXED_DELAY schedule that its run has ended, without touching the schedule's row (lock order). */
export function insertScheduleWakes(tx: Transaction, wakes: readonly ScheduleWake[]): void {
  if (wakes.length === 0) return
  tx.send(INSERT, [wakes.map((each) => each.tenantId), wakes.map((each) => each.scheduleId), wakes.map((each) => each.endedAt)])
}

// The due row is locked before the wake is taken, so that firing and editing see each other's order.
const TAKE = sql(
  'scheduleWake.take',
  `with waking as (
     select w.tenant_id, w.schedule_id, max(w.ended_at) as ended_at from (
       select * from schedule_wake order by tenant_id, schedule_id limit $1) w group by 1, 2),
   locked as (
     select d.tenant_id, d.schedule_id, waking.ended_at from schedule_due d join waking on d.tenant_id = waking.tenant_id and d.schedule_id = waking.schedule_id
     order by d.tenant_id, d.schedule_id for no key update of d skip locked)
   delete from schedule_wake w using locked
   where w.tenant_id = locked.tenant_id and w.schedule_id = locked.schedule_id and w.ended_at <= locked.ended_at
   returning w.tenant_id as "tenantId", w.schedule_id as "scheduleId", w.ended_at as "endedAt"`,
)

/** Takes the ends that schedules wait for, together with the locks of their due rows. */
export function takeScheduleWakes(tx: Transaction, limit: number): Promise<ScheduleWake[]> {
  return tx.query(TAKE, [limit])
}

const ORPHANS = sql(
  'scheduleWake.dropOrphans',
  `delete from schedule_wake w where not exists (select from schedule_due d where d.tenant_id = w.tenant_id and d.schedule_id = w.schedule_id)`,
)

export async function dropOrphanWakes(tx: Transaction): Promise<void> {
  await tx.query(ORPHANS)
}
