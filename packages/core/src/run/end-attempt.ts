import { isRetriable, retryDelay, type RetryPolicy } from './retry.ts'
import type { InstanceState, StopReason } from './task-instance.ts'

/** How often an instance may be lost with its executor before it is held to be poison: what it does may be what kills executors. */
export const MAX_LOSSES = 5

/** What became of an attempt: what its executor reported, or what the server found out. */
export type AttemptEnd =
  | { readonly kind: 'SUCCESS' }
  | { readonly kind: 'FAILURE'; readonly errorCode: string; readonly retriable: boolean }
  /** The grace period after a time-out or a cancel passed without an answer. */
  | { readonly kind: 'OVERDUE' }
  /** The lease ended, or it was reserved and never started. */
  | { readonly kind: 'LOST' }
  /** Handed back unstarted by an executor that shuts down. */
  | { readonly kind: 'RELEASED' }

export interface EndingAttempt {
  readonly attempt: number
  /** Earlier attempts that were lost. */
  readonly lost: number
  readonly stopReason: StopReason | null
  readonly delivery: 'AT_LEAST_ONCE' | 'AT_MOST_ONCE'
  readonly retry: RetryPolicy
}

export type EndDecision =
  | { readonly kind: 'FINAL'; readonly state: InstanceState; readonly errorCode: string | null }
  | { readonly kind: 'RETRY'; readonly outcome: 'FAILED' | 'TIMEOUT'; readonly delayMs: number }
  /** Again at once, without using up a retry. Outcome null: it never started, so there was no attempt. */
  | { readonly kind: 'AGAIN'; readonly outcome: 'LOST' | null }

/**
 * Decides what follows the end of an attempt: the instance's final state, or another attempt. A stop that was asked for decides the
 * outcome: an answer that comes after it, success included, comes too late.
 */
export function endAttempt(instance: EndingAttempt, end: AttemptEnd, spread: number): EndDecision {
  switch (instance.stopReason) {
    case 'CANCEL':
    case 'REPLACED':
    case 'RUN_TIMEOUT':
      return { kind: 'FINAL', state: 'CANCELLED', errorCode: instance.stopReason }
    case 'TIMEOUT':
      return retryOr(instance, 'TIMEOUT', 'TIMEOUT', spread)
    case null:
      return endUndisturbed(instance, end, spread)
  }
}

function endUndisturbed(instance: EndingAttempt, end: AttemptEnd, spread: number): EndDecision {
  switch (end.kind) {
    case 'SUCCESS':
      return { kind: 'FINAL', state: 'SUCCESS', errorCode: null }
    case 'FAILURE':
      if (!end.retriable) return { kind: 'FINAL', state: 'FAILED', errorCode: end.errorCode }
      return retryOr(instance, 'FAILED', end.errorCode, spread)
    case 'OVERDUE':
      return retryOr(instance, 'TIMEOUT', 'TIMEOUT', spread)
    case 'RELEASED':
      return { kind: 'AGAIN', outcome: null }
    case 'LOST':
      if (instance.delivery === 'AT_MOST_ONCE') return { kind: 'FINAL', state: 'LOST', errorCode: 'LOST' }
      if (instance.lost + 1 >= MAX_LOSSES) return { kind: 'FINAL', state: 'FAILED', errorCode: 'LOST' }
      return { kind: 'AGAIN', outcome: 'LOST' }
  }
}

function retryOr(instance: EndingAttempt, outcome: 'FAILED' | 'TIMEOUT', errorCode: string, spread: number): EndDecision {
  const retriesUsed = instance.attempt - 1 - instance.lost
  // At-most-once means one execution, so what has run is never repeated by itself, however it ended.
  if (instance.delivery === 'AT_MOST_ONCE') return { kind: 'FINAL', state: outcome, errorCode }
  if (retriesUsed >= instance.retry.maxRetries || !isRetriable(instance.retry, errorCode)) {
    return { kind: 'FINAL', state: outcome, errorCode }
  }
  return { kind: 'RETRY', outcome, delayMs: retryDelay(instance.retry, retriesUsed + 1, spread) }
}
