/** A memory with an end: once all that is kept weighs more than `most`, what was set longest ago is forgotten. */
export interface BoundedMap<Key, Value> {
  get(key: Key): Value | undefined
  set(key: Key, value: Value): void
  delete(key: Key): void
  clear(): void
}

interface Kept<Value> {
  readonly value: Value
  readonly weight: number
}

/** `weigh`: how much an entry counts; each 1 by default. What alone is heavier than `most` is not kept. */
export function createBoundedMap<Key, Value>(most: number, weigh: (value: Value) => number = () => 1): BoundedMap<Key, Value> {
  const kept = new Map<Key, Kept<Value>>()
  let total = 0
  const forget = (key: Key) => {
    total -= kept.get(key)?.weight ?? 0
    kept.delete(key)
  }
  return {
    get: (key) => kept.get(key)?.value,
    set(key, value) {
      forget(key)
      const weight = weigh(value)
      kept.set(key, { value, weight })
      total += weight
      for (const oldest of kept.keys()) {
        if (total <= most) return
        forget(oldest)
      }
    },
    delete: forget,
    clear() {
      kept.clear()
      total = 0
    },
  }
}
