/** What the health URL of an executor says. UNKNOWN: it has none, or has not been asked yet. */
export const HEALTHS = ['UNKNOWN', 'HEALTHY', 'UNHEALTHY'] as const
export type Health = (typeof HEALTHS)[number]

export const FAILURES_TO_UNHEALTHY = 3
export const SUCCESSES_TO_HEALTHY = 2

export interface Checked {
  readonly health: Health
  /** Of the last checks, so many in a row have failed, or succeeded. */
  readonly failures: number
  readonly successes: number
}

export interface Judged extends Checked {
  /** The next check comes soon, not after the whole interval. */
  readonly isHurried: boolean
}

/**
 * What a check makes of an executor. The first success is enough for one that is not known yet; after that three failures in a row make it
 * unhealthy, and two successes in a row healthy again.
 *
 * @example judgeHealth({ health: 'HEALTHY', failures: 2, successes: 0 }, false).health // 'UNHEALTHY'
 */
export function judgeHealth(before: Checked, ok: boolean): Judged {
  const failures = ok ? 0 : before.failures + 1
  const successes = ok ? before.successes + 1 : 0
  const health = healthAfter(before.health, failures, successes)
  return { health, failures, successes, isHurried: health === 'UNKNOWN' }
}

function healthAfter(before: Health, failures: number, successes: number): Health {
  if (failures >= FAILURES_TO_UNHEALTHY) return 'UNHEALTHY'
  if (successes >= (before === 'UNKNOWN' ? 1 : SUCCESSES_TO_HEALTHY)) return 'HEALTHY'
  return before
}
