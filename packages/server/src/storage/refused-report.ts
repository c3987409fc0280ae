import { column } from './columns.ts'
import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

const INSERT = sql(
  'refusedReport.insert',
  `insert into refused_report (tenant_id, instance_id, token, session_id, kind, reason)
   select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[])`,
)

export interface RefusedReport {
  readonly tenantId: number
  readonly instanceId: number
  readonly token: number
  readonly sessionId: number | null
  readonly kind: string
  readonly reason: string
}

export function insertRefusedReports(tx: Transaction, reports: readonly RefusedReport[]): void {
  if (reports.length === 0) return
  tx.send(INSERT, [
    column(reports, 'tenantId'),
    column(reports, 'instanceId'),
    column(reports, 'token'),
    column(reports, 'sessionId'),
    column(reports, 'kind'),
    column(reports, 'reason'),
  ])
}
