import type { CompiledSchedule } from './compile.ts'
import { nextFire } from './next-fire.ts'

/** Consecutive occurrences that are treated alike. */
export interface Stretch {
  readonly last: number
  readonly count: number
  /** How many occurrences had to be looked at one by one. */
  readonly seen: number
  /** The occurrence after the last, or null. */
  readonly next: number | null
}

/** The occurrences from `first` on that lie before `before` (exclusive): at most `budget` of them, except where arithmetic counts. */
export function stretchOf(schedule: CompiledSchedule, first: number, before: number, budget: number): Stretch {
  return schedule.timing.kind === 'FIXED_RATE'
    ? countedStretch(schedule, schedule.timing, first, before)
    : walkedStretch(schedule, first, before, budget)
}

function countedStretch(
  schedule: CompiledSchedule,
  { anchorAt, everyMs }: { readonly anchorAt: number; readonly everyMs: number },
  first: number,
  before: number,
): Stretch {
  const end = Math.min(before, schedule.spec.endAt ?? Infinity)
  const indexOf = (instant: number) => Math.floor((instant - anchorAt) / everyMs)
  const count = Math.max(1, indexOf(end - 1) - indexOf(first) + 1)
  const last = count === 1 ? first : anchorAt + indexOf(end - 1) * everyMs
  return { last, count, seen: 1, next: nextFire(schedule, last) }
}

function walkedStretch(schedule: CompiledSchedule, first: number, before: number, budget: number): Stretch {
  let [last, count] = [first, 1]
  let next = nextFire(schedule, last)
  while (next !== null && next < before && count < budget) {
    last = next
    count += 1
    next = nextFire(schedule, last)
  }
  return { last, count, seen: count, next }
}
