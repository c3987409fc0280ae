import type { Transaction } from './database.ts'
import { sql } from './sql.ts'

const UNTOUCHED = sql(
  'firstAccess.isUntouched',
  `select not exists (select from user_account) and not exists (select from api_token) as untouched`,
)

export async function isUntouched(tx: Transaction): Promise<boolean> {
  return (await tx.query<{ untouched: boolean }>(UNTOUCHED))[0]!.untouched
}

// The login is unique: of two nodes that start at once on an empty database, the second inserts nothing.
const INSERT = sql(
  'firstAccess.insert',
  `with first_user as (
     insert into user_account (login, name, password_hash, platform_admin) values ($2, 'Administrator', $3, true) on conflict (login) do nothing returning id),
   first_tenant as (insert into tenant (code, name) select $1, 'Default' from first_user on conflict (code) do nothing returning id),
   home as (select id from first_tenant union select id from tenant where code = $1),
   member as (insert into membership (tenant_id, user_id, role) select home.id, first_user.id, 'owner' from home, first_user)
   insert into api_token (tenant_id, name, hash, role, platform_admin, created_by)
   select home.id, 'first-start', $4, 'owner', true, 'first start' from home, first_user returning id`,
)

export async function insertFirstAccess(
  tx: Transaction,
  access: { tenant: string; login: string; passwordHash: string; tokenHash: Buffer },
): Promise<boolean> {
  return (await tx.query(INSERT, [access.tenant, access.login, access.passwordHash, access.tokenHash])).length === 1
}
