import { createBoundedMap } from './bounded-map.ts'

/** Remembers found answers for a while; questions that are under way are asked once. */
export interface Memo<Key, Extra extends unknown[], Value> {
  get(key: Key, ...extra: Extra): Promise<Value | undefined>
  clear(): void
}

export function createMemo<Key extends string, Extra extends unknown[], Value>(
  options: { readonly trustedMs: number; readonly most: number },
  ask: (key: Key, ...extra: Extra) => Promise<Value | undefined>,
): Memo<Key, Extra, Value> {
  const known = createBoundedMap<Key, { answer: Promise<Value | undefined>; until: number }>(options.most)
  return {
    get(key, ...extra) {
      // A monotonic clock: the machine's may jump.
      const now = performance.now()
      const found = known.get(key)
      if (found && found.until > now) return found.answer
      const answer = ask(key, ...extra)
      known.set(key, { answer, until: now + options.trustedMs })
      // What is not found, or could not be asked, is not remembered: a token works as soon as it exists.
      const forget = () => void (known.get(key)?.answer === answer && known.delete(key))
      answer.then((value) => value === undefined && forget(), forget)
      return answer
    },
    clear: () => known.clear(),
  }
}
