import type { User } from '@carillon/contract'
import type { Transaction } from './database.ts'
import { listing } from './listing.ts'
import { sql } from './sql.ts'

/** Users belong to the platform: these statements run as the engine. */
const VIEW = `t.id, t.login, t.name, t.platform_admin as "platformAdmin", t.disabled, t.password_hash is not null as "hasPassword", t.version,
  t.created_at as "createdAt", t.updated_at as "updatedAt"`

export interface UserInput {
  readonly login: string
  readonly name: string
  readonly passwordHash: string | null
  readonly platformAdmin: boolean
}

const insert = sql(
  'userAccount.insert',
  `insert into user_account as t (login, name, password_hash, platform_admin) values ($1, $2, $3, $4) returning ${VIEW}`,
)
export async function insertUser(tx: Transaction, user: UserInput): Promise<User> {
  return (await tx.query<User>(insert, [user.login, user.name, user.passwordHash, user.platformAdmin]))[0]!
}

const find = sql('userAccount.find', `select ${VIEW} from user_account t where t.id = $1`)
export async function findUser(tx: Transaction, id: number): Promise<User | undefined> {
  return (await tx.query<User>(find, [id]))[0]
}

const lock = sql('userAccount.lock', `select ${VIEW} from user_account t where t.id = $1 for no key update`)
export async function lockUser(tx: Transaction, id: number): Promise<User | undefined> {
  return (await tx.query<User>(lock, [id]))[0]
}

const update = sql(
  'userAccount.update',
  `update user_account t set name = $2, platform_admin = $3, disabled = $4, password_hash = coalesce($5, t.password_hash), version = t.version + 1,
     updated_at = statement_timestamp()
   where t.id = $1 returning ${VIEW}`,
)
/** `passwordHash` null keeps the password. */
export async function updateUserRow(
  tx: Transaction,
  user: Pick<User, 'id' | 'name' | 'platformAdmin' | 'disabled'> & { readonly passwordHash: string | null },
): Promise<User> {
  return (await tx.query<User>(update, [user.id, user.name, user.platformAdmin, user.disabled, user.passwordHash]))[0]!
}

export const listUsers = listing<User>({
  name: 'userAccount.list',
  text: `select ${VIEW} from user_account t where $1::bigint is not null`,
  filters: { q: `(position(lower(?::text) in lower(t.login)) > 0 or position(lower(?::text) in lower(t.name)) > 0)` },
  orders: { login: { by: 't.login', type: 'text', field: 'login' } },
})
