import type { User } from '@carillon/contract'
import type { Transaction } from './database.ts'
import { listing } from './listing.ts'
import { sql } from './sql.ts'

/** Users belong to the platform: these statements run as the engine. */
const VIEW = `t.id, t.login, t.name, t.platform_admin as "platformAdmin", t.disabled, t.password_hash is not null as "hasPassword",
  t.must_change_password as "mustChangePassword", t.version, t.created_at as "createdAt", t.updated_at as "updatedAt"`

export interface UserInput {
  readonly login: string
  readonly name: string
  readonly passwordHash: string | null
  readonly platformAdmin: boolean
  readonly mustChangePassword: boolean
}

const insert = sql(
  'userAccount.insert',
  `insert into user_account as t (login, name, password_hash, platform_admin, must_change_password) values ($1, $2, $3, $4, $5) returning ${VIEW}`,
)
export async function insertUser(tx: Transaction, user: UserInput): Promise<User> {
  const { login, name, passwordHash, platformAdmin, mustChangePassword } = user
  return (await tx.query<User>(insert, [login, name, passwordHash, platformAdmin, mustChangePassword]))[0]!
}

const remove = sql('userAccount.delete', `delete from user_account where id = $1`)
/** Its memberships and sessions are gone before. */
export async function deleteUser(tx: Transaction, id: number): Promise<void> {
  await tx.query(remove, [id])
}

const lockAdministrators = sql(
  'userAccount.lockAdministrators',
  `select id from user_account where platform_admin and not disabled order by id for no key update`,
)
/** Platform administrators that may sign in. */
export async function lockPlatformAdministrators(tx: Transaction): Promise<number[]> {
  return (await tx.query<{ id: number }>(lockAdministrators)).map(({ id }) => id)
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
  `update user_account t set name = $2, platform_admin = $3, disabled = $4, password_hash = coalesce($5, t.password_hash),
     must_change_password = $6, version = t.version + 1,
     updated_at = statement_timestamp()
   where t.id = $1 returning ${VIEW}`,
)
/** `passwordHash` null keeps the password. */
export async function updateUserRow(
  tx: Transaction,
  user: Pick<User, 'id' | 'name' | 'platformAdmin' | 'disabled' | 'mustChangePassword'> & {
    readonly passwordHash: string | null
  },
): Promise<User> {
  const { id, name, platformAdmin, disabled, passwordHash, mustChangePassword } = user
  return (await tx.query<User>(update, [id, name, platformAdmin, disabled, passwordHash, mustChangePassword]))[0]!
}

export const listUsers = listing<User>({
  name: 'userAccount.list',
  text: `select ${VIEW} from user_account t where $1::bigint is not null`,
  filters: { q: `(position(lower(?::text) in lower(t.login)) > 0 or position(lower(?::text) in lower(t.name)) > 0)` },
  orders: { login: { by: 't.login', type: 'text', field: 'login' } },
})

/** What a password is held against. */
export interface Credential {
  readonly id: number
  readonly login: string
  readonly disabled: boolean
  readonly passwordHash: string | null
}

const CREDENTIAL = `select t.id, t.login, t.disabled, t.password_hash as "passwordHash" from user_account t`

const credentialOfLogin = sql('userAccount.credentialOfLogin', `${CREDENTIAL} where t.login = $1`)
export async function findCredential(tx: Transaction, login: string): Promise<Credential | undefined> {
  return (await tx.query<Credential>(credentialOfLogin, [login]))[0]
}

const lockCredentialOf = sql('userAccount.lockCredential', `${CREDENTIAL} where t.id = $1 for no key update`)
export async function lockCredential(tx: Transaction, id: number): Promise<Credential | undefined> {
  return (await tx.query<Credential>(lockCredentialOf, [id]))[0]
}

const setPassword = sql(
  'userAccount.setPassword',
  `update user_account t set password_hash = $2, must_change_password = $3, version = t.version + 1, updated_at = statement_timestamp()
   where t.id = $1 returning ${VIEW}`,
)
/** `mustChange`: somebody else chose it. */
export async function setUserPassword(tx: Transaction, id: number, passwordHash: string, mustChange: boolean): Promise<User> {
  return (await tx.query<User>(setPassword, [id, passwordHash, mustChange]))[0]!
}
