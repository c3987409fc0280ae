import { leastMarked } from './least-marked.ts'
import type { Route } from './strategy.ts'

/** The one chosen least often. One that joins counts as often as the least used: it is not flooded for being new. */
export const leastFrequentlyUsed: Route = ({ candidates }) => {
  const { index, least } = leastMarked(candidates)
  return { index, mark: (candidates[index]!.mark ?? least) + 1 }
}
