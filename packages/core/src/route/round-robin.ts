import type { Route } from './strategy.ts'

/** The next after the one chosen before, in order of identity; candidates may come and go in between. */
export const roundRobin: Route = ({ candidates, previous }) => {
  if (previous === null) return { index: 0 }
  let low = 0
  let high = candidates.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (candidates[middle]!.executorId <= previous) low = middle + 1
    else high = middle
  }
  return { index: low % candidates.length }
}
