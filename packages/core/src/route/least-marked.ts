import type { Candidate } from './strategy.ts'

interface Marked {
  /** The first of those without a mark, else the first of the smallest mark. */
  readonly index: number
  /** The smallest mark and the largest; 0: there is none. */
  readonly least: number
  readonly most: number
}

export function leastMarked(candidates: readonly Candidate[]): Marked {
  let index = 0
  let least = Infinity
  let most = 0
  let unmarked = -1
  for (let place = 0; place < candidates.length; place++) {
    const { mark } = candidates[place]!
    if (mark === null) {
      if (unmarked < 0) unmarked = place
      continue
    }
    if (mark > most) most = mark
    if (mark >= least) continue
    index = place
    least = mark
  }
  return { index: unmarked < 0 ? index : unmarked, least: least === Infinity ? 0 : least, most }
}
