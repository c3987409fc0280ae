import type { Claim } from '@carillon/contract'
import { queueTopic, type Ear, type WakeHub } from '../runtime/wake-hub.ts'

/**
 * After an answer that left nothing to take, a session's ear stays open until the session asks again, which is usually at once. If nothing
 * was heard there is still nothing, and the look that would say so is spared: half of all looks, when work comes one by one.
 */
export interface KeptEars {
  /** `ear`: has listened since before the look. */
  keep(claim: Claim, ear: Ear, queueIds: readonly number[]): void
  /** An ear that has heard nothing since the look before this claim, now the caller's; null: look. */
  take(claim: Claim): Ear | null
}

/** An executor that does not come back keeps a wake from the others for so long. */
const KEPT_MS = 1_000

interface Kept {
  readonly ear: Ear
  readonly seq: number
  readonly expiry: NodeJS.Timeout
  readonly queueIds: readonly number[]
}

export function createKeptEars(hub: WakeHub): KeptEars {
  const kept = new Map<number, Kept>()
  const remove = (session: number) => {
    const one = kept.get(session)
    if (!one) return null
    kept.delete(session)
    clearTimeout(one.expiry)
    return one
  }
  const letGo = ({ ear, queueIds }: Kept) => {
    ear.stop()
    if (ear.heard()) passOn(hub, queueIds)
  }
  const drop = (session: number) => {
    const one = remove(session)
    if (one) letGo(one)
  }
  return {
    keep({ session, seq }, ear, queueIds) {
      drop(session)
      const expiry = setTimeout(() => drop(session), KEPT_MS).unref()
      kept.set(session, { ear, seq, expiry, queueIds })
    },
    take({ session, seq, max }) {
      const one = remove(session)
      if (!one) return null
      // A claim that is repeated wants the same answer again, and one of a full executor takes nothing.
      if (seq > one.seq && max > 0 && !one.ear.heard()) return one.ear
      letGo(one)
      return null
    },
  }
}

/** Wakes another in the place of one that cannot use it. */
export function passOn(hub: WakeHub, queueIds: readonly number[]): void {
  for (const id of queueIds) hub.wakeLocally(queueTopic(id), 1)
}
