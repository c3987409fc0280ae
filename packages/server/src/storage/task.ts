import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

const STARTABLE = sql(
  'task.startable',
  `select t.tenant_id as "tenantId", t.id, t.code, t.plan_id as "planId", t.enabled, te.state = 'ACTIVE' as "tenantActive"
   from unnest($1::bigint[], $2::bigint[]) as wanted (tenant_id, id)
   join task t on t.tenant_id = wanted.tenant_id and t.id = wanted.id and t.deleted_at is null
   join tenant te on te.id = t.tenant_id`,
)

/** What starting a run of a task needs: all else stands in its plan. */
export interface StartableTask {
  readonly tenantId: number
  readonly id: number
  readonly code: string
  readonly planId: number
  readonly enabled: boolean
  readonly tenantActive: boolean
}

export function selectStartableTasks(
  tx: Transaction,
  keys: readonly { tenantId: number; id: number }[],
): Promise<StartableTask[]> {
  return tx.query(STARTABLE, [keys.map((key) => key.tenantId), keys.map((key) => key.id)])
}
