/** Lets each item go a fixed time after it was put in. One timer serves all: with equal waits the first in is the first out. */
export class HoldBack<T> {
  readonly #ms: number
  readonly #letGo: (items: readonly T[]) => void
  #items: { readonly item: T; readonly due: number }[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(ms: number, letGo: (items: readonly T[]) => void) {
    this.#ms = ms
    this.#letGo = letGo
  }

  put(item: T): void {
    this.#items.push({ item, due: performance.now() + this.#ms })
    this.#timer ??= setTimeout(this.#onTimer, this.#ms)
  }

  clear(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#items = []
  }

  readonly #onTimer = (): void => {
    const now = performance.now()
    const ahead = this.#items.findIndex(({ due }) => due > now)
    const due = this.#items.splice(0, ahead === -1 ? this.#items.length : ahead)
    const next = this.#items[0]
    this.#timer = next === undefined ? undefined : setTimeout(this.#onTimer, Math.max(1, next.due - now))
    if (due.length > 0) this.#letGo(due.map(({ item }) => item))
  }
}
