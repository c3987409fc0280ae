/**
 * Watches the database's clock against this process's own, which never jumps. While they disagree (the database's clock was set, or this
 * process was stopped and has just woken up) what takes work away from others must wait: every lease would look expired at once.
 */
export interface ClockGuard {
  /** Tells it what the database's clock says now. */
  observe(databaseNow: number): void
  /** No jump and no silence for `calmMs`. */
  isCalm(): boolean
}

const LARGEST_DRIFT_MS = 5_000

export function createClockGuard(options: {
  calmMs: number
  /** Longest time between two observations that still counts as uninterrupted. */
  silenceMs: number
  monotonic: () => number
  onJump: (ms: number) => void
}): ClockGuard {
  const { calmMs, silenceMs, monotonic, onJump } = options
  let last: { database: number; own: number } | null = null
  let calmSince = monotonic()
  return {
    observe(databaseNow) {
      const own = monotonic()
      if (last) {
        const drift = databaseNow - last.database - (own - last.own)
        if (Math.abs(drift) > LARGEST_DRIFT_MS) {
          calmSince = own
          onJump(drift)
        } else if (own - last.own > silenceMs) calmSince = own
      }
      last = { database: databaseNow, own }
    },
    isCalm() {
      const own = monotonic()
      return last !== null && own - last.own <= silenceMs && own - calmSince >= calmMs
    },
  }
}
