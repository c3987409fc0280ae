/** Lets so many do something at once; the others wait their turn, and beyond so many nobody even waits. */
export interface Lanes {
  /** Null: too many wait already, and `work` was not done. */
  run<T>(work: () => Promise<T>): Promise<T | null>
}

export function createLanes(atOnce: number, mostWaiting: number): Lanes {
  let busy = 0
  const waiting: (() => void)[] = []
  return {
    async run(work) {
      if (busy < atOnce) busy++
      else if (waiting.length >= mostWaiting) return null
      else await new Promise<void>((resolve) => waiting.push(resolve))
      try {
        return await work()
      } finally {
        // Whoever is next takes over the lane.
        const next = waiting.shift()
        if (next) next()
        else busy--
      }
    },
  }
}
