import type { Candidate, Route } from './strategy.ts'

/** The smallest share of places taken; of equals the one with the most free places, then one by chance. */
export const leastLoaded: Route = ({ candidates, spread }) => {
  let best: number[] = []
  let least = Infinity
  let roomiest = -Infinity
  for (const [index, candidate] of candidates.entries()) {
    const share = candidate.held / candidate.capacity
    const room = freePlaces(candidate)
    if (share < least || (share === least && room > roomiest)) {
      best = [index]
      least = share
      roomiest = room
    } else if (share === least && room === roomiest) best.push(index)
  }
  return { index: best[Math.floor(spread * best.length)]! }
}

const freePlaces = ({ capacity, held }: Candidate) => capacity - held
