import { calendarVerdict } from './calendar.ts'
import type { CompiledSchedule } from './compile.ts'
import { nextFire } from './next-fire.ts'

/**
 * The first of the latest `n` occurrences in [`from`, `until`] that the calendars allow (of all, if there are fewer), or null if there
 * is none. `known` is the earliest undecided occurrence, which counts as one even if the schedule alone does not tell it (FIXED_DELAY).
 *
 * The engine only looks forward, so a place is sought from which `n` to `2n` remain: by one guess, as occurrences are mostly evenly
 * spread, and then by bisection. Each try looks at `2n` occurrences, however many lie between.
 */
export function latestAllowed(schedule: CompiledSchedule, known: number, from: number, until: number, n: number): number | null {
  if (n < 1) return null
  const next = (after: number) => (after < known ? known : nextFire(schedule, after))
  const rest = (after: number) => firstAllowed(schedule, next, after, until, 2 * n + 1)
  let [low, high] = [from - 1, until]
  let found = rest(low)
  if (found.length <= 2 * n) return found.at(-n) ?? found[0] ?? null
  let middle = Math.floor(until - (1.5 * n * (found[2 * n]! - found[0]!)) / (2 * n))
  // More than 2n follow `low` and fewer than n follow `high`, and from one millisecond to the next it is one at most.
  while (true) {
    if (middle <= low || middle >= high) middle = Math.floor((low + high) / 2)
    found = rest(middle)
    if (found.length >= n && found.length <= 2 * n) return found.at(-n)!
    if (found.length > 2 * n) low = middle
    else high = middle
    middle = low
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
