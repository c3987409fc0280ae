import type { Backfill } from '@carillon/contract'
import type { Transaction } from './database.ts'
import { listing } from './listing.ts'
import { sql } from './sql.ts'

/** The asking side of `backfill`; a loop works it off. */
export type BackfillRow = Backfill

const VIEW = `t.id, t.from_at as "fromAt", t.to_at as "toAt", t.next_at as "nextAt", t.per_minute as "perMinute", t.params, t.state, t.runs, t.skipped,
  t.created_by as "createdBy", t.created_at as "createdAt", t.ended_at as "endedAt"`

export interface BackfillInput {
  readonly scheduleId: number
  readonly fromAt: number
  readonly toAt: number
  readonly perMinute: number
  readonly params: Record<string, unknown>
  readonly createdBy: string
}

const insert = sql(
  'backfill.insert',
  `insert into backfill as t (tenant_id, schedule_id, from_at, to_at, next_at, due_at, per_minute, params, created_by)
   values ($1, $2, at_ms($3), at_ms($4), at_ms($3), statement_timestamp(), $5, $6::jsonb, $7) returning ${VIEW}`,
)
export async function insertBackfill(tx: Transaction, tenantId: number, input: BackfillInput): Promise<BackfillRow> {
  const { scheduleId, fromAt, toAt, perMinute, params, createdBy } = input
  const values = [tenantId, scheduleId, fromAt, toAt, perMinute, JSON.stringify(params), createdBy]
  return (await tx.query<BackfillRow>(insert, values))[0]!
}

const lock = sql(
  'backfill.lock',
  `select ${VIEW} from backfill t where t.tenant_id = $1 and t.schedule_id = $2 and t.id = $3 for no key update of t`,
)
export async function lockBackfill(
  tx: Transaction,
  tenantId: number,
  scheduleId: number,
  id: number,
): Promise<BackfillRow | undefined> {
  return (await tx.query<BackfillRow>(lock, [tenantId, scheduleId, id]))[0]
}

const cancel = sql(
  'backfill.cancel',
  `update backfill t set state = 'CANCELLED', due_at = null, ended_at = statement_timestamp() where t.tenant_id = $1 and t.id = $2 returning ${VIEW}`,
)
export async function cancelBackfillRow(tx: Transaction, tenantId: number, id: number): Promise<BackfillRow> {
  return (await tx.query<BackfillRow>(cancel, [tenantId, id]))[0]!
}

const cancelAll = sql(
  'backfill.cancelOfSchedule',
  `update backfill set state = 'CANCELLED', due_at = null, ended_at = statement_timestamp()
   where tenant_id = $1 and schedule_id = $2 and state = 'RUNNING'`,
)
export async function cancelBackfillsOf(tx: Transaction, tenantId: number, scheduleId: number): Promise<void> {
  await tx.query(cancelAll, [tenantId, scheduleId])
}

export const listBackfills = listing<BackfillRow>({
  name: 'backfill.list',
  text: `select ${VIEW} from backfill t where t.tenant_id = $1`,
  filters: { schedule: 't.schedule_id = ?::bigint', state: 't.state = ?::text' },
  orders: { '-id': { by: 't.id', type: 'bigint', descending: true, field: 'id' } },
})
