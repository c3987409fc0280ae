/**
 * Gathers single calls into batches. An idle coalescer passes a call on at once; what arrives while a batch is under way becomes the
 * next one. So there is no timer, no delay when there is little to do, and large batches exactly when there is much. For calls that nobody waits
 * for, it may gather for a while before each batch that is not full: `gatherMs`.
 */
export interface Coalescer<Item, Answer> {
  /** Answered together with the batch that these items became part of; in the order of the items. Rejects with {@link QueueFull}. */
  add(items: readonly Item[]): Promise<Answer[]>
}

/** More waits than can be worked off in a moment: whoever calls is to come again, rather than fill the memory. */
export class QueueFull extends Error {
  override readonly name = 'QueueFull'
  constructor() {
    super('More is waiting here than can be worked off in a moment. Try again.')
  }
}

interface Waiting<Item, Answer> {
  readonly items: readonly Item[]
  readonly weight: number
  resolve(answers: Answer[]): void
  reject(error: unknown): void
}

/**
 * `run` answers each item by itself, in order; when it throws, every caller of that batch gets the error. With `lanes` > 1 that many
 * batches may be under way at once. A call is never split, so `mostItems` may be passed by the last one. `mostWaiting` items may wait behind those under way; default: a hundred batches.
 * `weigh`: for how many an item counts; default: one.
 */
export function createCoalescer<Item, Answer>(
  run: (items: readonly Item[]) => Promise<Answer[]>,
  {
    mostItems,
    lanes,
    mostWaiting = 100 * mostItems,
    gatherMs = 0,
    weigh = () => 1,
  }: {
    readonly mostItems: number
    readonly lanes: number
    readonly mostWaiting?: number
    readonly gatherMs?: number
    readonly weigh?: (item: Item) => number
  },
): Coalescer<Item, Answer> {
  const waiting: Waiting<Item, Answer>[] = []
  let busy = 0
  let waitingItems = 0
  let gathering = false

  const takeBatch = () => {
    let items = 0
    let calls = 0
    while (calls < waiting.length && (calls === 0 || items + waiting[calls]!.weight <= mostItems))
      items += waiting[calls++]!.weight
    waitingItems -= items
    return waiting.splice(0, calls)
  }

  const runNext = async () => {
    const batch = takeBatch()
    try {
      const answers = await run(batch.flatMap((call) => call.items))
      let from = 0
      for (const call of batch) call.resolve(answers.slice(from, (from += call.items.length)))
    } catch (error) {
      for (const call of batch) call.reject(error)
    }
  }

  const pump = async () => {
    busy++
    while (waiting.length > 0) {
      await runNext()
      if (gatherMs > 0 && waitingItems < mostItems) break
    }
    busy--
    if (waiting.length > 0) begin()
  }

  const begin = () => {
    if (gathering || busy >= lanes) return
    if (gatherMs === 0) return void pump()
    gathering = true
    setTimeout(() => {
      gathering = false
      void pump()
    }, gatherMs)
  }

  return {
    add(items) {
      const weight = items.reduce((sum, item) => sum + weigh(item), 0)
      if (waiting.length > 0 && waitingItems + weight > mostWaiting) return Promise.reject(new QueueFull())
      return new Promise((resolve, reject) => {
        waitingItems += weight
        waiting.push({ items, weight, resolve, reject })
        begin()
      })
    },
  }
}
