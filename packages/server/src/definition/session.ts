import { CarillonError } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { lockCredential, setUserPassword } from '../storage/user-account.ts'
import {
  endSession,
  endSessionsOf,
  insertSession,
  keepNewestSessions,
  type SessionInput,
  type SessionLifetime,
} from '../storage/user-session.ts'
import type { Change, Edit } from './edit.ts'

/** Of one user; beyond them the oldest end. */
const MOST_SESSIONS = 50

/** Undefined: the password that was checked has changed since. */
export async function openSession(tx: Transaction, input: SessionInput, lifetime: SessionLifetime): Promise<number | undefined> {
  const id = await insertSession(tx, input, lifetime)
  if (id !== undefined) keepNewestSessions(tx, input.userId, MOST_SESSIONS)
  return id
}

export async function endOwnSession({ tx }: Edit, userId: number, id: number): Promise<Change<undefined>> {
  if (!(await endSession(tx, userId, id))) throw new CarillonError('NOT_FOUND', 'You have no such session.')
  return { answer: undefined, object: { kind: 'session', id }, before: { user: userId }, after: null }
}

export interface PasswordChange {
  readonly userId: number
  /** The session that stays; all others end. */
  readonly sessionId: number
  /** Hash of the password that the present one was held against. */
  readonly checked: string
  readonly hash: string
}

export async function changeOwnPassword({ tx }: Edit, change: PasswordChange): Promise<Change<undefined>> {
  const { userId, sessionId, checked, hash } = change
  const user = await lockCredential(tx, userId)
  if (user?.passwordHash !== checked || user.disabled)
    throw new CarillonError('STATE_CONFLICT', 'Your password was changed meanwhile by someone else. Sign in again.')
  await setUserPassword(tx, userId, hash, false)
  const ended = await endSessionsOf(tx, userId, sessionId)
  return { answer: undefined, object: { kind: 'user', id: userId }, before: null, after: { sessionsEnded: ended } }
}
