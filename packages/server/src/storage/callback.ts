import type { Transaction } from './database.ts'
import { column, plainColumn } from './columns.ts'
import type { InstanceKey } from './instance.ts'
import { placed } from './placed.ts'
import { sql } from './sql.ts'

/** An attempt: an instance under one token. */
export interface AttemptKey extends InstanceKey {
  readonly token: number
}

/** `sessionId`: it must be held by that one. */
export interface CallbackFor extends AttemptKey {
  readonly sessionId?: number
}

const OPEN = sql(
  'callback.open',
  `with held as (
     select i.tenant_id, i.id, i.token
     from instance_live i where i.tenant_id = $1 and i.id = $2 and i.token = $3 and i.state in ('RESERVED', 'RUNNING')
       and i.session_id = coalesce($6::bigint, i.session_id)),
   opened as (
     insert into callback (tenant_id, instance_id, token, hash, wait_ms, keep_until)
     select tenant_id, id, token, $4, $5::bigint, statement_timestamp() + $5::bigint * interval '1 millisecond' + interval '7 days' from held
     on conflict (tenant_id, instance_id, token) do nothing
     returning id)
   select (select id from opened) as id from held`,
)

/** Answers its id; GIVEN where the attempt has been given one before: of its secret nothing is kept. Null where the attempt is over. */
export async function insertCallback(
  tx: Transaction,
  { tenantId, id, token, sessionId }: CallbackFor,
  hash: Buffer,
  waitMs: number,
): Promise<number | 'GIVEN' | null> {
  const [row] = await tx.query<{ id: number | null }>(OPEN, [tenantId, id, token, hash, waitMs, sessionId ?? null])
  return row === undefined ? null : (row.id ?? 'GIVEN')
}

export interface CallbackRow {
  readonly tenantId: number
  readonly id: number
  readonly instanceId: number
  readonly token: number
  readonly hash: Buffer
  readonly used: boolean
}

const LOCK = sql(
  'callback.lock',
  `select tenant_id as "tenantId", id, instance_id as "instanceId", token, hash, used_at is not null as used
   from callback where id = $1 for no key update`,
)

/** Of two calls at once the second sees what the first has done. */
export async function lockCallback(tx: Transaction, id: number): Promise<CallbackRow | undefined> {
  return (await tx.query<CallbackRow>(LOCK, [id]))[0]
}

const USE = sql('callback.use', `update callback set used_at = statement_timestamp() where tenant_id = $1 and id = $2`)

export async function markCallbackUsed(tx: Transaction, { tenantId, id }: InstanceKey): Promise<void> {
  await tx.query(USE, [tenantId, id])
}

const OF_ATTEMPTS = sql(
  'callback.ofAttempts',
  `select tenant_id as "tenantId", instance_id as id, token from callback
   where (tenant_id, instance_id, token) in (select * from unnest($1::bigint[], $2::bigint[], $3::bigint[]))`,
)

/** Which of these attempts have an address. */
export function selectAttemptsWithCallback(tx: Transaction, attempts: readonly AttemptKey[]): Promise<AttemptKey[]> {
  return tx.query(OF_ATTEMPTS, [column(attempts, 'tenantId'), column(attempts, 'id'), column(attempts, 'token')])
}

const DETACH = sql(
  'callback.detach',
  `update instance_live i
   set session_id = null, claim_seq = null, deadline_at = least(i.deadline_at, at_ms($4) + c.wait_ms * interval '1 millisecond')
   from ${placed('instance_live', 'id', 'unnest($1::bigint[], $2::bigint[], $3::bigint[]) as batch (tenant_id, id, token)')} d
   join callback c on c.tenant_id = d.tenant_id and c.instance_id = d.id and c.token = d.token
   where i.ctid = d.place and i.token = d.token and (i.state = 'RUNNING') is not false`,
)

/** Takes started attempts from their sessions: they wait for their call, at most until the earlier of their two deadlines. */
export function detachInstances(tx: Transaction, attempts: readonly AttemptKey[], now: number): void {
  if (attempts.length === 0) return
  tx.send(DETACH, [
    plainColumn(column(attempts, 'tenantId')),
    plainColumn(column(attempts, 'id')),
    plainColumn(column(attempts, 'token')),
    now,
  ])
}

const PRUNE = sql(
  'callback.prune',
  `delete from callback where (tenant_id, id) in (
     select tenant_id, id from callback where keep_until <= statement_timestamp() order by keep_until limit $1 for update skip locked)`,
)

export async function pruneCallbacks(tx: Transaction, limit: number): Promise<void> {
  await tx.query(PRUNE, [limit])
}
