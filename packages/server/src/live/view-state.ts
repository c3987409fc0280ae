/** What a look has seen of a topic. */
export interface Sight {
  /** How far it goes, as clients are told: from there on they can go on. */
  readonly seq: number
  readonly head: unknown
  /** WHOLE: all items in their order; what is missing has gone. CHANGED: those that may have changed. */
  readonly extent: 'WHOLE' | 'CHANGED'
  readonly items: readonly SeenItem[]
  /** From which `seq` on a client can go on by the stamps of the items; null: by none. */
  readonly resumableFrom: number | null
}

export interface SeenItem {
  readonly id: number
  readonly value: unknown
  /** The `seq` that a client must be beyond for having it in this form. */
  readonly stamp?: number
}

/**
 * What a topic shows now, kept as the text that is sent. Each part knows the revision in which it changed, so that what any viewer lacks is made from
 * it, however long ago that one was served, and made once for all that lack the same.
 */
export interface ViewState {
  /** Rises with each change; 0: nothing has been seen yet. */
  revision(): number
  seq(): number
  /** Characters that are kept. */
  size(): number
  /** Takes in what was seen; whether anything changed. */
  absorb(sight: Sight): boolean
  /** The rest of a message, from `"seq"` on. */
  snapshot(): string
  /** What has changed since a revision; null: it is too long ago to say. */
  changesSince(revision: number): string | null
  /** What has changed since a `seq` that another node, or this one before a restart, has given out; null: that cannot be said. */
  changesFrom(seq: number): string | null
}

interface Part {
  readonly json: string
  readonly revision: number
}

interface Item extends Part {
  readonly stamp: number
}

/** Of items that have gone: as many are remembered for viewers who come to hear of them late. */
const MOST_GONE = 1_000

/** `most`: items that are kept, the first to come are the first to go; a log has no end. */
export function createViewState(most = Number.POSITIVE_INFINITY): ViewState {
  const items = new Map<number, Item>()
  let gone: { readonly id: number; readonly revision: number }[] = []
  let goneUntil = 0
  let head: Part = { json: 'null', revision: 0 }
  let arranged = { as: '', revision: 0 }
  let revision = 0
  let seq = 0
  let size = 0
  let resumableFrom: number | null = null
  let made = new Map<string, string>()

  const put = (id: number, item: Item) => {
    size += item.json.length - (items.get(id)?.json.length ?? 0)
    items.set(id, item)
  }
  const drop = (id: number) => {
    size -= items.get(id)?.json.length ?? 0
    items.delete(id)
  }
  const upsert = (seen: readonly SeenItem[], next: number): boolean => {
    let changed = false
    for (const { id, value, stamp = 0 } of seen) {
      const json = JSON.stringify(value)
      const known = items.get(id)
      if (known?.json === json) continue
      put(id, { json, stamp, revision: next })
      changed = true
    }
    return changed
  }
  const dropMissing = (seen: readonly SeenItem[], next: number): boolean => {
    const there = new Set(seen.map(({ id }) => id))
    const missing = [...items.keys()].filter((id) => !there.has(id))
    for (const id of missing) drop(id)
    gone.push(...missing.map((id) => ({ id, revision: next })))
    const tooMany = gone.length - MOST_GONE
    if (tooMany > 0) goneUntil = gone[tooMany - 1]!.revision
    if (tooMany > 0) gone = gone.slice(tooMany)
    return missing.length > 0
  }
  const arrange = (seen: readonly SeenItem[], next: number): boolean => {
    const as = seen.map(({ id }) => id).join()
    if (as === arranged.as) return false
    arranged = { as, revision: next }
    for (const { id } of seen) {
      const item = items.get(id)!
      items.delete(id)
      items.set(id, item)
    }
    return true
  }
  const trim = () => {
    for (const [id, { stamp }] of items) {
      if (items.size <= most) return
      drop(id)
      resumableFrom = Math.max(resumableFrom ?? 0, stamp + 1)
    }
  }
  const once = (key: string, make: () => string) => {
    const text = made.get(key) ?? make()
    made.set(key, text)
    return text
  }
  const changes = (isNew: (item: Item) => boolean, newer: (part: { revision: number }) => boolean) => {
    const upserts = [...items.values()].filter(isNew).map(({ json }) => json)
    const removed = gone.filter((each) => newer(each) && !items.has(each.id)).map(({ id }) => id)
    const parts = [
      newer(head) && `"head":${head.json}`,
      newer(arranged) && `"order":${JSON.stringify([...items.keys()])}`,
    ].filter(Boolean)
    return [`"seq":${seq}`, `"upserts":[${upserts.join(',')}]`, `"removed":${JSON.stringify(removed)}`, ...parts].join(',') + '}'
  }

  return {
    revision: () => revision,
    seq: () => seq,
    size: () => size + head.json.length,
    absorb(sight) {
      const next = revision + 1
      const headJson = JSON.stringify(sight.head)
      const headChanged = headJson !== head.json
      if (headChanged) head = { json: headJson, revision: next }
      const whole = sight.extent === 'WHOLE'
      const changed = [
        whole && dropMissing(sight.items, next),
        upsert(sight.items, next),
        whole && arrange(sight.items, next),
        headChanged,
        revision === 0,
      ].includes(true)
      seq = sight.seq
      resumableFrom = sight.resumableFrom === null ? null : Math.max(sight.resumableFrom, resumableFrom ?? 0)
      trim()
      made = new Map()
      if (changed) revision = next
      return changed
    },
    snapshot: () =>
      once(
        '',
        () => `"seq":${seq},"data":{"head":${head.json},"items":[${[...items.values()].map(({ json }) => json).join(',')}]}}`,
      ),
    changesSince(since) {
      if (since < goneUntil) return null
      const newer = (part: { revision: number }) => part.revision > since
      return once(`r${since}`, () => changes(newer, newer))
    },
    changesFrom(since) {
      if (resumableFrom === null || since < resumableFrom || since > seq) return null
      // The head may have changed meanwhile, and the order: of those that can go on, only a log has one, which its stamps say.
      return changes(
        ({ stamp }) => stamp >= since,
        (part) => part === head,
      )
    },
  }
}
