export interface BackOffOptions {
  /** The first wait, in milliseconds. */
  readonly firstMs: number
  /** No wait is longer. */
  readonly mostMs: number
}

export const BACK_OFF: BackOffOptions = { firstMs: 100, mostMs: 5000 }

/** Waits that double, each spread over its upper half so that executors which lost the server together do not come back together. */
export class BackOff {
  readonly #options: BackOffOptions
  #failures = 0

  constructor(options: BackOffOptions) {
    this.#options = options
  }

  reset(): void {
    this.#failures = 0
  }

  next(): number {
    const full = Math.min(this.#options.mostMs, this.#options.firstMs * 2 ** Math.min(this.#failures, 30))
    this.#failures += 1
    return full / 2 + (Math.random() * full) / 2
  }
}

/** Resolves after `ms`, or at once when `signal` is or becomes aborted. */
export function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
