import type { LogLevel, LogSource } from '@carillon/contract'
import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

const HOLDERS = sql(
  'log.holders',
  `select i.tenant_id as "tenantId", i.id, i.token, i.session_id as "sessionId", i.attempt,
          coalesce(x.last_seq, 0) as "lastSeq", coalesce(x.bytes, 0) as bytes, coalesce(x.cut, false) as cut
   from unnest($1::bigint[], $2::bigint[]) as wanted (tenant_id, id)
   join instance_live i on i.tenant_id = wanted.tenant_id and i.id = wanted.id
   left join lateral (
     select * from log_extent e where e.tenant_id = i.tenant_id and e.instance_id = i.id and e.attempt = i.attempt limit 1) x on true
   where i.state in ('RESERVED', 'RUNNING')
   order by i.tenant_id, i.id for share of i`,
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

/** Shares the instances' rows until commit, so that an attempt cannot end between the check of its token and the storing of its lines. */
export function shareLogHolders(tx: Transaction, keys: readonly { tenantId: number; id: number }[]): Promise<LogHolder[]> {
  return tx.query(HOLDERS, [keys.map((key) => key.tenantId), keys.map((key) => key.id)])
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

export async function appendLogLines(tx: Transaction, lines: readonly StoredLogLine[]): Promise<void> {
  if (lines.length === 0) return
  const column = <K extends keyof StoredLogLine>(key: K) => lines.map((line) => line[key])
  await tx.query(APPEND, [
    column('tenantId'),
    column('instanceId'),
    column('attempt'),
    column('seq'),
    column('at'),
    column('level'),
    column('source'),
    column('text'),
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

export async function extendLogs(tx: Transaction, extensions: readonly LogExtension[]): Promise<void> {
  if (extensions.length === 0) return
  const column = <K extends keyof LogExtension>(key: K) => extensions.map((each) => each[key])
  await tx.query(EXTEND, [
    column('tenantId'),
    column('instanceId'),
    column('attempt'),
    column('lines'),
    column('bytes'),
    column('lastSeq'),
    column('cut'),
  ])
}
