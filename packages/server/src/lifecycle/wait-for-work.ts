import type { Claim, ClaimAnswer } from '@carillon/contract'
import { createBoundedMap } from '../runtime/bounded-map.ts'
import { appTopic, queueTopic, sessionTopic, type Ear } from '../runtime/wake-hub.ts'
import { claimedOf, claimInstances, type Claimed, type ClaimRequest } from './claim.ts'
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

  const requestOf = ({ tenantId }: ExecutorPrincipal, { session, seq, max }: Claim): ClaimRequest => ({
    tenantId,
    sessionId: session,
    seq,
    max: mayGive() ? max : 0,
  })
  const remember = (claimed: Claimed) => {
    seen.set(claimed.session.id, { session: claimed.session, queueIds: claimed.queueIds })
    return claimed
  }
  const look = async (principal: ExecutorPrincipal, claim: Claim) =>
    remember(await claimInstances(engine, turn, requestOf(principal, claim), seen.get(claim.session)?.session))

  /** Until something is heard, or the claim is given something while it waits. */
  const rest = async (principal: ExecutorPrincipal, claim: Claim, place: Place, ear: Ear, ms: number, signal: AbortSignal) => {
    const request = requestOf(principal, claim)
    if (request.max === 0) return ear.wait(ms, signal)
    const isOpen = () => !signal.aborted && mayGive()
    const heard = await engine.claims.wait({ request, ...place, isOpen }, ear, ms, signal)
    return typeof heard === 'boolean' ? heard : remember(await claimedOf(engine, heard))
  }

  const answer = (session: number, { assignments, control }: Claimed): ClaimAnswer => {
    told.add(session, control)
    return { assignments: [...assignments], control }
  }
  /** Answers with what was taken. An ear that hears all of it goes on listening where nothing was left. */
  const leave = (claim: Claim, ear: Ear | null, hears: boolean, claimed: Claimed): ClaimAnswer => {
    // What was heard while a full hand was taken may be somebody else's work.
    if (claimed.assignments.length >= claim.max && ear?.heard()) passOn(engine.hub, claimed.queueIds)
    if (ear && hears && claimed.leftNothing) ears.keep(claim, ear, claimed.queueIds)
    else ear?.stop()
    return answer(claim.session, claimed)
  }

  return async (principal, claim, signal) => {
    const { session } = claim
    const end = performance.now() + claim.waitMs
    const last = seen.get(session)
    const quiet = ears.take(claim)
    if (last && quiet) {
      const given = await rest(principal, claim, last, quiet, end - performance.now(), signal)
      if (typeof given === 'object') return leave(claim, quiet, true, given)
      quiet.stop()
      // Nobody is there any more who could take something.
      if (signal.aborted) return { assignments: [], control: { stop: [], lost: [], status: last.session.status } }
    }
    for (;;) {
      // Listens before it looks, so that what comes between the two is not slept through.
      const known = seen.get(session)
      let ear = known ? engine.hub.listen(topicsOf(known, claim)) : null
      try {
        const claimed = await look(principal, claim)
        const hears = ear !== null && sameQueues(known!, claimed)
        if (!isNothing(claimed, session, told) || signal.aborted || performance.now() >= end) {
          const mine = ear
          ear = null
          return leave(claim, mine, hears, claimed)
        }
        if (!hears || ear === null) continue
        const heard = await rest(principal, claim, claimed, ear, end - performance.now(), signal)
        if (typeof heard === 'object') {
          const mine = ear
          ear = null
          return leave(claim, mine, true, heard)
        }
        if (!heard) return answer(session, claimed)
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
