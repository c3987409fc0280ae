import { LONGEST_INTERVAL_MS, type SpecProblem } from './compile.ts'

/** What becomes of a backlog: see misfire.ts. */
export type MisfirePolicy =
  | { readonly policy: 'SKIP' }
  | { readonly policy: 'FIRE_ONCE' }
  | { readonly policy: 'CATCH_UP'; readonly maxFires: number; readonly windowMs: number; readonly perMinute: number }

/** What holds where neither the schedule nor its task nor the task's type says anything. */
export const DEFAULT_MISFIRE: MisfirePolicy = { policy: 'FIRE_ONCE' }

export const MOST_CATCH_UP_FIRES = 1_000
export const MOST_CATCH_UP_PER_MINUTE = 6_000

/** What is wrong with a policy; empty if nothing is. */
export function misfireProblems(policy: MisfirePolicy): readonly SpecProblem[] {
  if (policy.policy !== 'CATCH_UP') return []
  const bounds = { maxFires: MOST_CATCH_UP_FIRES, windowMs: LONGEST_INTERVAL_MS, perMinute: MOST_CATCH_UP_PER_MINUTE }
  return (['maxFires', 'windowMs', 'perMinute'] as const)
    .filter((key) => !Number.isInteger(policy[key]) || policy[key] < 1 || policy[key] > bounds[key])
    .map((key) => ({ path: `misfire.${key}`, message: `must be a whole number from 1 to ${bounds[key]}` }))
}

/**
 * How caught-up runs are spread: `batch` of them, then none for `everyMs`. Batches of one size at one distance, or some minute would
 * see more than `perMinute` runs; up to one a second they start one by one.
 */
export function paceOf(policy: MisfirePolicy): { readonly batch: number; readonly everyMs: number } {
  const perMinute = policy.policy === 'CATCH_UP' ? policy.perMinute : 1
  const batch = Math.max(1, Math.floor(perMinute / 60))
  return { batch, everyMs: Math.ceil(60_000 / Math.floor(perMinute / batch)) }
}
