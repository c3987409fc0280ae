import type { LogRecord } from '@carillon/contract'
import type { Transaction } from './database.ts'
import { listing } from './listing.ts'
import { sql } from './sql.ts'

/** Log lines as people read them; `log.ts` stores them. */
export const listLogLines = listing<LogRecord>({
  name: 'logLine.list',
  text: `select t.seq, t.at, t.level, t.source, t.text from log_line t where t.tenant_id = $1`,
  filters: {
    instance: 't.instance_id = ?::bigint',
    attempt: 't.attempt = ?::int',
    levels: 't.level = any(?::text[])',
    q: 'position(lower(?::text) in lower(t.text)) > 0',
    after: 't.seq > ?::bigint',
    upTo: 't.seq <= ?::bigint',
  },
  orders: {
    seq: { by: 't.seq', type: 'bigint', field: 'seq' },
    '-seq': { by: 't.seq', type: 'bigint', descending: true, field: 'seq' },
  },
})

export interface LogExtent {
  readonly lines: number
  readonly bytes: number
  readonly lastSeq: number
  readonly cut: boolean
}

const extent = sql(
  'logExtent.find',
  `select lines, bytes, last_seq as "lastSeq", cut from log_extent where tenant_id = $1 and instance_id = $2 and attempt = $3`,
)
export async function findLogExtent(tx: Transaction, tenantId: number, instanceId: number, attempt: number): Promise<LogExtent> {
  const rows = await tx.query<LogExtent>(extent, [tenantId, instanceId, attempt])
  return rows[0] ?? { lines: 0, bytes: 0, lastSeq: 0, cut: false }
}

const last = sql(
  'logLine.last',
  `select seq from log_line where tenant_id = $1 and instance_id = $2 and attempt = $3 order by seq desc limit 1`,
)
/** The last line that is kept; 0: there is none. What was sent beyond the limit of the log counts in its extent alone. */
export async function lastLogLine(tx: Transaction, tenantId: number, instanceId: number, attempt: number): Promise<number> {
  return (await tx.query<{ seq: number }>(last, [tenantId, instanceId, attempt]))[0]?.seq ?? 0
}

const stage = sql(
  'instance.stage',
  `select attempt, ended_at is not null as ended from (
     select attempt, ended_at from instance_live where tenant_id = $1 and id = $2
     union all
     select attempt, ended_at from instance_history where tenant_id = $1 and id = $2) i limit 1`,
)
/** How far an instance is: all that a reader of its log must know. */
export async function instanceStage(
  tx: Transaction,
  tenantId: number,
  instanceId: number,
): Promise<{ attempt: number; ended: boolean } | undefined> {
  return (await tx.query<{ attempt: number; ended: boolean }>(stage, [tenantId, instanceId]))[0]
}
