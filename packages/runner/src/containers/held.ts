import { heldKey, type Labels } from './identity.ts'

/** The attempts whose containers are looked after. What bears this executor's identity and is none of them was left behind. */
export class Held {
  readonly #keys = new Set<string>()

  async during<T>(labels: Labels, work: () => Promise<T>): Promise<T> {
    const key = heldKey(labels)
    this.#keys.add(key)
    try {
      return await work()
    } finally {
      this.#keys.delete(key)
    }
  }

  has(labels: Labels): boolean {
    return this.#keys.has(heldKey(labels))
  }
}
