/**
 * Gathers single calls into batches. An idle coalescer passes a call on at once; what arrives while a batch is under way becomes the
 * next one. So there is no timer, no delay when there is little to do, and large batches exactly when there is much.
 */
export interface Coalescer<Item, Answer> {
  /** Answered together with the batch that these items became part of; in the order of the items. */
  add(items: readonly Item[]): Promise<Answer[]>
}

interface Waiting<Item, Answer> {
  readonly items: readonly Item[]
  resolve(answers: Answer[]): void
  reject(error: unknown): void
}

/**
 * `run` answers each item by itself, in order; when it throws, every caller of that batch gets the error. With `lanes` > 1 that many
 * batches may be under way at once. A call is never split, so `mostItems` may be passed by the last one.
 */
export function createCoalescer<Item, Answer>(
  run: (items: readonly Item[]) => Promise<Answer[]>,
  { mostItems, lanes }: { readonly mostItems: number; readonly lanes: number },
): Coalescer<Item, Answer> {
  const waiting: Waiting<Item, Answer>[] = []
  let busy = 0

  const takeBatch = () => {
    let items = 0
    let calls = 0
    while (calls < waiting.length && (calls === 0 || items + waiting[calls]!.items.length <= mostItems))
      items += waiting[calls++]!.items.length
    return waiting.splice(0, calls)
  }

  const pump = async () => {
    busy++
    while (waiting.length > 0) {
      const batch = takeBatch()
      try {
        const answers = await run(batch.flatMap((call) => call.items))
        let from = 0
        for (const call of batch) call.resolve(answers.slice(from, (from += call.items.length)))
      } catch (error) {
        for (const call of batch) call.reject(error)
      }
    }
    busy--
  }

  return {
    add(items) {
      return new Promise((resolve, reject) => {
        waiting.push({ items, resolve, reject })
        if (busy < lanes) void pump()
      })
    },
  }
}
