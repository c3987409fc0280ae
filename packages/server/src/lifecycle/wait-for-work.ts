import type { Claim, ClaimAnswer } from '@carillon/contract'
import { createBoundedMap } from '../runtime/bounded-map.ts'
import { appTopic, queueTopic, sessionTopic } from '../runtime/wake-hub.ts'
import { claimInstances, type Claimed } from './claim.ts'
import type { Engine } from './engine.ts'
import { createKeptEars, passOn } from './kept-ears.ts'
import { SESSIONS_REMEMBERED } from './session-owners.ts'
import type { ExecutorPrincipal } from './sessions.ts'
import type { Turn } from './take-pending.ts'
import { createToldStops, type ToldStops } from './told-stops.ts'

/** Answers a claim when there is something to say, `waitMs` are over, or the signal aborts. */
export type WaitForWork = (principal: ExecutorPrincipal, claim: Claim, signal: AbortSignal) => Promise<ClaimAnswer>

/** Where a session waits. */
type Place = Pick<Claimed, 'session' | 'queueIds'>

/** `mayGive`: false while this node is draining. */
export function createWaitForWork(engine: Engine, mayGive: () => boolean): WaitForWork {
  const turn: Turn = { tenant: 0 }
  const told = createToldStops()
  const ears = createKeptEars(engine.hub)
  /** What sessions were answered last: where they will wait, and what they may take, unless they have changed since. */
  const seen = createBoundedMap<number, Place>(SESSIONS_REMEMBERED)

  const claimOnce = async ({ tenantId }: ExecutorPrincipal, { session, seq, max }: Claim) => {
    const request = { tenantId, sessionId: session, seq, max: mayGive() ? max : 0 }
    const claimed = await claimInstances(engine, turn, request, seen.get(session)?.session)
    seen.set(session, { session: claimed.session, queueIds: claimed.queueIds })
    return claimed
  }
  const answer = (session: number, { assignments, control }: Claimed): ClaimAnswer => {
    told.add(session, control)
    return { assignments: [...assignments], control }
  }

  return async (principal, claim, signal) => {
    const { session, max } = claim
    const end = performance.now() + claim.waitMs
    const last = seen.get(session)
    const quiet = ears.take(claim)
    if (last && quiet) {
      await quiet.wait(end - performance.now(), signal)
      quiet.stop()
      // Nobody is there any more who could take something.
      if (signal.aborted) return { assignments: [], control: { stop: [], lost: [], status: last.session.status } }
    }
    for (;;) {
      // Listens before it looks, so that what comes between the two is not slept through.
      const known = seen.get(session)
      let ear = known ? engine.hub.listen(topicsOf(known, claim)) : null
      try {
        const claimed = await claimOnce(principal, claim)
        const hears = ear !== null && sameQueues(known!, claimed)
        // What was heard while a full hand was taken may be somebody else's work.
        if (claimed.assignments.length >= max && ear?.heard()) passOn(engine.hub, claimed.queueIds)
        if (!isNothing(claimed, session, told) || signal.aborted || performance.now() >= end) {
          if (hears && claimed.leftNothing) {
            ears.keep(claim, ear!, claimed.queueIds)
            ear = null
          }
          return answer(session, claimed)
        }
        if (hears && !(await ear!.wait(end - performance.now(), signal))) return answer(session, claimed)
      } finally {
        ear?.stop()
      }
    }
  }
}

const sameQueues = (a: Place, b: Place) => a.queueIds.join() === b.queueIds.join()

function topicsOf({ queueIds, session: { appId } }: Place, { session, max }: Claim): string[] {
  return [sessionTopic(session), ...(max > 0 ? [appTopic(appId), ...queueIds.map(queueTopic)] : [])]
}

function isNothing({ assignments, control }: Claimed, session: number, told: ToldStops): boolean {
  return assignments.length === 0 && control.stop.every((stop) => told.has(session, stop.instance, stop.token))
}
