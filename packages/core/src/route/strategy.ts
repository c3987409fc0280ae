import type { RouteStrategy } from '../run/plan.ts'
import { leastLoaded } from './least-loaded.ts'
import { random } from './random.ts'
import { roundRobin } from './round-robin.ts'

/** An executor that may get the instance: it is online, serves the handler and has a free place. */
export interface Candidate {
  readonly executorId: number
  /** Instances it holds, counted from the rows. */
  readonly held: number
  readonly capacity: number
}

export interface RouteChoice {
  /** Never empty; in order of `executorId`. */
  readonly candidates: readonly Candidate[]
  /** The executor chosen before for this task; null: none. */
  readonly previous: number | null
  /** In [0, 1). */
  readonly spread: number
}

/** Chooses one of the candidates. Pure: what it needs to know or draw comes with the choice. */
export type Route = (choice: RouteChoice) => Candidate

export const ROUTES: Readonly<Record<RouteStrategy, Route>> = {
  ROUND_ROBIN: roundRobin,
  RANDOM: random,
  LEAST_LOADED: leastLoaded,
}
