import type { Contestant } from '../harness/rounds.ts'

/** What DAG engines are compared on: long chains, where each step waits for the one before it, and a wide fan. */
export const CHAIN = 10
export const FAN = 1_000
/** Of a round: fewer would measure how long one run takes, and not how many steps. */
export const LEAST_STEPS = 1_000
/** Runs under way at once. */
export const GRAPHS_AT_ONCE = 64

export interface GraphContestants {
  readonly chain: Contestant
  readonly fan: Contestant
}
