import { CarillonError } from '@carillon/core'
import { hashOfNobody, verifyPassword } from '../definition/password.ts'
import { createLanes } from '../runtime/lanes.ts'
import { createRefusalBrake, type RefusalBrake } from '../runtime/refusal-brake.ts'
import type { Database } from '../storage/database.ts'
import { findCredential, type Credential } from '../storage/user-account.ts'

/** Holds passwords against what is stored, and whoever tries too many back. */
export interface SignIn {
  /** Null: the name or the password is wrong; which, and why, takes the same time and is not told. */
  check(tried: Tried): Promise<(Credential & { readonly passwordHash: string }) | null>
  /** Which user has the name, for the audit trail. */
  known(name: string): Promise<Credential | undefined>
}

interface Tried {
  readonly name: string
  readonly password: string
  readonly address: string
}

/** Of one name: ten at once, then one each ten seconds. Of one address, behind which many people may sit: twenty, then one each two. */
const OF_NAME = { atOnce: 10, perSecond: 0.1, addresses: 10_000 }
const OF_ADDRESS = { atOnce: 20, perSecond: 0.5, addresses: 10_000 }

/** Each takes 32 MB and a thread of the few that also look up names of hosts. */
const AT_ONCE = 2
const MOST_WAITING = 40

export function createSignIn(db: Database, now = () => performance.now()): SignIn {
  const brakes = { name: createRefusalBrake({ ...OF_NAME, now }), address: createRefusalBrake({ ...OF_ADDRESS, now }) }
  const lanes = createLanes(AT_ONCE, MOST_WAITING)
  // The cost of a try is the same whether there is such a user or not.
  const nobodys = hashOfNobody()
  const known = (name: string) => db.aside((tx) => findCredential(tx, name))
  return {
    known,
    async check({ name, password, address }) {
      const tries: readonly [RefusalBrake, string][] = [
        [brakes.name, name],
        [brakes.address, address],
      ]
      if (tries.some(([brake, key]) => brake.holdsBack(key))) throw tooManyTries()
      // Counted before it is known how it ends: a hundred that are sent at once are a hundred.
      for (const [brake, key] of tries) brake.refused(key)
      const user = await known(name)
      const usable = user !== undefined && !user.disabled && user.passwordHash !== null
      const hash = usable ? user.passwordHash! : nobodys
      const right = await lanes.run(() => verifyPassword(password, hash))
      if (right === null)
        throw new CarillonError('RATE_LIMITED', 'Too many people sign in at this moment. Try again in a few seconds.')
      if (!usable || !right) return null
      for (const [brake, key] of tries) brake.letIn(key)
      return { ...user, passwordHash: hash }
    },
  }
}

function tooManyTries(): CarillonError {
  return new CarillonError(
    'RATE_LIMITED',
    'Too many tries to sign in with this name or from this address were wrong. Wait a minute and try again.',
  )
}
