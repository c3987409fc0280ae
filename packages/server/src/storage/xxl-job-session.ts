import { column, plainColumn } from './columns.ts'
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
  `update executor_session s set lease_until = greatest(s.lease_until, statement_timestamp() + $6 * interval '1 ms'), seen_at = statement_timestamp()
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

const AT_WORK = sql(
  'xxlJobSession.atWork',
  `update executor_session set lease_until = greatest(lease_until, statement_timestamp() + $3 * interval '1 ms'), seen_at = statement_timestamp()
   where tenant_id = $1 and id = $2 and ended_at is null`,
)

/** It has said that it is at work. The lease of one that is rarely checked may be longer, and stays so. */
export function renewAtWork(tx: Transaction, tenantId: number, sessionId: number, leaseMs: number): void {
  tx.send(AT_WORK, [tenantId, sessionId, leaseMs])
}

// ───────────────────────────────────────────────────────────────── registered by hand

const KEEP_BY_HAND = sql(
  'xxlJobSession.keepByHand',
  `with kept as (
     update executor_check set xxl_dialect = coalesce(xxl_dialect, 'AB'), xxl_token_id = $3, xxl_key_id = $4, xxl_sealed = $5
     where tenant_id = $1 and executor_id = $2)
   update xxl_job_session x set token_id = $3, key_id = $4, sealed = $5
   from executor_session s
   where s.tenant_id = $1 and s.executor_id = $2 and s.ended_at is null and x.tenant_id = s.tenant_id and x.session_id = s.id`,
)

/** With what an executor that people register is called from now on. Its check is there already; the session comes with its first beat. */
export async function keepXxlByHand(
  tx: Transaction,
  { tenantId, executorId, tokenId, keyId, sealed }: Omit<XxlByHand, 'dialect'>,
): Promise<void> {
  tx.send(MARK, [tenantId, executorId])
  await tx.query(KEEP_BY_HAND, [tenantId, executorId, tokenId, keyId, sealed])
}

interface XxlByHand {
  readonly tenantId: number
  readonly executorId: number
  readonly tokenId: number
  readonly keyId: number
  readonly sealed: Buffer
}

const OPEN_BY_HAND = sql(
  'xxlJobSession.openByHand',
  `insert into xxl_job_session (tenant_id, session_id, dialect, token_id, key_id, sealed)
   select s.tenant_id, s.id, c.xxl_dialect, c.xxl_token_id, c.xxl_key_id, c.xxl_sealed
   from unnest($1::bigint[], $2::bigint[]) as r (tenant_id, executor_id)
   join executor e on e.tenant_id = r.tenant_id and e.id = r.executor_id and e.transport = 'XXL_JOB' and e.registered_by is not null
   join executor_check c on c.tenant_id = e.tenant_id and c.executor_id = e.id and c.xxl_sealed is not null
   join executor_session s on s.tenant_id = e.tenant_id and s.executor_id = e.id and s.ended_at is null
   on conflict do nothing`,
)

/** Of those that have just answered: what their sessions have beyond others. A node of before this was possible opens sessions without it. */
export async function openXxlByHand(tx: Transaction, tenantIds: unknown, executorIds: unknown): Promise<void> {
  await tx.query(OPEN_BY_HAND, [tenantIds, executorIds])
}

const SELECT_BY_HAND = sql(
  'xxlJobSession.byHand',
  `select e.tenant_id as "tenantId", e.id as "executorId", e.address, a.id as "appId", a.code as app, c.xxl_dialect as dialect,
     c.xxl_sealed as sealed, k.master, k.wrapped
   from unnest($1::bigint[], $2::bigint[]) as r (tenant_id, executor_id)
   join executor e on e.tenant_id = r.tenant_id and e.id = r.executor_id and e.transport = 'XXL_JOB'
   join app a on a.tenant_id = e.tenant_id and a.id = e.app_id
   join executor_check c on c.tenant_id = e.tenant_id and c.executor_id = e.id
   join secret_key k on k.tenant_id = c.tenant_id and k.id = c.xxl_key_id`,
)

/** What asking executors for their beat needs, whether they have a session or not. Of any tenants. */
export function selectXxlByHand(
  tx: Transaction,
  executors: readonly { readonly tenantId: number; readonly executorId: number }[],
): Promise<Omit<XxlCallee, 'id'>[]> {
  return tx.query(SELECT_BY_HAND, [plainColumn(column(executors, 'tenantId')), plainColumn(column(executors, 'executorId'))])
}

// The check is locked before what belongs to the session, as by who changes the executor.
const LEARN = sql(
  'xxlJobSession.learnDialect',
  `with said as (
     update executor_check c set xxl_dialect = $3
     from executor_session s, executor e
     where s.tenant_id = $1 and s.id = $2 and e.tenant_id = $1 and e.id = s.executor_id and e.registered_by is not null
       and c.tenant_id = $1 and c.executor_id = e.id
     returning 1)
   update xxl_job_session x set dialect = $3 from said where x.tenant_id = $1 and x.session_id = $2`,
)

/** Of one that people registered, what it speaks is seen at the first contact. One that registers itself says so each time. */
export async function learnXxlDialect(tx: Transaction, tenantId: number, sessionId: number, dialect: XxlDialect): Promise<void> {
  await tx.query(LEARN, [tenantId, sessionId, dialect])
}

// ───────────────────────────────────────────────────────────────── calling them

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
