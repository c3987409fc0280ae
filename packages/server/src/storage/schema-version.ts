import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

const STATE = sql(
  'schemaMigration.state',
  `select count(*) filter (where finished_at is not null)::int as finished, coalesce(max(nodes_from), 0) as "nodesFrom" from schema_migration`,
)

/** How many migrations the database has been through, and the oldest nodes that it lets in. */
export async function schemaState(tx: Transaction): Promise<{ finished: number; nodesFrom: number }> {
  return (await tx.query<{ finished: number; nodesFrom: number }>(STATE))[0]!
}
