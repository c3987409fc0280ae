import { leastMarked } from './least-marked.ts'
import type { Route } from './strategy.ts'

/** The one chosen least often. One that joins has its first turn and is then as often chosen as the least: it is not flooded for being new. */
export const leastFrequentlyUsed: Route = ({ candidates }) => {
  const { index, least } = leastMarked(candidates)
  const { mark } = candidates[index]!
  return { index, mark: mark === null ? Math.max(1, least) : mark + 1 }
}
