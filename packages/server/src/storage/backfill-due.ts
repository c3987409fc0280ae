import { keyColumns } from './columns.ts'
import type { Asking, Transaction } from './database.ts'
import { sql } from './sql.ts'
import { dueTenants } from './turns.ts'

export interface BackfillKey {
  readonly tenantId: number
  readonly id: number
}

const DUE = sql(
  'backfillDue.keys',
  `with recursive ${dueTenants('backfill', 'due_at is not null', '$1')}
   select first.tenant_id as "tenantId", first.id from due_tenant
   cross join lateral (select * from backfill l where l.tenant_id = due_tenant.tenant_id and l.due_at is not null order by l.due_at limit 1) first`,
)

/** One due backfill of each tenant: everyone's moves, however many one tenant has. */
export function selectDueBackfills(tx: Asking, limit: number): Promise<BackfillKey[]> {
  return tx.query(DUE, [limit])
}

const LOCK = sql(
  'backfillDue.lock',
  `select b.tenant_id as "tenantId", b.id, b.schedule_id as "scheduleId", b.next_at as "nextAt", b.to_at as "toAt", b.per_minute as "perMinute", b.params,
          b.created_by as "createdBy"
   from unnest($1::bigint[], $2::bigint[]) as wanted (tenant_id, id)
   join backfill b on b.tenant_id = wanted.tenant_id and b.id = wanted.id
   where b.due_at <= statement_timestamp() order by b.tenant_id, b.id for no key update of b skip locked`,
)

export interface BackfillRow extends BackfillKey {
  readonly scheduleId: number
  readonly nextAt: number
  readonly toAt: number
  readonly perMinute: number
  readonly params: Readonly<Record<string, unknown>>
  readonly createdBy: string
}

export function lockDueBackfills(tx: Transaction, keys: readonly BackfillKey[]): Promise<BackfillRow[]> {
  return tx.query(LOCK, keyColumns(keys))
}

const ADVANCE = sql(
  'backfillDue.advance',
  `update backfill set next_at = at_ms($3), due_at = at_ms($4), runs = runs + $5, skipped = skipped + $6,
     state = case when $4::bigint is null then 'DONE' else state end, ended_at = case when $4::bigint is null then statement_timestamp() end
   where tenant_id = $1 and id = $2`,
)

/** `dueAt` null: it is done. */
export async function advanceBackfill(
  tx: Transaction,
  key: BackfillKey,
  to: { nextAt: number; dueAt: number | null; runs: number; skipped: number },
): Promise<void> {
  await tx.query(ADVANCE, [key.tenantId, key.id, to.nextAt, to.dueAt, to.runs, to.skipped])
}

const FAIL = sql(
  'backfillDue.fail',
  `update backfill set state = 'CANCELLED', due_at = null, ended_at = statement_timestamp() where tenant_id = $1 and id = $2 and state = 'RUNNING'`,
)

export async function failBackfill(tx: Transaction, key: BackfillKey): Promise<void> {
  await tx.query(FAIL, [key.tenantId, key.id])
}
