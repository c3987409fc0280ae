import type { ExecutorView } from '@carillon/contract'
import type { Transaction } from './database.ts'
import { isNamed, listing } from './listing.ts'
import { sql } from './sql.ts'

/** What people see of executors and do to them; their own side is in `executor-session.ts`. */
export type ExecutorAdminRow = ExecutorView

const VIEW = `t.id, (select jsonb_build_object('id', a.id, 'code', a.code) from app a where a.tenant_id = t.tenant_id and a.id = t.app_id) as app,
  t.instance, t.mode, t.transport as protocol, t.address, t.handlers, t.capacity,
  (select count(*) from executor_session s join instance_live i on i.session_id = s.id and i.state in ('RESERVED', 'RUNNING')
   where s.tenant_id = t.tenant_id and s.executor_id = t.id and s.ended_at is null) as running,
  t.labels, t.metadata, t.status, t.status_set_by as "statusSetBy", t.status_reason as "statusReason",
  t.status_set_at as "statusSetAt", t.health, t.health_reason as "healthReason", t.health_set_at as "healthSetAt", t.health_url as "healthUrl",
  t.health_every_ms as "healthEveryMs", t.per_call as "perCall", t.in_service as "inService",
  (select jsonb_build_object('at', to_ms(c.checked_at), 'ok', c.ok, 'tookMs', c.took_ms, 'detail', c.detail) from executor_check c
   where c.tenant_id = t.tenant_id and c.executor_id = t.id and c.checked_at is not null) as "lastCheck",
  (select jsonb_build_object('id', s.id, 'startedAt', to_ms(s.started_at), 'seenAt', to_ms(s.seen_at), 'leaseUntil', to_ms(s.lease_until))
   from executor_session s where s.tenant_id = t.tenant_id and s.executor_id = t.id and s.ended_at is null) as session,
  t.registered_at as "registeredAt", t.registered_by as "registeredBy", t.updated_at as "updatedAt"`

const find = sql('executor.find', `select ${VIEW} from executor t where t.tenant_id = $1 and t.id = $2 and t.deleted_at is null`)
export async function findExecutor(tx: Transaction, tenantId: number, id: number): Promise<ExecutorAdminRow | undefined> {
  return (await tx.query<ExecutorAdminRow>(find, [tenantId, id]))[0]
}

const lock = sql(
  'executor.lock',
  `select id from executor where tenant_id = $1 and id = $2 and deleted_at is null for no key update`,
)
export async function lockExecutor(tx: Transaction, tenantId: number, id: number): Promise<boolean> {
  return (await tx.query(lock, [tenantId, id])).length === 1
}

const setStatus = sql(
  'executor.setStatus',
  `update executor set status = $3, status_set_by = $4, status_reason = $5, status_set_at = statement_timestamp(), version = version + 1,
     updated_at = statement_timestamp()
   where tenant_id = $1 and id = $2`,
)
/** `setBy` null gives the status back to the registry. */
export async function setExecutorStatus(
  tx: Transaction,
  tenantId: number,
  id: number,
  status: { readonly status: string; readonly setBy: string | null; readonly reason: string | null },
): Promise<void> {
  await tx.query(setStatus, [tenantId, id, status.status, status.setBy, status.reason])
}

const remove = sql(
  'executor.markDeleted',
  `update executor set deleted_at = statement_timestamp(), status = 'OFFLINE', version = version + 1 where tenant_id = $1 and id = $2`,
)
export async function markExecutorDeleted(tx: Transaction, tenantId: number, id: number): Promise<void> {
  await tx.query(remove, [tenantId, id])
}

export const listExecutors = listing<ExecutorAdminRow>({
  name: 'executor.list',
  text: `select ${VIEW} from executor t where t.tenant_id = $1 and t.deleted_at is null`,
  filters: {
    app: `t.app_id = (select a.id from app a where a.tenant_id = $1 and ${isNamed('a')} limit 1)`,
    status: 't.status = ?::text',
    health: 't.health = ?::text',
    q: 'position(lower(?::text) in lower(t.instance)) > 0',
  },
  orders: { '-id': { by: 't.id', type: 'bigint', descending: true, field: 'id' } },
})
