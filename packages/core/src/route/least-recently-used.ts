import { leastMarked } from './least-marked.ts'
import type { Route } from './strategy.ts'

/** The one whose last choice is longest ago; those never chosen first. Marks are the order of the choices. */
export const leastRecentlyUsed: Route = ({ candidates }) => {
  const { index } = leastMarked(candidates)
  const newest = candidates.reduce((most, { mark }) => (mark !== null && mark > most ? mark : most), 0)
  const marks = candidates.map(({ mark }) => mark ?? 0)
  marks[index] = newest + 1
  return { index, marks }
}
