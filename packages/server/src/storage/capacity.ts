import type { DividedExecutor } from '@carillon/core'
import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

const LOCK = sql('capacity.lock', `select pg_advisory_xact_lock(hashtextextended('capacity:' || $1::bigint, 0))`)

/**
 * Nobody else gives away places of this app before this transaction ends. Taken after the locks of sessions. What is held must be counted by a
 * later statement: the snapshot of this one is older than its wait.
 */
export function lockCapacity(tx: Transaction, appId: number): void {
  tx.send(LOCK, [appId])
}

const HELD = sql(
  'capacity.held',
  `select h.executor_id as "executorId", h.tenant_id as "tenantId", q.lane, h.count
   from (
     select s.executor_id, i.tenant_id, i.queue_id, count(*)::int as count
     from executor_session s
     cross join lateral (select l.tenant_id, l.queue_id from instance_live l where l.session_id = s.id and l.state in ('RESERVED', 'RUNNING')) i
     where s.tenant_id = $1 and s.app_id = $2 and s.ended_at is null and ($3::bigint is null or s.id = $3)
     group by 1, 2, 3) h
   cross join lateral (select k.lane from queue k where k.id = h.queue_id limit 1) q`,
)

export interface HeldRow {
  readonly executorId: number
  readonly tenantId: number
  readonly lane: readonly string[]
  readonly count: number
}

/** What executors of an app hold, counted from the rows themselves; of one session, where it is named. */
export function countHeldOfApp(tx: Transaction, tenantId: number, appId: number, sessionId: number | null): Promise<HeldRow[]> {
  return tx.query(HELD, [tenantId, appId, sessionId])
}

const EXECUTORS = sql(
  'capacity.executors',
  `select e.id as "executorId", e.instance, s.capacity
   from executor_session s
   cross join lateral (select * from executor l where l.tenant_id = s.tenant_id and l.id = s.executor_id limit 1) e
   where s.tenant_id = $1 and s.app_id = $2 and s.ended_at is null and e.in_service and ($3::bigint is null or s.id = $3)`,
)

/** The executors whose places are divided: those that may get work. */
export function selectDividedExecutors(
  tx: Transaction,
  tenantId: number,
  appId: number,
  sessionId: number | null,
): Promise<DividedExecutor[]> {
  return tx.query(EXECUTORS, [tenantId, appId, sessionId])
}

const HOLDER = sql(
  'capacity.holder',
  `select i.run_id as "runId"
   from executor_session s
   cross join lateral (
     select l.run_id, l.id, l.queue_id from instance_live l where l.session_id = s.id and l.tenant_id = $1 and l.state in ('RESERVED', 'RUNNING')) i
   cross join lateral (select k.lane from queue k where k.id = i.queue_id limit 1) q
   where s.tenant_id = $2 and s.app_id = $3 and s.ended_at is null and ($4::text is null or q.lane ? $4) and ($5::bigint is null or s.executor_id = $5)
   order by i.id limit 1`,
)

/** The oldest run of a tenant that holds a place of an app: of the work that has this word in its lane, on this executor (null: whichever). */
export async function findHolder(
  tx: Transaction,
  tenantId: number,
  app: { readonly tenantId: number; readonly appId: number },
  word: string | null,
  executorId: number | null,
): Promise<number | null> {
  const [row] = await tx.query<{ runId: number }>(HOLDER, [tenantId, app.tenantId, app.appId, word, executorId])
  return row?.runId ?? null
}

const TENANTS = sql('capacity.tenants', `select id, code from tenant where code = any($1::text[])`)

/** The codes of the tenants that rules name, by identifier. */
export async function codesOfTenants(tx: Transaction, codes: readonly string[]): Promise<ReadonlyMap<number, string>> {
  const rows = codes.length === 0 ? [] : await tx.query<{ id: number; code: string }>(TENANTS, [codes])
  return new Map(rows.map(({ id, code }) => [id, code]))
}
