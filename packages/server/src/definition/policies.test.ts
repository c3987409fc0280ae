import { expect, test } from 'vitest'
import { patchObject, resolvePolicies } from './policies.ts'

test('TYP-3 what nobody set: 3 retries, 300 s, priority 5, PARALLEL, ROUND_ROBIN, at-least-once, FIRE_ONCE', () => {
  expect(resolvePolicies()).toMatchObject({
    retry: { maxRetries: 3 },
    timeoutMs: 300_000,
    priority: 5,
    concurrency: { policy: 'PARALLEL', limit: null },
    route: 'ROUND_ROBIN',
    delivery: 'AT_LEAST_ONCE',
    misfire: { policy: 'FIRE_ONCE' },
  })
})

test('the task wins over the type, policy by policy, and retries field by field', () => {
  const type = { timeoutMs: 1, priority: 9, retry: { maxRetries: 1, delayMs: 10 } }
  const task = { timeoutMs: 2, retry: { delayMs: 20 } }
  expect(resolvePolicies(type, task)).toMatchObject({
    timeoutMs: 2,
    priority: 9,
    retry: { maxRetries: 1, delayMs: 20, backoff: 'EXPONENTIAL' },
  })
})

test('a patch sets what it gives, takes away what is null, leaves the rest', () => {
  expect(patchObject({ a: 1, b: 2, c: 3 }, { a: 5, b: null })).toEqual({ a: 5, c: 3 })
  expect(patchObject({ a: 1 }, undefined)).toEqual({ a: 1 })
})
