import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

export interface GateKey {
  readonly tenantId: number
  readonly key: string
}

// Made and locked in one step: a gate that was found in one statement and locked in the next could be pruned between the two, and nobody would
// hold it. What is found is locked and not written: `where false` refuses the update after the lock. Sorted, because two batches that
// take the same keys in different orders would wait for each other.
const LOCK = sql(
  'gate.lock',
  `insert into gate (tenant_id, key)
   select tenant_id, key from unnest($1::bigint[], $2::text[]) as wanted (tenant_id, key) order by tenant_id, key
   on conflict (tenant_id, key) do update set key = excluded.key where false`,
)

export function compareGates(a: GateKey, b: GateKey): number {
  return a.tenantId - b.tenantId || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)
}

/**
 * Locks the gates of these concurrency keys, each named once, making those that do not exist. What is counted must be counted by the next statement: the
 * snapshot of the locking statement is older than the wait for the lock.
 */
export function lockGates(tx: Transaction, keys: readonly GateKey[]): void {
  if (keys.length === 0) return
  tx.send(LOCK, [keys.map((each) => each.tenantId), keys.map((each) => each.key)])
}

const PRUNE = sql(
  'gate.prune',
  `delete from gate where (tenant_id, key) in (
     select g.tenant_id, g.key from gate g
     where not exists (select from run_live r where r.tenant_id = g.tenant_id and r.concurrency_key = g.key)
     order by g.tenant_id, g.key limit $1 for update skip locked)`,
)

/** Removes gates that no live run refers to. Harmless at any moment: a starter that finds none makes it again. */
export async function pruneGates(tx: Transaction, limit: number): Promise<void> {
  await tx.query(PRUNE, [limit])
}
