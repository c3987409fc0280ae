import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

/** Executors that speak the protocol of xxl-job: what they and their sessions have beyond others. */
export type XxlDialect = 'AB' | 'C'

/** The token that an executor showed, as the vault opens it. */
export interface SealedToken {
  readonly tenantId: number
  readonly sealed: Buffer
  readonly master: string
  readonly wrapped: Buffer
}

const BEAT = sql(
  'xxlJobSession.beat',
  `update executor_session s set lease_until = statement_timestamp() + $6 * interval '1 ms', seen_at = statement_timestamp()
   from executor e
   where e.tenant_id = $1 and e.app_id = $2 and e.instance = $3 and e.deleted_at is null and e.transport = 'XXL_JOB'
     and (e.status <> 'OFFLINE' or e.status_set_by is not null)
     and s.tenant_id = e.tenant_id and s.executor_id = e.id and s.ended_at is null
     and exists (select from xxl_job_session x where x.tenant_id = s.tenant_id and x.session_id = s.id and x.token_id = $4 and x.dialect = $5)
   returning s.id`,
)

export interface XxlRegistration {
  readonly tenantId: number
  readonly appId: number
  /** The address that it registered: also its name. */
  readonly instance: string
  readonly tokenId: number
  readonly dialect: XxlDialect
}

/** Renews the session of an executor that is as it was. False: it is new, or came back, or has changed. */
export async function beatXxlSession(tx: Transaction, beat: XxlRegistration, leaseMs: number): Promise<boolean> {
  const { tenantId, appId, instance, tokenId, dialect } = beat
  return (await tx.query(BEAT, [tenantId, appId, instance, tokenId, dialect, leaseMs])).length === 1
}

const FIND_OPEN = sql(
  'xxlJobSession.findOpen',
  `select s.id, e.id as "executorId" from executor e join executor_session s on s.tenant_id = e.tenant_id and s.executor_id = e.id and s.ended_at is null
   where e.tenant_id = $1 and e.app_id = $2 and e.instance = $3 and e.deleted_at is null and e.transport = 'XXL_JOB'`,
)

/** The open session of the executor at this address. */
export async function findOpenXxlSession(
  tx: Transaction,
  tenantId: number,
  appId: number,
  instance: string,
): Promise<{ id: number; executorId: number } | undefined> {
  return (await tx.query<{ id: number; executorId: number }>(FIND_OPEN, [tenantId, appId, instance]))[0]
}

const MARK = sql('executor.markXxlJob', `update executor set transport = 'XXL_JOB' where tenant_id = $1 and id = $2`)
const SAVE = sql(
  'xxlJobSession.save',
  `insert into xxl_job_session (tenant_id, session_id, dialect, token_id, key_id, sealed) values ($1, $2, $3, $4, $5, $6)
   on conflict (tenant_id, session_id) do update
   set dialect = excluded.dialect, token_id = excluded.token_id, key_id = excluded.key_id, sealed = excluded.sealed`,
)

/** What it speaks and shows from now on. */
export async function saveXxlSession(
  tx: Transaction,
  session: Pick<XxlRegistration, 'tenantId' | 'dialect' | 'tokenId'> & {
    readonly id: number
    readonly executorId: number
    readonly keyId: number
    readonly sealed: Buffer
  },
): Promise<void> {
  tx.send(MARK, [session.tenantId, session.executorId])
  await tx.query(SAVE, [session.tenantId, session.id, session.dialect, session.tokenId, session.keyId, session.sealed])
}

const RETIRE = sql(
  'xxlJobSession.retire',
  `with gone as (
     update executor_session s set lease_until = least(s.lease_until, statement_timestamp() + $3 * interval '1 ms')
     where s.tenant_id = $1 and s.id = $2 and s.ended_at is null returning s.executor_id)
   update executor e set status = 'OFFLINE', status_reason = 'It has left', updated_at = statement_timestamp()
   from gone where e.tenant_id = $1 and e.id = gone.executor_id and e.status_set_by is null`,
)

/** Gives it nothing more, and what it holds still so much time. */
export async function retireXxlSession(tx: Transaction, tenantId: number, sessionId: number, graceMs: number): Promise<void> {
  await tx.query(RETIRE, [tenantId, sessionId, graceMs])
}

const CALLED = sql(
  'xxlJobSession.called',
  `select s.tenant_id as "tenantId", s.id, e.id as "executorId", e.address, a.id as "appId", a.code as app, x.dialect, x.sealed, k.master, k.wrapped
   from executor_session s
   join executor e on e.tenant_id = s.tenant_id and e.id = s.executor_id
   join app a on a.tenant_id = s.tenant_id and a.id = s.app_id
   join xxl_job_session x on x.tenant_id = s.tenant_id and x.session_id = s.id
   join secret_key k on k.tenant_id = x.tenant_id and k.id = x.key_id
   where s.id = any($1::bigint[])`,
)

/** All that calling an executor needs. */
export interface XxlCallee extends SealedToken {
  readonly id: number
  readonly executorId: number
  readonly address: string
  readonly appId: number
  readonly app: string
  readonly dialect: XxlDialect
}

/** Sessions, ended ones too: the log of an attempt is fetched after its end. Of any tenants. */
export function selectXxlCallees(tx: Transaction, sessionIds: readonly number[]): Promise<XxlCallee[]> {
  return tx.query(CALLED, [[...new Set(sessionIds)]])
}
