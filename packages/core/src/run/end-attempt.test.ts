import { describe, expect, test } from 'vitest'
import { endAttempt, MAX_LOSSES, type AttemptEnd, type EndingAttempt } from './end-attempt.ts'
import { DEFAULT_RETRY } from './retry.ts'

const attempt: EndingAttempt = {
  attempt: 1,
  lost: 0,
  stopReason: null,
  delivery: 'AT_LEAST_ONCE',
  retry: { ...DEFAULT_RETRY, maxRetries: 2, backoff: 'FIXED', delayMs: 1_000, jitter: 0 },
}
const success: AttemptEnd = { kind: 'SUCCESS' }
const failure: AttemptEnd = { kind: 'FAILURE', errorCode: 'BROKEN', retriable: true }
const lost: AttemptEnd = { kind: 'LOST' }
const end = (more: Partial<EndingAttempt>, how: AttemptEnd) => endAttempt({ ...attempt, ...more }, how, 0.5)

test('success is final', () => {
  expect(end({}, success)).toEqual({ kind: 'FINAL', state: 'SUCCESS', errorCode: null })
})

describe('failure', () => {
  test('is repeated until no retry is left', () => {
    expect(end({ attempt: 2 }, failure)).toEqual({ kind: 'RETRY', outcome: 'FAILED', delayMs: 1_000 })
    expect(end({ attempt: 3 }, failure)).toEqual({ kind: 'FINAL', state: 'FAILED', errorCode: 'BROKEN' })
  })
  test('does not pay for attempts that were lost', () => {
    expect(end({ attempt: 4, lost: 2 }, failure)).toMatchObject({ kind: 'RETRY' })
  })
  test('that the handler calls final is final', () => {
    expect(end({}, { ...failure, retriable: false } as AttemptEnd)).toMatchObject({ kind: 'FINAL', state: 'FAILED' })
  })
  test.each([
    [{ retryOn: ['OTHER'] }, 'FINAL'],
    [{ retryOn: ['BROKEN'] }, 'RETRY'],
    [{ neverOn: ['BROKEN'], retryOn: ['BROKEN'] }, 'FINAL'],
  ])('is retriable by its code: %o → %s', (policy, kind) => {
    expect(end({ retry: { ...attempt.retry, ...policy } }, failure)).toMatchObject({ kind })
  })
  test('at-most-once is never repeated', () => {
    expect(end({ delivery: 'AT_MOST_ONCE' }, failure)).toMatchObject({ kind: 'FINAL', state: 'FAILED' })
  })
})

describe('loss', () => {
  test('at-least-once: again at once, without using up a retry', () => {
    expect(end({ attempt: 3, lost: 0, retry: { ...attempt.retry, maxRetries: 0 } }, lost)).toEqual({
      kind: 'AGAIN',
      outcome: 'LOST',
    })
  })
  test('at-most-once: LOST, for a person or a rule to decide', () => {
    expect(end({ delivery: 'AT_MOST_ONCE' }, lost)).toEqual({ kind: 'FINAL', state: 'LOST', errorCode: 'LOST' })
  })
  test('what was lost too often is taken for poison', () => {
    expect(end({ lost: MAX_LOSSES - 1 }, lost)).toEqual({ kind: 'FINAL', state: 'FAILED', errorCode: 'LOST' })
  })
  test('handed back unstarted is no attempt, whatever the delivery', () => {
    expect(end({ delivery: 'AT_MOST_ONCE' }, { kind: 'RELEASED' })).toEqual({ kind: 'AGAIN', outcome: null })
  })
})

describe('a stop that was asked for decides the outcome', () => {
  test.each([success, failure, lost, { kind: 'OVERDUE' } as const])('cancelled stays cancelled after %o', (how) => {
    expect(end({ stopReason: 'CANCEL' }, how)).toMatchObject({ kind: 'FINAL', state: 'CANCELLED', errorCode: 'CANCEL' })
    expect(end({ stopReason: 'REPLACED' }, how)).toMatchObject({ kind: 'FINAL', state: 'CANCELLED', errorCode: 'REPLACED' })
    expect(end({ stopReason: 'RUN_TIMEOUT' }, how)).toMatchObject({ kind: 'FINAL', state: 'CANCELLED', errorCode: 'RUN_TIMEOUT' })
  })
  test.each([success, failure, lost, { kind: 'OVERDUE' } as const])(
    'timed out stays timed out after %o, and is repeated by its policy',
    (how) => {
      expect(end({ stopReason: 'TIMEOUT' }, how)).toMatchObject({ kind: 'RETRY', outcome: 'TIMEOUT' })
      expect(end({ stopReason: 'TIMEOUT', attempt: 3 }, how)).toMatchObject({ kind: 'FINAL', state: 'TIMEOUT' })
    },
  )
})
