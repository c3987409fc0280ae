import type { Role } from '@carillon/core'
import type { SessionItem } from '@carillon/contract'
import type { Transaction } from './database.ts'
import { listing } from './listing.ts'
import { sql } from './sql.ts'

/** Sessions of people who signed in. They belong to the platform: these statements run as the engine. */
export interface SessionHolder {
  readonly sessionId: number
  readonly userId: number
  readonly login: string
  readonly name: string
  readonly platformAdmin: boolean
  readonly mustChangePassword: boolean
  readonly expiresAt: number
  /** So long unseen that it is to be written down that it still is used. */
  readonly stale: boolean
  /** By code of the tenant. */
  readonly memberships: readonly SessionMembership[]
}

export interface SessionMembership {
  readonly tenantId: number
  readonly code: string
  readonly name: string
  readonly state: 'ACTIVE' | 'SUSPENDED'
  readonly role: Exclude<Role, 'executor'>
}

/** How long sessions live. */
export interface SessionLifetime {
  /** Without being used. */
  readonly idleMs: number
  /** Whatever happens. */
  readonly longestMs: number
}

/** A fraction of the idle time, so that a session costs a write every few minutes and ends hardly later than it should. */
const renewMs = ({ idleMs }: SessionLifetime) => Math.min(idleMs / 10, 300_000)

const LIVES = `s.expires_at > statement_timestamp() and s.seen_at > statement_timestamp() - $2 * interval '1 ms'`

const holder = sql(
  'userSession.holder',
  `select s.id as "sessionId", u.id as "userId", u.login, u.name, u.platform_admin as "platformAdmin", u.must_change_password as "mustChangePassword",
     s.expires_at as "expiresAt", s.seen_at < statement_timestamp() - $3 * interval '1 ms' as stale,
     coalesce((select jsonb_agg(jsonb_build_object('tenantId', m.tenant_id, 'code', e.code, 'name', e.name, 'state', e.state, 'role', m.role) order by e.code)
       from membership m join tenant e on e.id = m.tenant_id where m.user_id = u.id), '[]') as memberships
   from user_session s join user_account u on u.id = s.user_id
   where s.hash = $1 and not u.disabled and ${LIVES}`,
)
export async function findSessionHolder(
  tx: Transaction,
  hash: Buffer,
  lifetime: SessionLifetime,
): Promise<SessionHolder | undefined> {
  return (await tx.query<SessionHolder>(holder, [hash, lifetime.idleMs, renewMs(lifetime)]))[0]
}

const renew = sql(
  'userSession.renew',
  `update user_session set seen_at = statement_timestamp() where id = $1 and seen_at < statement_timestamp() - $2 * interval '1 ms'`,
)
export async function renewSession(tx: Transaction, id: number, lifetime: SessionLifetime): Promise<void> {
  await tx.query(renew, [id, renewMs(lifetime)])
}

export interface SessionInput {
  readonly userId: number
  /** That the password was held against. */
  readonly passwordHash: string
  readonly hash: Buffer
  readonly address: string
  readonly agent: string
}

// The lock waits for whoever is changing the password; if it was changed, nobody signs in with the old one.
const insert = sql(
  'userSession.insert',
  `with holder as (select id from user_account where id = $1 and password_hash = $2 and not disabled for share)
   insert into user_session (user_id, hash, address, agent, expires_at)
   select id, $3, $4, $5, statement_timestamp() + $6 * interval '1 ms' from holder returning id`,
)
/** Undefined: the password has changed meanwhile, or the user is gone. */
export async function insertSession(
  tx: Transaction,
  { userId, passwordHash, hash, address, agent }: SessionInput,
  { longestMs }: SessionLifetime,
): Promise<number | undefined> {
  return (await tx.query<{ id: number }>(insert, [userId, passwordHash, hash, address, agent, longestMs]))[0]?.id
}

const keepNewest = sql(
  'userSession.keepNewest',
  `delete from user_session where user_id = $1 and id <= (select id from user_session where user_id = $1 order by id desc offset $2 limit 1)`,
)
/** Ends the oldest sessions of a user beyond so many. */
export function keepNewestSessions(tx: Transaction, userId: number, most: number): void {
  tx.send(keepNewest, [userId, most])
}

const end = sql('userSession.end', `delete from user_session where user_id = $1 and id = $2 returning id`)
export async function endSession(tx: Transaction, userId: number, id: number): Promise<boolean> {
  return (await tx.query(end, [userId, id])).length === 1
}

const endAll = sql('userSession.endAll', `delete from user_session where user_id = $1 and id <> $2 returning id`)
/** All sessions of a user, but for the one that may stay. */
export async function endSessionsOf(tx: Transaction, userId: number, except = 0): Promise<number> {
  return (await tx.query(endAll, [userId, except])).length
}

const prune = sql(
  'userSession.prune',
  `delete from user_session where id in (select id from user_session where expires_at < statement_timestamp() order by expires_at limit $1)`,
)
export async function pruneUserSessions(tx: Transaction, limit: number): Promise<void> {
  await tx.query(prune, [limit])
}

/** Instead of the tenant: the user, whose id stands where a list has its tenant. */
export const listSessions = listing<Omit<SessionItem, 'current'>>({
  name: 'userSession.list',
  text: `select t.id, t.address, t.agent, t.created_at as "createdAt", t.seen_at as "seenAt", t.expires_at as "expiresAt"
         from user_session t where t.user_id = $1 and t.expires_at > statement_timestamp()`,
  filters: { idleMs: `t.seen_at > statement_timestamp() - ?::bigint * interval '1 ms'` },
  orders: { '-id': { by: 't.id', type: 'bigint', descending: true, field: 'id' } },
})
