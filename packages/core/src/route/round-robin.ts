import type { Route } from './strategy.ts'

/** The next after the one chosen before, in order of identity; candidates may come and go in between. */
export const roundRobin: Route = ({ candidates, previous }) => ({
  index: Math.max(
    0,
    candidates.findIndex(({ executorId }) => previous !== null && executorId > previous),
  ),
})
