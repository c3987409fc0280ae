import type { ClaimAnswer } from '@carillon/contract'
import { setImmediate as turn } from 'node:timers/promises'
import { BackOff, rest } from './back-off.ts'
import type { Connection } from './connection.ts'
import { meaningOf } from './failed-call.ts'
import type { Places } from './places.ts'
import type { Session } from './session.ts'

export interface PullOptions {
  /** How long the server may hold a claim while there is nothing. */
  readonly waitMs: number
  /**
   * How long an executor without a free place waits for one before it asks for control alone. The claim it then sends is broken off as
   * soon as a place becomes free, which costs a connection: with short instances that would happen all the time.
   */
  readonly fullMs: number
}

export const PULL: PullOptions = { waitMs: 25_000, fullMs: 100 }

const MOST_CLAIMED = 10_000

/** Keeps one claim outstanding until the session is over. Without a free place, or while leaving, it asks for control only. */
export async function pull(connection: Connection, session: Session, places: Places, options: PullOptions): Promise<void> {
  const backOff = new BackOff(session.backOff)
  let seq = 1
  while (!session.over.aborted) {
    // Handlers that end at once have ended after this turn: their places count in the next claim.
    await turn()
    await places.until(() => places.free > 0 || !places.open, options.fullMs, session.over)
    const leaving = !places.open
    // Leaving, the first answer is wanted at once: it brings what a claim that was broken off may have been given.
    const waitMs = leaving && !session.caughtUp.aborted ? 0 : options.waitMs
    const answer = await claim(connection, session, places, seq, waitMs)
    switch (answer.kind) {
      case 'ANSWERED':
        seq += 1
        backOff.reset()
        session.attempts.accept(answer.answer.assignments)
        session.control(answer.answer.control)
        if (leaving) session.catchUp()
        break
      case 'BROKEN_OFF':
        break
      case 'FAILED':
        if (meaningOf(answer.error) === 'SESSION_ENDED') session.end()
        else await rest(backOff.next(), session.over)
    }
  }
}

type Claimed =
  | { readonly kind: 'ANSWERED'; readonly answer: ClaimAnswer }
  | { readonly kind: 'BROKEN_OFF' }
  | { readonly kind: 'FAILED'; readonly error: unknown }

/**
 * One claim. It is broken off when what it asks for is outdated: a place became free while it only waits for control, or the executor
 * leaves while it waits for work. It is then repeated under the same number, so what the server may have answered meanwhile is not lost.
 */
async function claim(connection: Connection, session: Session, places: Places, seq: number, waitMs: number): Promise<Claimed> {
  // It may have ended while a place was waited for.
  if (session.over.aborted) return { kind: 'BROKEN_OFF' }
  const max = Math.min(places.free, MOST_CLAIMED)
  const outdated = new AbortController()
  const breakOff = () => outdated.abort()
  const unwatch = places.watch(() => {
    if (max === 0 ? places.free > 0 : !places.open) breakOff()
  })
  session.over.addEventListener('abort', breakOff)
  try {
    return { kind: 'ANSWERED', answer: await connection.claim({ session: session.id, seq, max, waitMs }, outdated.signal) }
  } catch (error) {
    return outdated.signal.aborted ? { kind: 'BROKEN_OFF' } : { kind: 'FAILED', error }
  } finally {
    unwatch()
    session.over.removeEventListener('abort', breakOff)
  }
}
