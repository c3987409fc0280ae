import { leastMarked } from './least-marked.ts'
import type { Route } from './strategy.ts'

/** The one whose last choice is longest ago; those never chosen first. Marks are the order of the choices. */
export const leastRecentlyUsed: Route = ({ candidates }) => {
  const { index, most } = leastMarked(candidates)
  return { index, mark: most + 1 }
}
