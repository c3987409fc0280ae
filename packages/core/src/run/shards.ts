import type { NodeForEach } from '../dag/plan.ts'

/** The most parts that a run of one task falls into. */
export const MOST_SHARDS = 1_000

interface ShardRules {
  /** Shards at work at once; 0 = no limit. */
  readonly maxParallel?: number
  /** The run succeeds when at least this share of its shards does; 1 = all. */
  readonly successShare?: number
}

/**
 * How a run of a task falls apart into instances that each do a part: so many that know their index and the total, one for each set of
 * parameters, or one on every executor that is live when the run begins.
 */
export type ShardsPolicy = ShardRules &
  (
    | { readonly mode: 'COUNT'; readonly total: number }
    | { readonly mode: 'PARAMS'; readonly params: readonly Readonly<Record<string, unknown>>[] }
    | { readonly mode: 'BROADCAST' }
  )

/** A sharded task is a fan-out whose list is known before its run. */
export function forEachShard({ maxParallel = 0, successShare = 1, ...shards }: ShardsPolicy): NodeForEach {
  return { over: overOf(shards), maxParallel, successShare }
}

function overOf(shards: ShardsPolicy): NodeForEach['over'] {
  switch (shards.mode) {
    case 'COUNT':
      return { kind: 'SHARDS', params: Array.from({ length: shards.total }, () => ({})) }
    case 'PARAMS':
      return { kind: 'SHARDS', params: shards.params }
    case 'BROADCAST':
      return { kind: 'EXECUTORS' }
  }
}
