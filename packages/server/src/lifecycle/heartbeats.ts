import type { Heartbeat, HeartbeatAnswer } from '@carillon/contract'
import { createCoalescer } from '../runtime/coalescer.ts'
import { renewSessions } from '../storage/executor-session.ts'
import { selectHeld } from '../storage/instance.ts'
import type { Engine } from './engine.ts'
import { groupBy } from './group.ts'
import { sessionEnded } from './sessions.ts'

/** What a heartbeat says, with the tenant that its request was authenticated for. */
type Beat = Heartbeat & { readonly tenantId: number }

/** Null: the session has ended. */
type BeatAnswer = HeartbeatAnswer | null

/**
 * Thousands of executors say every few seconds that they live, and none minds when that is written down, so beats gather for this share of a
 * lease. Those that were answered together come together the next time, as executors count their pause from the answer: most of what a beat
 * costs is to wake a process that rests, and so one wake serves many.
 */
const GATHERED_SHARE_OF_LEASE = 1 / 60
/** However long the lease is: an executor gives up a call after seconds, and hears in the answer what it should stop. */
const LONGEST_GATHERED_MS = 500
/** No group may grow so large that it holds up the event loop: what is above comes in a group of its own from then on. */
const MOST_TOGETHER = 200

/** Renews leases, also those that ran out but were not taken over, and says what executors no longer hold or should stop. */
export function createHeartbeats(engine: Engine): (beat: Beat) => Promise<HeartbeatAnswer> {
  const beats = createCoalescer<Beat, BeatAnswer>((batch) => renew(engine, batch), {
    mostItems: MOST_TOGETHER,
    lanes: 1,
    gatherMs: Math.min(engine.settings.leaseMs * GATHERED_SHARE_OF_LEASE, LONGEST_GATHERED_MS),
  })
  return async (beat) => {
    const [answer] = await beats.add([beat])
    if (!answer) throw sessionEnded(beat.session)
    return answer
  }
}

function renew(engine: Engine, beats: readonly Beat[]): Promise<BeatAnswer[]> {
  const { leaseMs } = engine.settings
  return engine.db.lease(async (tx) => {
    const [renewed, held] = await Promise.all([
      renewSessions(tx, beats, leaseMs),
      selectHeld(tx, [...new Set(beats.map(({ session }) => session))]),
    ])
    const statusOf = new Map(renewed.map(({ id, status }) => [id, status]))
    const heldBy = groupBy(held, ({ sessionId }) => sessionId)
    return beats.map(({ session, running }) => {
      const status = statusOf.get(session)
      if (status === undefined) return null
      const own = heldBy.get(session) ?? []
      const stop = own.flatMap(({ instance, token, stopReason: reason }) =>
        reason === null ? [] : [{ instance, token, reason }],
      )
      const names = new Set(own.map(({ instance, token }) => `${instance}:${token}`))
      const lost = running
        .filter(({ instance, token }) => !names.has(`${instance}:${token}`))
        .map(({ instance, token }) => ({ instance, token }))
      return { leaseMs, control: { stop, lost, status } }
    })
  })
}
