/**
 * Runs a step when woken, never two at once. Woken while idle it starts at the end of this turn of the event loop, so that whatever ends in
 * the same turn travels together; woken while the step is under way it runs again. So a request goes out at once when nothing is under
 * way, and otherwise takes along everything that gathered.
 */
export class Pump {
  readonly #step: () => Promise<void>
  #woken = false
  #running = false

  /** `step` handles its own errors. */
  constructor(step: () => Promise<void>) {
    this.#step = step
  }

  wake(): void {
    this.#woken = true
    if (this.#running) return
    this.#running = true
    setImmediate(() => void this.#run())
  }

  async #run(): Promise<void> {
    while (this.#woken) {
      this.#woken = false
      await this.#step()
    }
    this.#running = false
  }
}
