import type { Contestant } from '../harness/rounds.ts'

/** What DAG engines are compared on: long chains, where each step waits for the one before it, and a wide fan. */
export const CHAIN = 10
export const FAN = 1_000
/** Runs under way at once. */
export const GRAPHS_AT_ONCE = 64

/** Steps of a round of graphs of `size` steps: fewer would measure how long one run takes, and not how many steps. */
export function leastSteps(size: number): number {
  return Math.max(size, GRAPHS_AT_ONCE * CHAIN)
}

export interface GraphContestants {
  readonly chain: Contestant
  readonly fan: Contestant
}
