import type { Route } from './strategy.ts'

/** The one that was registered first. */
export const first: Route = () => ({ index: 0 })
