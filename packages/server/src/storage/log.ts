import { column, keyColumns } from './columns.ts'
import type { LogLevel, LogSource } from '@carillon/contract'
import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

const WANTED = `from (select * from unnest($1::bigint[], $2::bigint[]) as batch (tenant_id, id) order by tenant_id, id) wanted`
const LOCK = sql(
  'log.lockHolders',
  `select i.id ${WANTED}
   cross join lateral (select l.id from instance_live l where l.tenant_id = wanted.tenant_id and l.id = wanted.id for no key update) i`,
)
const HOLDERS = sql(
  'log.holders',
  `select i.tenant_id as "tenantId", i.id, i.token, i.session_id as "sessionId", i.attempt,
          coalesce(x.last_seq, 0) as "lastSeq", coalesce(x.bytes, 0) as bytes, coalesce(x.cut, false) as cut
   ${WANTED}
   cross join lateral (select * from instance_live l where l.tenant_id = wanted.tenant_id and l.id = wanted.id limit 1) i
   left join lateral (
     select * from log_extent e where e.tenant_id = i.tenant_id and e.instance_id = i.id and e.attempt = i.attempt limit 1) x on true
   where i.state in ('RESERVED', 'RUNNING')`,
)

/** Who holds an instance now, and how far its attempt's log goes. */
export interface LogHolder {
  readonly tenantId: number
  readonly id: number
  readonly token: number
  readonly sessionId: number
  readonly attempt: number
  readonly lastSeq: number
  readonly bytes: number
  readonly cut: boolean
}

/**
 * Locks the instances until commit: an attempt cannot end between the check of its token and the storing of its lines, and of two that store
 * the same lines the second counts from where the first ended. So that is read by the statement after the lock.
 */
export function lockLogHolders(tx: Transaction, keys: readonly { tenantId: number; id: number }[]): Promise<LogHolder[]> {
  const columns = keyColumns(keys)
  tx.send(LOCK, columns)
  return tx.query(HOLDERS, columns)
}

const APPEND = sql(
  'log.append',
  `insert into log_line (tenant_id, instance_id, attempt, seq, at, level, source, text)
   select tenant_id, instance_id, attempt, seq, at_ms(at), level, source, text
   from unnest($1::bigint[], $2::bigint[], $3::int[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[])
     as l (tenant_id, instance_id, attempt, seq, at, level, source, text)
   order by tenant_id, instance_id, attempt, seq
   on conflict do nothing`,
)

export interface StoredLogLine {
  readonly tenantId: number
  readonly instanceId: number
  readonly attempt: number
  readonly seq: number
  readonly at: number
  readonly level: LogLevel
  readonly source: LogSource
  readonly text: string
}

export function appendLogLines(tx: Transaction, lines: readonly StoredLogLine[]): void {
  if (lines.length === 0) return
  tx.send(APPEND, [
    column(lines, 'tenantId'),
    column(lines, 'instanceId'),
    column(lines, 'attempt'),
    column(lines, 'seq'),
    column(lines, 'at'),
    column(lines, 'level'),
    column(lines, 'source'),
    column(lines, 'text'),
  ])
}

const EXTEND = sql(
  'log.extend',
  `insert into log_extent as x (tenant_id, instance_id, attempt, lines, bytes, last_seq, cut)
   select * from unnest($1::bigint[], $2::bigint[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[], $7::boolean[])
     as e (tenant_id, instance_id, attempt, lines, bytes, last_seq, cut)
   order by tenant_id, instance_id, attempt
   on conflict (tenant_id, instance_id, attempt) do update
   set lines = x.lines + excluded.lines, bytes = x.bytes + excluded.bytes, last_seq = greatest(x.last_seq, excluded.last_seq), cut = x.cut or excluded.cut`,
)

export interface LogExtension {
  readonly tenantId: number
  readonly instanceId: number
  readonly attempt: number
  readonly lines: number
  readonly bytes: number
  readonly lastSeq: number
  readonly cut: boolean
}

export function extendLogs(tx: Transaction, extensions: readonly LogExtension[]): void {
  if (extensions.length === 0) return
  tx.send(EXTEND, [
    column(extensions, 'tenantId'),
    column(extensions, 'instanceId'),
    column(extensions, 'attempt'),
    column(extensions, 'lines'),
    column(extensions, 'bytes'),
    column(extensions, 'lastSeq'),
    column(extensions, 'cut'),
  ])
}
