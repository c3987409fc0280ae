import { keyColumns } from './columns.ts'
import type { Transaction } from './database.ts'
import type { GateKey } from './gate.ts'
import type { RunKey } from './run.ts'
import { placed } from './placed.ts'
import { sql } from './sql.ts'

// Keys by skip scan, so that a long line costs as much as a short one.
const GATES_AFTER = sql(
  'reconcile.gatesAfter',
  `with recursive gate_key as (
     (select l.tenant_id, l.concurrency_key as key from run_live l where l.concurrency_key is not null and (l.tenant_id, l.concurrency_key) > ($1, $2)
      order by l.tenant_id, l.concurrency_key limit 1)
     union all
     select next.tenant_id, next.key from gate_key
     cross join lateral (
       select l.tenant_id, l.concurrency_key as key from run_live l
       where l.concurrency_key is not null and (l.tenant_id, l.concurrency_key) > (gate_key.tenant_id, gate_key.key)
       order by l.tenant_id, l.concurrency_key limit 1) next)
   select k.tenant_id as "tenantId", k.key, first.plan_id as "planId",
     (select count(*) from run_live h where h.tenant_id = k.tenant_id and h.concurrency_key = k.key and h.admitted) as held
   from (select * from gate_key limit $3) k
   left join lateral (
     select l.plan_id from run_live l
     where l.tenant_id = k.tenant_id and l.concurrency_key = k.key and not l.admitted and l.state <> 'PAUSED'
     order by l.id limit 1) first on true
   order by k.tenant_id, k.key`,
)

export interface WatchedGate extends GateKey {
  /** Of the first run in its line; null: nobody waits. */
  readonly planId: number | null
  /** Slots that somebody has. */
  readonly held: number
}

/** The keys after this one under which something is live. */
export function selectGatesAfter(tx: Transaction, after: GateKey, limit: number): Promise<WatchedGate[]> {
  return tx.query(GATES_AFTER, [after.tenantId, after.key, limit])
}

// Younger ones may belong to a transaction whose instances this one does not see yet.
const ORPHANED = `r.created_at < statement_timestamp() - interval '1 minute' and one.id is null and several.id is null`
const INSTANCES = `
   left join lateral (select l.id from instance_live l where l.tenant_id = r.tenant_id and l.id = r.id limit 1) one on true
   left join lateral (select l.id from instance_live l where l.tenant_id = r.tenant_id and l.run_id = r.id and l.id <> l.run_id limit 1) several on true`

const RUNS_AFTER = sql(
  'reconcile.runsAfter',
  `select r.tenant_id as "tenantId", r.id, ${ORPHANED} as orphan
   from (
     select l.tenant_id, l.id, l.created_at from run_live l where (l.tenant_id, l.id) > ($1, $2) order by l.tenant_id, l.id limit $3) r
   ${INSTANCES}
   order by r.tenant_id, r.id`,
)

/** The live runs after this one, and whether they have lost their instances. */
export function selectRunsAfter(tx: Transaction, after: RunKey, limit: number): Promise<(RunKey & { orphan: boolean })[]> {
  return tx.query(RUNS_AFTER, [after.tenantId, after.id, limit])
}

const ORPHANS_OF = sql(
  'reconcile.orphansOf',
  `select r.tenant_id as "tenantId", r.id
   from unnest($1::bigint[], $2::bigint[]) as wanted (tenant_id, id)
   cross join lateral (select * from run_live l where l.tenant_id = wanted.tenant_id and l.id = wanted.id limit 1) r
   ${INSTANCES}
   where ${ORPHANED}`,
)
const COUNT_NONE = sql(
  'reconcile.countNone',
  `update run_live r set instances = 0
   from ${placed('run_live', 'id', 'unnest($1::bigint[], $2::bigint[]) as batch (tenant_id, id)')} orphan
   where r.ctid = orphan.place`,
)

/** Of these runs, which the caller has locked, those without an instance; from now on they count none, as a run must that is to end. */
export async function settleOrphans(tx: Transaction, runs: readonly RunKey[]): Promise<RunKey[]> {
  const orphans = await tx.query<RunKey>(ORPHANS_OF, keyColumns(runs))
  if (orphans.length > 0) tx.send(COUNT_NONE, keyColumns(orphans))
  return orphans
}
