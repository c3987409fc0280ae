import type { Role } from '@carillon/core'
import type { Transaction } from './database.ts'
import { listing } from './listing.ts'
import { sql } from './sql.ts'

/** Memberships with the users behind them: read as the engine, because users belong to the platform. */
export interface MemberRow {
  readonly userId: number
  readonly login: string
  readonly name: string
  readonly role: Exclude<Role, 'executor'>
  readonly createdAt: number
}

const VIEW = `t.user_id as "userId", u.login, u.name, t.role, t.created_at as "createdAt"`

const lock = sql(
  'membership.lock',
  `select ${VIEW} from membership t join user_account u on u.id = t.user_id where t.tenant_id = $1 and u.login = $2 for no key update of t`,
)
export async function lockMember(tx: Transaction, tenantId: number, login: string): Promise<MemberRow | undefined> {
  return (await tx.query<MemberRow>(lock, [tenantId, login]))[0]
}

const add = sql(
  'membership.upsert',
  `insert into membership (tenant_id, user_id, role) select $1, u.id, $3 from user_account u where u.login = $2
   on conflict (tenant_id, user_id) do update set role = excluded.role returning user_id`,
)
/** False: there is no such user. */
export async function setMember(tx: Transaction, tenantId: number, login: string, role: string): Promise<boolean> {
  return (await tx.query(add, [tenantId, login, role])).length === 1
}

const remove = sql('membership.delete', `delete from membership where tenant_id = $1 and user_id = $2`)
export async function removeMember(tx: Transaction, tenantId: number, userId: number): Promise<void> {
  await tx.query(remove, [tenantId, userId])
}

const lockOwners = sql(
  'membership.lockOwners',
  `select user_id as "userId" from membership where tenant_id = $1 and role = 'owner' order by user_id for update`,
)
export async function lockOwnersOf(tx: Transaction, tenantId: number): Promise<number[]> {
  return (await tx.query<{ userId: number }>(lockOwners, [tenantId])).map((row) => row.userId)
}

const owned = sql(
  'membership.lockTenantsOwnedBy',
  `select o.tenant_id as "tenantId", e.code, (select count(*)::int from membership a where a.tenant_id = o.tenant_id and a.role = 'owner') as owners
   from (select tenant_id from membership where role = 'owner' and tenant_id in (select tenant_id from membership where user_id = $1 and role = 'owner')
         order by tenant_id, user_id for update) o
   join tenant e on e.id = o.tenant_id`,
)
/** In which tenants a user is an owner, and beside how many; the owners stay what they are until the end of the transaction. */
export async function lockTenantsOwnedBy(tx: Transaction, userId: number): Promise<{ code: string; owners: number }[]> {
  return tx.query(owned, [userId])
}

const removeAll = sql('membership.deleteOfUser', `delete from membership where user_id = $1`)
export async function removeMemberships(tx: Transaction, userId: number): Promise<void> {
  await tx.query(removeAll, [userId])
}

export const listMembers = listing<MemberRow>({
  name: 'membership.list',
  text: `select ${VIEW} from membership t join user_account u on u.id = t.user_id where t.tenant_id = $1`,
  filters: {},
  orders: { login: { by: 'u.login', type: 'text', field: 'login' } },
})
