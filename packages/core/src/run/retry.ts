/** How often and after which pause a failed attempt is repeated. Durations are milliseconds. */
export interface RetryPolicy {
  /** Attempts after the first; 0 = none. */
  readonly maxRetries: number
  readonly backoff: 'FIXED' | 'LINEAR' | 'EXPONENTIAL'
  readonly delayMs: number
  /** Cap of a single pause. */
  readonly maxDelayMs: number
  /** Share of the pause that is random, 0 to 1: 0.2 spreads a pause of 10 s over 8 to 12 s. */
  readonly jitter: number
  /** Error codes worth a retry; empty = all. `TIMEOUT` and `LOST` are codes too. */
  readonly retryOn: readonly string[]
  /** Error codes never retried; they win over `retryOn`. */
  readonly neverOn: readonly string[]
}

export const DEFAULT_RETRY: RetryPolicy = {
  maxRetries: 3,
  backoff: 'EXPONENTIAL',
  delayMs: 1_000,
  maxDelayMs: 300_000,
  jitter: 0.2,
  retryOn: [],
  neverOn: [],
}

/**
 * The pause before retry number `retry` (1 is the first), in milliseconds. `spread` in [0, 1) places it within the jitter; the caller
 * draws it, so this stays a function.
 */
export function retryDelay(policy: RetryPolicy, retry: number, spread: number): number {
  const grown =
    policy.backoff === 'FIXED'
      ? policy.delayMs
      : policy.backoff === 'LINEAR'
        ? policy.delayMs * retry
        : policy.delayMs * 2 ** Math.min(retry - 1, 40)
  const capped = Math.min(grown, policy.maxDelayMs)
  return Math.round(capped * (1 + policy.jitter * (2 * spread - 1)))
}

export function isRetriable(policy: RetryPolicy, errorCode: string): boolean {
  if (policy.neverOn.includes(errorCode)) return false
  return policy.retryOn.length === 0 || policy.retryOn.includes(errorCode)
}
