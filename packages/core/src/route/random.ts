import type { Route } from './strategy.ts'

export const random: Route = ({ candidates, spread }) => candidates[Math.floor(spread * candidates.length)]!
