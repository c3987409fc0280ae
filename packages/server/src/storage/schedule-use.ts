import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

const ofTask = sql(
  'schedule.codes-of-task',
  `select code from schedule where tenant_id = $1 and target_kind = 'TASK' and target_id = $2 and deleted_at is null order by code limit 5`,
)
export async function schedulesOfTask(tx: Transaction, tenantId: number, taskId: number): Promise<string[]> {
  const rows = await tx.query<{ code: string }>(ofTask, [tenantId, taskId])
  return rows.map((row) => row.code)
}
