import { column, plainColumn } from './columns.ts'
import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

/** A row of the firing ledger: the decision about an occurrence, or about a stretch of equal non-fires. */
export interface FireRow {
  readonly tenantId: number
  readonly scheduleId: number
  /** 0 for live fires. */
  readonly backfillId: number
  readonly fireAt: number
  readonly lastFireAt: number
  readonly count: number
  readonly outcome: 'RUN' | 'LATE' | 'CAUGHT_UP' | 'SKIPPED' | 'MISSED'
  readonly reason: string
  readonly runId: number | null
}

// No ON CONFLICT: a second decision of an occurrence must fail loudly, with everything that came with it.
const INSERT = sql(
  'fire.insert',
  `insert into fire (tenant_id, schedule_id, backfill_id, fire_at, last_fire_at, count, outcome, reason, run_id, decided_at)
   select tenant_id, schedule_id, backfill_id, at_ms(fire_at), at_ms(last_fire_at), count, outcome, reason, run_id, at_ms($10)
   from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::bigint[])
     as f (tenant_id, schedule_id, backfill_id, fire_at, last_fire_at, count, outcome, reason, run_id)`,
)

export function insertFires(tx: Transaction, fires: readonly FireRow[], now: number): void {
  if (fires.length === 0) return
  tx.send(INSERT, [
    plainColumn(column(fires, 'tenantId')),
    plainColumn(column(fires, 'scheduleId')),
    plainColumn(column(fires, 'backfillId')),
    plainColumn(column(fires, 'fireAt')),
    plainColumn(column(fires, 'lastFireAt')),
    plainColumn(column(fires, 'count')),
    column(fires, 'outcome'),
    column(fires, 'reason'),
    plainColumn(column(fires, 'runId')),
    now,
  ])
}

const EXTEND = sql(
  'fire.extend',
  `update fire f set last_fire_at = at_ms(e.last_fire_at), count = f.count + e.count
   from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) as e (tenant_id, schedule_id, fire_at, last_fire_at, count)
   where f.tenant_id = e.tenant_id and f.schedule_id = e.schedule_id and f.backfill_id = 0 and f.fire_at = at_ms(e.fire_at)
   returning f.tenant_id as "tenantId", f.schedule_id as "scheduleId"`,
)

export interface StretchExtension {
  readonly tenantId: number
  readonly scheduleId: number
  /** Of the stretch's row. */
  readonly fireAt: number
  readonly lastFireAt: number
  readonly count: number
}

/** Lengthens open stretches; answers those whose row was still there (retention may have dropped its day). */
export function extendFires(
  tx: Transaction,
  extensions: readonly StretchExtension[],
): Promise<{ tenantId: number; scheduleId: number }[]> {
  if (extensions.length === 0) return Promise.resolve([])
  return tx.query(EXTEND, [
    plainColumn(column(extensions, 'tenantId')),
    plainColumn(column(extensions, 'scheduleId')),
    plainColumn(column(extensions, 'fireAt')),
    plainColumn(column(extensions, 'lastFireAt')),
    plainColumn(column(extensions, 'count')),
  ])
}

const DECIDED = sql(
  'fire.decided',
  `select f.tenant_id as "tenantId", f.schedule_id as "scheduleId", f.backfill_id as "backfillId", f.fire_at as "fireAt"
   from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) as wanted (tenant_id, schedule_id, backfill_id, fire_at)
   join fire f on f.tenant_id = wanted.tenant_id and f.schedule_id = wanted.schedule_id and f.backfill_id = wanted.backfill_id and f.fire_at = at_ms(wanted.fire_at)`,
)

export interface OccurrenceKey {
  readonly tenantId: number
  readonly scheduleId: number
  readonly backfillId: number
  readonly fireAt: number
}

/** Which of these occurrences stand in the ledger already. */
export function selectDecided(tx: Transaction, occurrences: readonly OccurrenceKey[]): Promise<OccurrenceKey[]> {
  return tx.query(DECIDED, [
    plainColumn(column(occurrences, 'tenantId')),
    plainColumn(column(occurrences, 'scheduleId')),
    plainColumn(column(occurrences, 'backfillId')),
    plainColumn(column(occurrences, 'fireAt')),
  ])
}
