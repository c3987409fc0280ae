import type { Route } from './strategy.ts'

export const random: Route = ({ candidates, spread }) => ({ index: Math.floor(spread * candidates.length) })
