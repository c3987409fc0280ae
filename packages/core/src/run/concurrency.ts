import { evaluate, type Computed } from '../dag/computed.ts'

/** How the runs of one task or DAG may overlap. */
export type ConcurrencyPolicy =
  /** Any number at once, or up to `limit`; what is over the limit waits in order. */
  | { readonly policy: 'PARALLEL'; readonly limit: number | null }
  /** One after the other, in order. */
  | { readonly policy: 'SEQUENTIAL' }
  /** While one is active a new one is recorded as SKIPPED. */
  | { readonly policy: 'SINGLETON' }
  /** SEQUENTIAL or SINGLETON for each value found at `path` in the parameters (`customer.id`), or given by `expression`: it has one of the two. */
  | {
      readonly policy: 'KEYED'
      readonly path?: string
      readonly expression?: string
      readonly each: 'SEQUENTIAL' | 'SINGLETON'
    }
  /** A new run cancels the active one and follows it. */
  | { readonly policy: 'REPLACE' }

export const DEFAULT_CONCURRENCY: ConcurrencyPolicy = { policy: 'PARALLEL', limit: null }

/** What the key of a run is made from; its names are those that conditions of a DAG know. */
export interface KeyContext {
  readonly params: unknown
  /** `fireAt`: the planned time, in epoch milliseconds; null: no schedule began it. */
  readonly run: { readonly fireAt: number | null }
}

/**
 * The key under which runs of a target count against each other; null where nothing limits them. A value missing at a path is a value of its
 * own, so that forgetting the field serialises those runs instead of freeing them; an expression that fails gives no key, and no run.
 *
 * @example
 * concurrencyKey({ policy: 'KEYED', expression: 'params.region + "/" + params.tier', each: 'SEQUENTIAL' }, 7, { params, run })
 */
export function concurrencyKey(policy: ConcurrencyPolicy, targetId: number, context: KeyContext): Computed<string | null> {
  switch (policy.policy) {
    case 'PARALLEL':
      return key(policy.limit === null ? null : `${targetId}`)
    case 'SEQUENTIAL':
    case 'SINGLETON':
    case 'REPLACE':
      return key(`${targetId}`)
    case 'KEYED': {
      const { path = '', expression } = policy
      if (expression === undefined) return key(`${targetId}:${keyText(valueAt(context.params, path))}`)
      const computed = evaluate(expression, { ...context })
      return computed.kind === 'VALUE' ? key(`${targetId}:${keyText(computed.value)}`) : computed
    }
  }
}

const key = (value: string | null) => ({ kind: 'VALUE', value }) as const

/** The value at a dotted path into parameters, undefined where there is none. Only own properties are followed. */
export function valueAt(params: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    return (value as Record<string, unknown>)[name]
  }, params)
}

const LONGEST_KEY = 200

function keyText(value: unknown): string {
  const text = value === undefined ? '' : (JSON.stringify(value) ?? '')
  if (text.length <= LONGEST_KEY) return text
  // A long value keeps its beginning for people and a hash for identity (FNV-1a, 64 bit; not a defence, only a name).
  let hash = 0xcbf29ce484222325n
  for (let i = 0; i < text.length; i++) hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n)
  return `${text.slice(0, LONGEST_KEY)}…${hash.toString(16)}`
}

/** What stands under a key when a run wants to start, counted under the key's lock. */
export interface KeyHolders {
  /** Active runs that hold a slot, oldest first. */
  readonly admitted: readonly number[]
  /** Active runs that wait for one. */
  readonly queued: readonly number[]
}

export type AdmissionDecision =
  | { readonly kind: 'ADMIT' }
  /** Waits for a slot, held by `heldBy`. */
  | { readonly kind: 'QUEUE'; readonly heldBy: number }
  | { readonly kind: 'SKIP'; readonly heldBy: number }
  /** Waits, and these are asked to stop: those that run and those that wait. */
  | { readonly kind: 'REPLACE'; readonly stop: readonly number[] }

export function admit(policy: ConcurrencyPolicy, holders: KeyHolders): AdmissionDecision {
  const mode = policy.policy === 'KEYED' ? policy.each : policy.policy
  const heldBy = holders.admitted[0] ?? holders.queued[0]
  switch (mode) {
    case 'PARALLEL':
    case 'SEQUENTIAL':
      if (holders.queued.length === 0 && holders.admitted.length < slotsOf(policy)) return { kind: 'ADMIT' }
      return { kind: 'QUEUE', heldBy: heldBy ?? 0 }
    case 'SINGLETON':
      return heldBy === undefined ? { kind: 'ADMIT' } : { kind: 'SKIP', heldBy }
    case 'REPLACE':
      return heldBy === undefined ? { kind: 'ADMIT' } : { kind: 'REPLACE', stop: [...holders.admitted, ...holders.queued] }
  }
}

/** How many runs of one key may hold a slot at once. */
export function slotsOf(policy: ConcurrencyPolicy): number {
  return policy.policy === 'PARALLEL' ? (policy.limit ?? Number.POSITIVE_INFINITY) : 1
}
