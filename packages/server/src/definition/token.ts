import { createHash, randomBytes } from 'node:crypto'
import type { Role } from '@carillon/core'
import { apps } from '../storage/app.ts'
import { findToken, insertToken, revokeToken, type TokenRow } from '../storage/api-token.ts'
import type { Change, Edit } from './edit.ts'
import { invalid } from './invalid.ts'
import { holdReference } from './references.ts'
import { assertNotAbove, type Manager } from './user.ts'
import { noSuch } from './versioned-object.ts'

export interface TokenRequest {
  readonly name: string
  readonly role: Role
  readonly app?: string | number
  readonly expiresAt?: number
}

/** Only the hash of the secret is kept. */
export async function createToken(edit: Edit, by: Manager, body: TokenRequest): Promise<Change<TokenRow & { secret: string }>> {
  assertNotAbove(by, body.role)
  if (body.app !== undefined && body.role !== 'executor') throw invalid('/body/app', 'is only for tokens of the role executor')
  if (body.expiresAt !== undefined && body.expiresAt <= (await edit.tx.now()))
    throw invalid('/body/expiresAt', 'must lie in the future')
  const app = body.app === undefined ? null : await holdReference(edit, apps, body.app, '/body/app', 'app')
  const secret = newSecret()
  const row = await insertToken(edit.tx, edit.tenantId, {
    name: body.name,
    hash: hashToken(secret),
    role: body.role,
    appId: app?.id ?? null,
    createdBy: edit.principal,
    expiresAt: body.expiresAt ?? null,
  })
  return { answer: { ...row, secret }, object: { kind: 'token', id: row.id }, before: null, after: row }
}

export async function revoke(edit: Edit, by: Manager, id: number): Promise<Change<TokenRow>> {
  const before = await findToken(edit.tx, edit.tenantId, id)
  if (!before) throw noSuch('token')
  assertNotAbove(by, before.role)
  const after = await revokeToken(edit.tx, edit.tenantId, id)
  return { answer: after, object: { kind: 'token', id }, before, after }
}

/** 256 random bits, which is why their hash needs no salt. */
export const newSecret = () => `carillon_${randomBytes(32).toString('base64url')}`

export function hashToken(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
