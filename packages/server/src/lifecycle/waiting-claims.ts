import type { Ear } from '../runtime/wake-hub.ts'
import type { SessionRow } from '../storage/executor-session.ts'
import type { ClaimRequest, Reserved } from './claim.ts'

/**
 * The claims that wait on this node, for whoever makes something PENDING here: they can be given it in the same transaction, which spares a
 * second one and its wait for the disk. Memory alone; a claim that is not here, or is given nothing, looks by itself.
 */
export interface WaitingClaims {
  /** Waits as the ear does. Answers what the claim was given meanwhile, or else whether something was heard. */
  wait(claim: WaitingClaim, ear: Ear, ms: number, signal: AbortSignal): Promise<Reserved | boolean>
  /** The claim that has waited longest of those that take from this queue. It is the caller's, who says what came of it. */
  take(queueId: number): TakenClaim | null
}

export interface WaitingClaim {
  readonly request: ClaimRequest
  /** As it was last seen. */
  readonly session: SessionRow
  readonly queueIds: readonly number[]
  /** Whether somebody is still there to whom something can be given. */
  isOpen(): boolean
}

export interface TakenClaim extends WaitingClaim {
  /** What it got stands in the database. */
  give(reserved: Reserved): void
  /** It got nothing, and looks by itself. */
  letGo(): void
}

interface Entry {
  readonly claim: WaitingClaim
  /** Once it is taken: what will have come of it. */
  readonly outcome: Promise<Reserved | null> | null
  take(): TakenClaim
}

function entryOf(claim: WaitingClaim, ear: Ear): Entry {
  let outcome: Entry['outcome'] = null
  return {
    claim,
    get outcome() {
      return outcome
    },
    take() {
      let end: (reserved: Reserved | null) => void
      outcome = new Promise((resolve) => (end = resolve))
      const endWait = (reserved: Reserved | null) => {
        end(reserved)
        ear.interrupt()
      }
      return { ...claim, give: endWait, letGo: () => endWait(null) }
    },
  }
}

export function createWaitingClaims(): WaitingClaims {
  const byQueue = new Map<number, Set<Entry>>()

  const remember = (entry: Entry) => {
    for (const queueId of entry.claim.queueIds) {
      const entries = byQueue.get(queueId)
      if (entries) entries.add(entry)
      else byQueue.set(queueId, new Set([entry]))
    }
  }
  const forget = (entry: Entry) => {
    for (const queueId of entry.claim.queueIds) {
      const entries = byQueue.get(queueId)
      entries?.delete(entry)
      if (entries?.size === 0) byQueue.delete(queueId)
    }
  }

  return {
    async wait(claim, ear, ms, signal) {
      const entry = entryOf(claim, ear)
      remember(entry)
      const heard = await ear.wait(ms, signal)
      forget(entry)
      return entry.outcome === null ? heard : ((await entry.outcome) ?? true)
    },
    take(queueId) {
      for (const entry of byQueue.get(queueId) ?? []) {
        if (!entry.claim.isOpen()) continue
        forget(entry)
        return entry.take()
      }
      return null
    },
  }
}
