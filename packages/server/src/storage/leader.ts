import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

const LEAD = sql(
  'leader.lead',
  `insert into leader as l (role, node_id, term, lease_until) values ($1, $2, 1, statement_timestamp() + $3 * interval '1 ms')
   on conflict (role) do update
   set node_id = excluded.node_id, lease_until = excluded.lease_until, term = l.term + case when l.node_id = excluded.node_id then 0 else 1 end
   where l.node_id = excluded.node_id or l.lease_until < statement_timestamp()
   returning term`,
)

/**
 * Takes or renews the lease of a role; null when another node has it. What a leader does must be harmless when two do it: a lease only
 * saves double work, it cannot prevent it.
 */
export async function lead(tx: Transaction, role: string, nodeId: string, leaseMs: number): Promise<number | null> {
  return (await tx.query<{ term: number }>(LEAD, [role, nodeId, leaseMs]))[0]?.term ?? null
}

const RESIGN = sql('leader.resign', `update leader set lease_until = statement_timestamp() where node_id = $1`)

export async function resign(tx: Transaction, nodeId: string): Promise<void> {
  await tx.query(RESIGN, [nodeId])
}
