import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

export interface GateKey {
  readonly tenantId: number
  readonly key: string
}

// Sorted, because two batches that insert the same keys in different orders would wait for each other's uncommitted rows.
const CREATE = sql(
  'gate.create',
  `insert into gate (tenant_id, key)
   select tenant_id, key from unnest($1::bigint[], $2::text[]) as wanted (tenant_id, key) order by tenant_id, key
   on conflict do nothing`,
)

const LOCK = sql(
  'gate.lock',
  `select 1 from gate g
   join unnest($1::bigint[], $2::text[]) as wanted (tenant_id, key) on g.tenant_id = wanted.tenant_id and g.key = wanted.key
   order by g.tenant_id, g.key
   for no key update of g`,
)

export function compareGates(a: GateKey, b: GateKey): number {
  return a.tenantId - b.tenantId || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)
}

/**
 * Locks the gates of these concurrency keys, making those that do not exist. What is counted must be counted by the next statement: the
 * snapshot of the locking statement is older than the wait for the lock.
 */
export function lockGates(tx: Transaction, keys: readonly GateKey[]): void {
  if (keys.length === 0) return
  const columns = [keys.map((each) => each.tenantId), keys.map((each) => each.key)]
  tx.send(CREATE, columns)
  tx.send(LOCK, columns)
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
