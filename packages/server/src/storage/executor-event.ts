import type { ExecutorEvent } from '@carillon/contract'
import type { Transaction } from './database.ts'
import { listing } from './listing.ts'
import { sql } from './sql.ts'

/** What became of executors: a trigger writes each change of status and health; nothing changes these rows. */
export const listExecutorEvents = listing<ExecutorEvent>({
  name: 'executorEvent.list',
  text: `select t.id, t.at, t.kind, t.value, t.set_by as "setBy", t.reason from executor_event t where t.tenant_id = $1`,
  filters: { executor: 't.executor_id = ?::bigint', kind: 't.kind = ?::text' },
  orders: { '-id': { by: 't.id', type: 'bigint', descending: true, field: 'id' } },
})

const PRUNE = sql(
  'executorEvent.prune',
  `delete from executor_event where (tenant_id, id) in (
     select tenant_id, id from executor_event where at < statement_timestamp() - interval '30 days' order by at limit $1)`,
)

export async function pruneExecutorEvents(tx: Transaction, limit: number): Promise<void> {
  await tx.query(PRUNE, [limit])
}
