interface Entry<T> {
  readonly at: number
  readonly turn: number
  readonly item: T
}

/** What is to happen in virtual time: by its instant, and of one instant in the order in which it was entered. */
export class Agenda<T> {
  /** Latest first, so that the next one is taken from the end. */
  readonly #entries: Entry<T>[] = []
  #turn = 0

  add(at: number, item: T): void {
    this.#insert({ at, turn: this.#turn++, item })
  }

  /** Comes after everything else of its instant, also what is entered later. */
  addLast(at: number, item: T): void {
    this.#insert({ at, turn: Infinity, item })
  }

  next(): { readonly at: number; readonly item: T } | undefined {
    return this.#entries.pop()
  }

  #insert(entry: Entry<T>): void {
    let [low, high] = [0, this.#entries.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isBefore(entry, this.#entries[middle]!)) low = middle + 1
      else high = middle
    }
    this.#entries.splice(low, 0, entry)
  }
}

const isBefore = (a: Entry<unknown>, b: Entry<unknown>) => a.at < b.at || (a.at === b.at && a.turn < b.turn)
