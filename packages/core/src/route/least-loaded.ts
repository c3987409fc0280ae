import type { Route } from './strategy.ts'

/** The smallest share of places taken; of equals the one with the most free places, then one by chance. */
export const leastLoaded: Route = ({ candidates, spread }) => {
  const share = (candidate: { held: number; capacity: number }) => candidate.held / candidate.capacity
  const least = Math.min(...candidates.map(share))
  const equal = candidates.filter((candidate) => share(candidate) === least)
  const roomiest = Math.max(...equal.map((candidate) => candidate.capacity - candidate.held))
  const best = equal.filter((candidate) => candidate.capacity - candidate.held === roomiest)
  return best[Math.floor(spread * best.length)]!
}
