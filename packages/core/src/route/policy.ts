import type { RouteStrategy } from '../run/plan.ts'

/** How an executor is found for a task's instances. */
export interface RoutePolicy {
  readonly strategy: RouteStrategy
  /** Dotted path into the parameters: what is equal there belongs together (CONSISTENT_HASH, STICKY). Left out: all of the task. */
  readonly key?: string
  /** Where the strategy names an executor that has no free place, another is taken instead of waiting. */
  readonly failover?: boolean
  /** Only these executors of the app may take it. Left out: all. */
  readonly executors?: readonly RouteExecutor[]
}

export interface RouteExecutor {
  /** Its name in the app: the same process keeps it when it registers again. */
  readonly instance: string
  /** 1 where nothing is said. */
  readonly weight?: number
  /** Those of the highest are taken as long as one of them can; 5 where nothing is said. */
  readonly priority?: number
}

export const DEFAULT_WEIGHT = 1
export const DEFAULT_ROUTE_PRIORITY = 5

/** These say of each instance which executor is to have it, free or not. The others choose among those with a free place. */
export const NAMING_STRATEGIES: readonly RouteStrategy[] = ['STICKY', 'FIRST', 'LAST', 'CONSISTENT_HASH', 'FAILOVER']
export const KEYED_STRATEGIES: readonly RouteStrategy[] = ['STICKY', 'CONSISTENT_HASH']

/** A policy that says nothing but its strategy is written as that word. */
export function routeOf(route: RouteStrategy | RoutePolicy): RoutePolicy {
  return typeof route === 'string' ? { strategy: route } : route
}

/** These go by what was chosen before. */
export const REMEMBERING_STRATEGIES: readonly RouteStrategy[] = ['ROUND_ROBIN', 'WEIGHTED_ROUND_ROBIN', 'STICKY', 'LFU', 'LRU']

export function namesOne({ strategy }: RoutePolicy): boolean {
  return NAMING_STRATEGIES.includes(strategy)
}

/** Whether another takes what the named one has no place for. */
export function failsOver({ strategy, failover = false }: RoutePolicy): boolean {
  return failover || strategy === 'FAILOVER'
}

/** These only spread the load, and so does whoever asks for work when it has a free place. */
const SPREADING: readonly RouteStrategy[] = ['ROUND_ROBIN', 'RANDOM', 'LEAST_LOADED']

/**
 * Whether the server decides who gets an instance before any executor asks or is called: where the strategy does more than spread the load, and
 * where only some may take it. Otherwise it is given to whoever asks, or to the one chosen among those with free places that the server calls.
 */
export function isPlaced(route: RouteStrategy | RoutePolicy): boolean {
  const { strategy, executors } = routeOf(route)
  return executors !== undefined || !SPREADING.includes(strategy)
}
