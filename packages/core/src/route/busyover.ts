import type { Route } from './strategy.ts'

/** The first that does nothing; where all do something, the first. */
export const busyover: Route = ({ candidates }) => ({
  index: Math.max(
    0,
    candidates.findIndex(({ held }) => held === 0),
  ),
})
