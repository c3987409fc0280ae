import { CarillonError } from '@carillon/core'
import { createRefusalBrake } from '../runtime/refusal-brake.ts'

/** Holds back a session that asks for more than pages have a use for: a forgotten tab that runs in circles is nobody's reason to wait. */
export interface SessionPace {
  /** Throws when it is too much. */
  take(sessionId: number): void
}

const AT_ONCE = 200
const PER_SECOND = 20

export function createSessionPace(now = () => performance.now()): SessionPace {
  // Every request counts here as what the brake calls a refusal.
  const brake = createRefusalBrake({ atOnce: AT_ONCE, perSecond: PER_SECOND, addresses: 10_000, now })
  return {
    take(sessionId) {
      const key = String(sessionId)
      if (brake.holdsBack(key))
        throw new CarillonError(
          'RATE_LIMITED',
          `Your open pages ask for more than ${PER_SECOND} things a second. Nothing is lost; this one waits a moment and goes on.`,
        )
      brake.refused(key)
    },
  }
}
