import type { EffectivePolicies, Policies } from '@carillon/contract'
import { DEFAULT_CONCURRENCY, DEFAULT_MISFIRE, DEFAULT_PRIORITY, DEFAULT_RETRY } from '@carillon/core'

/** What holds where nobody said anything. */
const DEFAULT_POLICIES = {
  timeoutMs: 300_000,
  retry: DEFAULT_RETRY,
  priority: DEFAULT_PRIORITY,
  concurrency: DEFAULT_CONCURRENCY,
  misfire: DEFAULT_MISFIRE,
  delivery: 'AT_LEAST_ONCE',
  route: 'ROUND_ROBIN',
  shards: null,
  ratePerSecond: null,
  searchable: [],
} as const

/** What holds in the end: the later layer wins policy by policy, for retries field by field. */
export function resolvePolicies(...layers: readonly Policies[]): EffectivePolicies {
  const merged = Object.assign({}, DEFAULT_POLICIES, ...layers) as EffectivePolicies
  const retry = Object.assign({}, DEFAULT_RETRY, ...layers.map((layer) => layer.retry)) as EffectivePolicies['retry']
  return { ...merged, retry }
}

/** Sets what is given, takes away what is null, leaves the rest. */
export function patchObject<T extends object>(before: T, patch: { readonly [K in keyof T]?: T[K] | null } | undefined): T {
  if (patch === undefined) return before
  const merged = Object.entries({ ...before, ...patch })
  return Object.fromEntries(merged.filter(([, value]) => value !== null && value !== undefined)) as T
}
