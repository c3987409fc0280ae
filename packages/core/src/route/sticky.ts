import { leastLoaded } from './least-loaded.ts'
import type { Route } from './strategy.ts'

/** The one chosen before, as long as it is there; then the least loaded becomes the next home. */
export const sticky: Route = (choice) => {
  const home = choice.candidates.findIndex(({ executorId }) => executorId === choice.previous)
  return home < 0 ? leastLoaded(choice) : { index: home }
}
