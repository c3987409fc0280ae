import type { Transaction } from './database.ts'
import type { GateKey } from './gate.ts'
import { RUN_COLUMNS } from './run.ts'
import { sql } from './sql.ts'

// A run that waits behind nobody, or behind fewer than its plan's slots, is for `admitNext` to judge; this only finds the keys where
// someone waits, those with no admitted run first.
const STARVING = sql(
  'reconcile.starvingGates',
  `select w.tenant_id as "tenantId", w.concurrency_key as key from run_live w
   where w.concurrency_key is not null and not w.admitted and w.state <> 'PAUSED'
   group by w.tenant_id, w.concurrency_key
   order by exists (select from run_live h where h.tenant_id = w.tenant_id and h.concurrency_key = w.concurrency_key and h.admitted), 1, 2
   limit $1`,
)

export function selectStarvingGates(tx: Transaction, limit: number): Promise<GateKey[]> {
  return tx.query(STARVING, [limit])
}

const MOVED = RUN_COLUMNS.split(', ')
  .map((column) =>
    column === 'state'
      ? `'FAILED'`
      : column === 'reason'
        ? `'ORPHANED'`
        : column === 'ended_at'
          ? 'statement_timestamp()'
          : `r.${column}`,
  )
  .join(', ')

const END_ORPHANS = sql(
  'reconcile.endOrphans',
  `with orphan as (
     select r.tenant_id, r.id from run_live r
     where r.created_at < statement_timestamp() - interval '1 minute'
       and not exists (select from instance_live i where i.tenant_id = r.tenant_id and i.id = r.id)
       and not exists (select from instance_live i where i.tenant_id = r.tenant_id and i.run_id = r.id and i.id <> i.run_id)
     order by r.tenant_id, r.id limit $1 for no key update skip locked),
   gone as (delete from run_live r using orphan o where r.tenant_id = o.tenant_id and r.id = o.id returning ${MOVED})
   insert into run_history (${RUN_COLUMNS}) select * from gone returning tenant_id as "tenantId", id`,
)

/** Ends live runs whose instances are gone. */
export function endOrphanRuns(tx: Transaction, limit: number): Promise<{ tenantId: number; id: number }[]> {
  return tx.query(END_ORPHANS, [limit])
}
