import { rest } from './back-off.ts'

/**
 * How many instances may run at once, over all sessions of an executor: a handler that ignores its abort signal occupies its place even
 * after the server gave the instance to someone else.
 */
export class Places {
  readonly capacity: number
  #running = 0
  #unreported = 0
  #open = true
  #listeners = new Set<() => void>()

  constructor(capacity: number) {
    this.capacity = capacity
  }

  /** While results pile up that the server does not take, nothing new is taken either: memory stays bounded. */
  get free(): number {
    if (!this.#open || this.#unreported > this.capacity + 1000) return 0
    return Math.max(0, this.capacity - this.#running)
  }

  get running(): number {
    return this.#running
  }

  get unreported(): number {
    return this.#unreported
  }

  get open(): boolean {
    return this.#open
  }

  take(): void {
    this.#running += 1
  }

  /** The handler has ended; its result is still to be reported. */
  leave(): void {
    this.#running -= 1
    this.#unreported += 1
    this.#changed()
  }

  reported(): void {
    this.#unreported -= 1
    this.#changed()
  }

  /** Nothing is taken any more. */
  close(): void {
    this.#open = false
    this.#changed()
  }

  /** Calls `listener` at every change until the returned function is called. */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Waits until the condition holds, at most so long, and not once `unless` is aborted. */
  async until(condition: () => boolean, mostMs: number, unless: AbortSignal): Promise<void> {
    if (condition() || unless.aborted) return
    const enough = new AbortController()
    const stop = () => enough.abort()
    const unwatch = this.watch(() => {
      if (condition()) stop()
    })
    unless.addEventListener('abort', stop)
    await rest(mostMs, enough.signal)
    unless.removeEventListener('abort', stop)
    unwatch()
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }
}
