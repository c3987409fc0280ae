import type { FinalRunState } from '@carillon/core'
import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

const remove = sql('taskDownstream.delete', `delete from task_downstream where tenant_id = $1 and task_id = $2`)
export async function deleteDownstreamOf(tx: Transaction, tenantId: number, taskId: number): Promise<void> {
  await tx.query(remove, [tenantId, taskId])
}

const insert = sql(
  'taskDownstream.insert',
  `insert into task_downstream (tenant_id, task_id, downstream_task_id, outcomes)
   select $1, $2, d.id, d.outcomes from unnest($3::bigint[], $4::jsonb[]) d (id, outcomes) order by d.id`,
)
export async function insertDownstream(
  tx: Transaction,
  tenantId: number,
  taskId: number,
  edges: readonly { taskId: number; outcomes: readonly FinalRunState[] }[],
): Promise<void> {
  const outcomes = edges.map((edge) => JSON.stringify(edge.outcomes))
  await tx.query(insert, [tenantId, taskId, edges.map((edge) => edge.taskId), outcomes])
}

export interface Edge {
  readonly from: number
  readonly to: number
  readonly fromCode: string
  readonly toCode: string
}

const lock = sql('taskDownstream.lock', `select pg_advisory_xact_lock(hashtextextended('carillon.downstream', $1::bigint))`)
/** Whoever is about to add an edge waits here for the others, or two half-cycles could pass each other. */
export async function lockDownstream(tx: Transaction, tenantId: number): Promise<void> {
  await tx.query(lock, [tenantId])
}

const edges = sql(
  'taskDownstream.edges',
  `select d.task_id as "from", d.downstream_task_id as "to", f.code as "fromCode", o.code as "toCode"
   from task_downstream d,
     lateral (select code from task where tenant_id = d.tenant_id and id = d.task_id limit 1) f,
     lateral (select code from task where tenant_id = d.tenant_id and id = d.downstream_task_id limit 1) o
   where d.tenant_id = $1`,
)
/** Every edge of the tenant. */
export function downstreamEdges(tx: Transaction, tenantId: number): Promise<Edge[]> {
  return tx.query<Edge>(edges, [tenantId])
}

const upstream = sql(
  'taskDownstream.upstream',
  `select t.code from task_downstream d join task t on t.tenant_id = d.tenant_id and t.id = d.task_id
   where d.tenant_id = $1 and d.downstream_task_id = $2 order by t.code limit 5`,
)
export async function upstreamCodesOf(tx: Transaction, tenantId: number, taskId: number): Promise<string[]> {
  const rows = await tx.query<{ code: string }>(upstream, [tenantId, taskId])
  return rows.map((row) => row.code)
}
