import type { Route } from './strategy.ts'

/** The smallest share of places taken; of equals the one with the most free places, then one by chance. */
export const leastLoaded: Route = ({ candidates, spread }) => {
  const equals: number[] = []
  let least = Infinity
  let roomiest = -Infinity
  for (let place = 0; place < candidates.length; place++) {
    const { held, capacity } = candidates[place]!
    const share = held / capacity
    if (share > least) continue
    const room = capacity - held
    if (share === least && room < roomiest) continue
    if (share < least || room > roomiest) equals.length = 0
    equals.push(place)
    least = share
    roomiest = room
  }
  return { index: equals[Math.floor(spread * equals.length)]! }
}
