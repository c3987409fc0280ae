import { leastMarked } from './least-marked.ts'
import type { Route } from './strategy.ts'

/** The one chosen least often. One that joins counts as often as the least used: it is not flooded for being new. */
export const leastFrequentlyUsed: Route = ({ candidates }) => {
  const { index, least } = leastMarked(candidates)
  const marks = candidates.map(({ mark }) => mark ?? least)
  marks[index]! += 1
  return { index, marks }
}
