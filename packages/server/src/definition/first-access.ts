import { hashPassword, newPassword } from './password.ts'
import { hashToken, newSecret } from './token.ts'
import type { Database } from '../storage/database.ts'
import { insertFirstAccess, isUntouched } from '../storage/first-access.ts'

/** What is said once, at the very first start, and stored nowhere in clear. */
export interface FirstAccess {
  readonly login: string
  readonly password: string
  readonly token: string
  readonly tenant: string
}

const LOGIN = 'admin'
const TENANT = 'default'

/**
 * Makes the first tenant, its administrator and a platform token, if there is nobody yet. There is no default of either: what is generated here
 * is shown to whoever started the server, once. Null: it was not the first start. Of several nodes at once one does it.
 */
export async function prepareFirstAccess(db: Database): Promise<FirstAccess | null> {
  if (!(await db.engine((tx) => isUntouched(tx)))) return null
  const password = newPassword()
  const token = newSecret()
  const passwordHash = await hashPassword(password)
  const made = await db.engine((tx) =>
    insertFirstAccess(tx, { tenant: TENANT, login: LOGIN, passwordHash, tokenHash: hashToken(token) }),
  )
  return made ? { login: LOGIN, password, token, tenant: TENANT } : null
}
