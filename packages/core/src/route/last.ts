import type { Route } from './strategy.ts'

/** The one that was registered last. */
export const last: Route = ({ candidates }) => ({ index: candidates.length - 1 })
