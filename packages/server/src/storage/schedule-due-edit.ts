import type { DueState } from '@carillon/core'
import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

/** The editing side of `schedule_due`; firing's is in `schedule-due.ts`. */
export interface DueMark {
  readonly nextFireAt: number | null
  readonly dueAt: number | null
  readonly decidedUntil: number | null
}

const insert = sql(
  'scheduleDue.insert',
  `insert into schedule_due (tenant_id, schedule_id, next_fire_at, due_at) values ($1, $2, at_ms($3::bigint), at_ms($4::bigint))`,
)
export async function insertDue(tx: Transaction, tenantId: number, scheduleId: number, state: DueState | null): Promise<void> {
  await tx.query(insert, [tenantId, scheduleId, state?.nextFireAt ?? null, state?.dueAt ?? null])
}

const lock = sql(
  'scheduleDue.lock',
  `select next_fire_at as "nextFireAt", due_at as "dueAt", decided_until as "decidedUntil" from schedule_due
   where tenant_id = $1 and schedule_id = $2 for no key update`,
)
/** Before anything else of a schedule is changed: whoever holds this row, firing or editing, keeps the other out. */
export async function lockDue(tx: Transaction, tenantId: number, scheduleId: number): Promise<DueMark | undefined> {
  return (await tx.query<DueMark>(lock, [tenantId, scheduleId]))[0]
}

const reset = sql(
  'scheduleDue.reset',
  `update schedule_due set next_fire_at = at_ms($3::bigint), due_at = at_ms($4::bigint), misfire = null, stretch_fire_at = null, stretch_reason = null,
     decided_until = greatest(decided_until, at_ms($5::bigint))
   where tenant_id = $1 and schedule_id = $2`,
)
/** Where firing goes on after an edit that has decided everything up to `decidedUntil`. A backlog and an open stretch were the old definition's. */
export async function resetDue(
  tx: Transaction,
  tenantId: number,
  scheduleId: number,
  state: DueState | null,
  decidedUntil: number | null,
): Promise<void> {
  await tx.query(reset, [tenantId, scheduleId, state?.nextFireAt ?? null, state?.dueAt ?? null, decidedUntil])
}
