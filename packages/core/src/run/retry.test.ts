import { describe, expect, test } from 'vitest'
import { DEFAULT_RETRY, retryDelay, type RetryPolicy } from './retry.ts'

const policy = (more: Partial<RetryPolicy>): RetryPolicy => ({
  ...DEFAULT_RETRY,
  delayMs: 1_000,
  maxDelayMs: 10_000,
  jitter: 0,
  ...more,
})
const delays = (more: Partial<RetryPolicy>) => [1, 2, 3, 4, 5].map((retry) => retryDelay(policy(more), retry, 0.5))

describe('the pause before a retry', () => {
  test('FIXED is the same each time', () => expect(delays({ backoff: 'FIXED' })).toEqual([1_000, 1_000, 1_000, 1_000, 1_000]))
  test('LINEAR grows by itself', () => expect(delays({ backoff: 'LINEAR' })).toEqual([1_000, 2_000, 3_000, 4_000, 5_000]))
  test('EXPONENTIAL doubles up to the cap', () =>
    expect(delays({ backoff: 'EXPONENTIAL' })).toEqual([1_000, 2_000, 4_000, 8_000, 10_000]))
  test('is finite however often it has doubled', () =>
    expect(retryDelay(policy({ backoff: 'EXPONENTIAL' }), 10_000, 0.5)).toBe(10_000))
  test('is spread by its jitter around itself', () => {
    expect(retryDelay(policy({ backoff: 'FIXED', jitter: 0.2 }), 1, 0)).toBe(800)
    expect(retryDelay(policy({ backoff: 'FIXED', jitter: 0.2 }), 1, 1)).toBe(1_200)
  })
})
