import type { Route } from './strategy.ts'

/**
 * Smooth: each gains its weight at every choice, the richest is chosen and pays what all gained. Those of large weight are spread between
 * the others instead of following themselves (5, 1, 1 becomes a a b a c a a).
 */
export const weightedRoundRobin: Route = ({ candidates }) => {
  const marks = new Array<number>(candidates.length)
  let index = 0
  let total = 0
  for (let place = 0; place < candidates.length; place++) {
    const { mark, weight } = candidates[place]!
    total += weight
    const richer = (mark ?? 0) + weight
    marks[place] = richer
    if (richer > marks[index]!) index = place
  }
  marks[index]! -= total
  return { index, marks }
}
