import type { Candidate } from './strategy.ts'

/** The first of those without a mark, else the first of the smallest mark. */
export function leastMarked(candidates: readonly Candidate[]): { readonly index: number; readonly least: number } {
  let index = -1
  let least = Infinity
  let unmarked = -1
  for (const [place, { mark }] of candidates.entries()) {
    if (mark === null) unmarked = unmarked < 0 ? place : unmarked
    else if (mark < least) {
      index = place
      least = mark
    }
  }
  return { index: unmarked < 0 ? index : unmarked, least: index < 0 ? 0 : least }
}
