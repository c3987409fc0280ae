import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

/** What an executor can take: an app's handler under a selector. */
export interface QueueRow {
  readonly id: number
  readonly appTenantId: number
  readonly appId: number
  readonly handler: string
  readonly selector: Readonly<Record<string, string>>
  readonly executorId: number | null
  readonly rateTenantId: number | null
  readonly rateKey: string | null
}

const SELECT_AFTER = sql(
  'queue.selectAfter',
  `select id, app_tenant_id as "appTenantId", app_id as "appId", handler, selector, executor_id as "executorId", rate_tenant_id as "rateTenantId", rate_key as "rateKey"
   from queue where id > $1 order by id limit $2`,
)

/** Queues never change and are never removed, so a cache only has to ask for those after the last it knows. */
export function selectQueuesAfter(tx: Transaction, id: number, limit: number): Promise<QueueRow[]> {
  return tx.query(SELECT_AFTER, [id, limit])
}
