/** An item as a look has seen it. */
export interface SeenItem {
  readonly id: number
  readonly value: unknown
  /** The `seq` that a client must be beyond for having it in this form. */
  readonly stamp?: number
}

/** What is kept of an item: the text that is sent, and since when it is so. */
export interface Item {
  readonly json: string
  readonly stamp: number
  readonly revision: number
}

/** The items of a topic in their order. */
export interface ViewItems {
  readonly items: ReadonlyMap<number, Item>
  /** Characters that are kept. */
  size(): number
  /** Takes in those that are new or have changed; whether any has. */
  upsert(seen: readonly SeenItem[], revision: number): boolean
  /** Drops those that are not among the seen, and says which. */
  dropMissing(seen: readonly SeenItem[]): readonly number[]
  /** Brings them into the order of the seen; whether that is another than the last time. */
  arrange(seen: readonly SeenItem[]): boolean
  /** Drops the first beyond so many; null, or the `seq` from which on nothing was dropped. */
  trim(most: number): number | null
}

export function createViewItems(): ViewItems {
  const items = new Map<number, Item>()
  let order = ''
  let size = 0

  const put = (id: number, item: Item) => {
    size += item.json.length - (items.get(id)?.json.length ?? 0)
    items.set(id, item)
  }
  const drop = (id: number) => {
    size -= items.get(id)?.json.length ?? 0
    items.delete(id)
  }
  return {
    items,
    size: () => size,
    upsert(seen, revision) {
      let changed = false
      for (const { id, value, stamp = 0 } of seen) {
        const json = JSON.stringify(value)
        if (items.get(id)?.json === json) continue
        put(id, { json, stamp, revision })
        changed = true
      }
      return changed
    },
    dropMissing(seen) {
      const there = new Set(seen.map(({ id }) => id))
      const missing = [...items.keys()].filter((id) => !there.has(id))
      missing.forEach(drop)
      return missing
    },
    arrange(seen) {
      const next = seen.map(({ id }) => id).join()
      if (next === order) return false
      order = next
      for (const { id } of seen) {
        const item = items.get(id)!
        items.delete(id)
        items.set(id, item)
      }
      return true
    },
    trim(most) {
      let from: number | null = null
      for (const [id, { stamp }] of items) {
        if (items.size <= most) break
        drop(id)
        from = Math.max(from ?? 0, stamp + 1)
      }
      return from
    },
  }
}
