import type { Member, User } from '@carillon/contract'
import { CarillonError, ROLES, type Role } from '@carillon/core'
import {
  lockMember,
  lockOwnersOf,
  lockTenantsOwnedBy,
  removeMember,
  removeMemberships,
  setMember,
  type MemberRow,
} from '../storage/membership.ts'
import {
  deleteUser,
  insertUser,
  lockPlatformAdministrators,
  lockUser,
  setUserPassword,
  updateUserRow,
} from '../storage/user-account.ts'
import { endSessionsOf } from '../storage/user-session.ts'
import type { Change, Edit } from './edit.ts'
import { assertVersion } from './versioned-object.ts'

interface UserCreation {
  readonly login: string
  readonly name?: string
  readonly platformAdmin?: boolean
  readonly mustChangePassword?: boolean
}

/** `passwordHash`: hashed before the transaction, which has no time for it. */
export async function createUser({ tx }: Edit, body: UserCreation, passwordHash: string | null): Promise<Change<User>> {
  const row = await insertUser(tx, {
    login: body.login,
    name: body.name ?? body.login,
    passwordHash,
    platformAdmin: body.platformAdmin ?? false,
    mustChangePassword: body.mustChangePassword ?? false,
  })
  return { answer: row, object: { kind: 'user', id: row.id }, before: null, after: row }
}

const CHANGEABLE = ['name', 'platformAdmin', 'disabled', 'mustChangePassword'] as const
type UserUpdate = { readonly version: number } & Partial<Pick<User, (typeof CHANGEABLE)[number]>>

/** Whoever loses the right to be signed in is signed out. */
export async function updateUser(edit: Edit, id: number, body: UserUpdate, passwordHash: string | null): Promise<Change<User>> {
  const { tx } = edit
  const administrators = await lockPlatformAdministrators(tx)
  const before = await lockUser(tx, id)
  if (!before) throw noSuchUser()
  assertVersion(before, body.version)
  const { version: _, ...given } = body
  const wanted = { ...before, ...(passwordHash === null ? {} : { mustChangePassword: false }), ...given }
  const unchanged = CHANGEABLE.every((field) => wanted[field] === before[field])
  if (unchanged && passwordHash === null) return { answer: before, object: { kind: 'user', id }, before, after: before }
  if (!wanted.platformAdmin || wanted.disabled) assertNotLastAdministrator(administrators, id)
  const after = await updateUserRow(tx, { ...wanted, passwordHash })
  if (passwordHash !== null || after.disabled) await endSessionsOf(tx, id)
  return { answer: after, object: { kind: 'user', id }, before, after: { ...after, passwordChanged: passwordHash !== null } }
}

/** The new password is of the server's making; who shows it to the user knows it, so it has to be changed. */
export async function resetPassword({ tx }: Edit, id: number, passwordHash: string): Promise<Change<User>> {
  const before = await lockUser(tx, id)
  if (!before) throw noSuchUser()
  const after = await setUserPassword(tx, id, passwordHash, true)
  await endSessionsOf(tx, id)
  return { answer: after, object: { kind: 'user', id }, before, after }
}

export async function removeUser({ tx }: Edit, id: number): Promise<Change<undefined>> {
  const administrators = await lockPlatformAdministrators(tx)
  const before = await lockUser(tx, id)
  if (!before) throw noSuchUser()
  assertNotLastAdministrator(administrators, id)
  const alone = (await lockTenantsOwnedBy(tx, id)).find(({ owners }) => owners === 1)
  if (alone)
    throw new CarillonError(
      'STATE_CONFLICT',
      `This user is the last owner of the tenant ${alone.code}. Make someone else an owner first.`,
    )
  await removeMemberships(tx, id)
  await endSessionsOf(tx, id)
  await deleteUser(tx, id)
  return { answer: undefined, object: { kind: 'user', id }, before, after: null }
}

function assertNotLastAdministrator(administrators: readonly number[], id: number): void {
  if (administrators.length !== 1 || administrators[0] !== id) return
  throw new CarillonError(
    'STATE_CONFLICT',
    'This is the last platform administrator that can sign in. Make someone else a platform administrator first.',
  )
}

function noSuchUser(): CarillonError {
  return new CarillonError('NOT_FOUND', 'There is no such user.')
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
