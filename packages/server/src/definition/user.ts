import type { Member, User } from '@carillon/contract'
import { CarillonError, ROLES, type Role } from '@carillon/core'
import { lockMember, lockOwnersOf, removeMember, setMember, type MemberRow } from '../storage/membership.ts'
import { insertUser, lockUser, updateUserRow } from '../storage/user-account.ts'
import type { Change, Edit } from './edit.ts'
import { assertVersion } from './versioned-object.ts'

/** `passwordHash`: hashed before the transaction, which has no time for it. */
export async function createUser(
  { tx }: Edit,
  body: { login: string; name?: string; platformAdmin?: boolean },
  passwordHash: string | null,
): Promise<Change<User>> {
  const row = await insertUser(tx, {
    login: body.login,
    name: body.name ?? body.login,
    passwordHash,
    platformAdmin: body.platformAdmin ?? false,
  })
  return { answer: row, object: { kind: 'user', id: row.id }, before: null, after: row }
}

type UserUpdate = { readonly version: number } & Partial<Pick<User, 'name' | 'platformAdmin' | 'disabled'>>

export async function updateUser({ tx }: Edit, id: number, body: UserUpdate, passwordHash: string | null): Promise<Change<User>> {
  const before = await lockUser(tx, id)
  if (!before) throw new CarillonError('NOT_FOUND', 'There is no such user.')
  assertVersion(before, body.version)
  const { name = before.name, platformAdmin = before.platformAdmin, disabled = before.disabled } = body
  const unchanged = name === before.name && platformAdmin === before.platformAdmin && disabled === before.disabled
  if (unchanged && passwordHash === null) return { answer: before, object: { kind: 'user', id }, before, after: before }
  const after = await updateUserRow(tx, { id, name, platformAdmin, disabled, passwordHash })
  return { answer: after, object: { kind: 'user', id }, before, after: { ...after, passwordChanged: passwordHash !== null } }
}

/** Who manages members: with which role, and whether as the platform. */
export interface Manager {
  readonly role: Role
  readonly platformAdmin: boolean
}

export async function changeMember(edit: Edit, by: Manager, login: string, role: MemberRow['role']): Promise<Change<Member>> {
  const { tx, tenantId } = edit
  assertNotAbove(by, role)
  const before = await lockMember(tx, tenantId, login)
  // A tenant's own administrators do not learn which logins exist elsewhere: adding is the platform's.
  if (!before && !by.platformAdmin) throw noSuchMember()
  if (before) await assertMayChange(edit, by, before, role)
  if (!(await setMember(tx, tenantId, login, role))) throw new CarillonError('NOT_FOUND', 'There is no such user.')
  const after = memberOf((await lockMember(tx, tenantId, login))!)
  return { answer: after, object: { kind: 'member', id: after.user.id }, before: before ? memberOf(before) : null, after }
}

export async function endMembership(edit: Edit, by: Manager, login: string): Promise<Change<undefined>> {
  const before = await lockMember(edit.tx, edit.tenantId, login)
  if (!before) throw noSuchMember()
  await assertMayChange(edit, by, before, null)
  await removeMember(edit.tx, edit.tenantId, before.userId)
  return { answer: undefined, object: { kind: 'member', id: before.userId }, before: memberOf(before), after: null }
}

/** A role above one's own can be neither given nor taken. */
export function assertNotAbove(by: Manager, role: Role): void {
  if (by.platformAdmin || ROLES.indexOf(role) >= ROLES.indexOf(by.role)) return
  throw new CarillonError('FORBIDDEN', `The role ${role} is above yours, which is ${by.role}.`)
}

async function assertMayChange({ tx, tenantId }: Edit, by: Manager, member: MemberRow, role: Role | null): Promise<void> {
  assertNotAbove(by, member.role)
  if (member.role !== 'owner' || role === 'owner') return
  const owners = await lockOwnersOf(tx, tenantId)
  if (owners.length === 1)
    throw new CarillonError('STATE_CONFLICT', 'This is the last owner of the tenant. Make someone else an owner first.')
}

export function memberOf({ userId, login, name, role, createdAt }: MemberRow): Member {
  return { user: { id: userId, login, name }, role, createdAt }
}

function noSuchMember(): CarillonError {
  return new CarillonError('NOT_FOUND', 'There is no such member in this tenant.')
}
