import { listing } from './listing.ts'

export interface FireListRow {
  readonly fireAt: number
  readonly lastFireAt: number
  readonly count: number
  readonly outcome: 'RUN' | 'LATE' | 'CAUGHT_UP' | 'SKIPPED' | 'MISSED'
  readonly reason: string
  readonly runId: number | null
  readonly decidedAt: number
}

/** The firing ledger of a schedule, for people. */
export const listFires = listing<FireListRow>({
  name: 'fire.list',
  text: `select t.fire_at as "fireAt", t.last_fire_at as "lastFireAt", t.count, t.outcome, t.reason, t.run_id as "runId", t.decided_at as "decidedAt"
         from fire t where t.tenant_id = $1`,
  filters: {
    schedule: 't.schedule_id = ?::bigint',
    backfill: 't.backfill_id = ?::bigint',
    outcome: 't.outcome = ?::text',
    from: 't.fire_at >= at_ms(?::bigint)',
    to: 't.fire_at < at_ms(?::bigint)',
  },
  orders: { newest: { by: 't.fire_at', type: 'instant', descending: true, field: 'fireAt' } },
})
