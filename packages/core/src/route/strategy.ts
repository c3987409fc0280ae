import type { RouteStrategy } from '../run/plan.ts'
import { busyover } from './busyover.ts'
import { consistentHash } from './consistent-hash.ts'
import { first } from './first.ts'
import { last } from './last.ts'
import { leastFrequentlyUsed } from './least-frequently-used.ts'
import { leastLoaded } from './least-loaded.ts'
import { leastRecentlyUsed } from './least-recently-used.ts'
import { random } from './random.ts'
import { roundRobin } from './round-robin.ts'
import { sticky } from './sticky.ts'
import { weightedRoundRobin } from './weighted-round-robin.ts'

/** An executor that may get the instance: it is in service and serves the handler under the task's selector. */
export interface Candidate {
  readonly executorId: number
  /** Instances it holds, counted from the rows. */
  readonly held: number
  readonly capacity: number
  readonly weight: number
  /** Those of a higher one come first. */
  readonly priority: number
  /** What the strategy noted of it at its last choice, in its own meaning; null: nothing yet. */
  readonly mark: number | null
}

export interface RouteChoice<C extends Candidate = Candidate> {
  /** Never empty; in order of `executorId`; all of one priority. */
  readonly candidates: readonly C[]
  /** The executor chosen before; null: none. */
  readonly previous: number | null
  /** What belongs together: the same text, the same executor. */
  readonly key: string
  /** In [0, 1). */
  readonly spread: number
}

/** Chooses one of the candidates: its place among them. Pure: what it needs to know or draw comes with the choice. */
export type Route = (choice: RouteChoice) => RouteChosen

export interface RouteChosen {
  readonly index: number
  /** What is noted of the chosen one. */
  readonly mark?: number
  /** What is noted of all candidates, in their order. */
  readonly marks?: readonly number[]
}

export const ROUTES: Readonly<Record<RouteStrategy, Route>> = {
  ROUND_ROBIN: roundRobin,
  WEIGHTED_ROUND_ROBIN: weightedRoundRobin,
  RANDOM: random,
  STICKY: sticky,
  LEAST_LOADED: leastLoaded,
  FIRST: first,
  LAST: last,
  CONSISTENT_HASH: consistentHash,
  LFU: leastFrequentlyUsed,
  LRU: leastRecentlyUsed,
  FAILOVER: first,
  BUSYOVER: busyover,
}
