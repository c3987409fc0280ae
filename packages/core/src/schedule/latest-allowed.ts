import { calendarVerdict } from './calendar.ts'
import type { CompiledSchedule } from './compile.ts'
import { nextFire } from './next-fire.ts'

/**
 * The first of the latest `n` occurrences in [`from`, `until`] that the calendars allow (of all, if there are fewer), or null if there
 * is none. `known` is the earliest undecided occurrence, which counts as one even if the schedule alone does not tell it (FIXED_DELAY).
 *
 * The engine only looks forward, so the place is found by bisection: few steps of `n` occurrences each, however many lie between.
 */
export function latestAllowed(schedule: CompiledSchedule, known: number, from: number, until: number, n: number): number | null {
  const next = (after: number) => (after < known ? known : nextFire(schedule, after))
  let [low, high] = [from - 1, until]
  let found = firstAllowed(schedule, next, low, until, n + 1)
  if (n < 1 || found.length <= n) return n < 1 ? null : (found[0] ?? null)
  // More than n follow `low`, fewer than n follow `high`: in between exactly n do, since instants are whole.
  while (true) {
    const middle = Math.floor((low + high) / 2)
    found = firstAllowed(schedule, next, middle, until, n + 1)
    if (found.length === n) return found[0]!
    if (found.length > n) low = middle
    else high = middle
  }
}

/** The first occurrences after `after` that are allowed, at most `most` of them; excluded days are leapt over. */
function firstAllowed(
  { calendars }: CompiledSchedule,
  next: (after: number) => number | null,
  after: number,
  until: number,
  most: number,
): readonly number[] {
  const found: number[] = []
  for (let fireAt = next(after); fireAt !== null && fireAt <= until && found.length < most;) {
    const verdict = calendarVerdict(calendars, fireAt)
    if (verdict.excluded === null) found.push(fireAt)
    fireAt = next(verdict.excluded === null ? fireAt : verdict.until - 1)
  }
  return found
}
