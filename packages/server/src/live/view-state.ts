import { createGoneItems } from './gone-items.ts'
import { createViewItems, type Item, type SeenItem } from './view-items.ts'

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

/** Of items that have gone. */
const MOST_GONE = 1_000

/** `most`: items that are kept, the first to come are the first to go; a log has no end. */
export function createViewState(most = Number.POSITIVE_INFINITY): ViewState {
  const kept = createViewItems()
  const gone = createGoneItems(MOST_GONE)
  let head: Part = { json: 'null', revision: 0 }
  let arranged = 0
  let revision = 0
  let seq = 0
  let resumableFrom: number | null = null
  let made = new Map<string, string>()

  const once = (key: string, make: () => string) => {
    const text = made.get(key) ?? make()
    made.set(key, text)
    return text
  }
  const takeHead = (value: unknown, next: number): boolean => {
    const json = JSON.stringify(value)
    if (json === head.json) return false
    head = { json, revision: next }
    return true
  }
  /** Of a look that saw all items: what is missing has gone, and they are in the order in which it saw them. */
  const takeExtent = ({ extent, items }: Sight, next: number): boolean => {
    if (extent !== 'WHOLE') return kept.upsert(items, next)
    const missing = kept.dropMissing(items)
    gone.add(missing, next)
    const changed = kept.upsert(items, next)
    const rearranged = kept.arrange(items)
    if (rearranged) arranged = next
    return changed || rearranged || missing.length > 0
  }
  const changes = (what: Lacking) => {
    const upserts = [...kept.items.values()].filter(what.lacks).map(({ json }) => json)
    const removed = what.gone.filter((id) => !kept.items.has(id))
    const parts = [what.head && `"head":${head.json}`, what.order && `"order":${JSON.stringify([...kept.items.keys()])}`]
    const all = [`"seq":${seq}`, `"upserts":[${upserts.join(',')}]`, `"removed":${JSON.stringify(removed)}`, ...parts]
    return all.filter(Boolean).join(',') + '}'
  }

  return {
    revision: () => revision,
    seq: () => seq,
    size: () => kept.size() + head.json.length,
    absorb(sight) {
      const next = revision + 1
      const changed = [takeHead(sight.head, next), takeExtent(sight, next), revision === 0].includes(true)
      seq = sight.seq
      resumableFrom = latest(sight.resumableFrom, resumableFrom)
      const untrimmed = kept.trim(most)
      if (untrimmed !== null) resumableFrom = Math.max(resumableFrom ?? 0, untrimmed)
      made = new Map()
      if (changed) revision = next
      return changed
    },
    snapshot: () =>
      once('', () => {
        const items = [...kept.items.values()].map(({ json }) => json)
        return `"seq":${seq},"data":{"head":${head.json},"items":[${items.join(',')}]}}`
      }),
    changesSince(since) {
      const missing = gone.since(since)
      if (missing === null) return null
      const newer = (part: { readonly revision: number }) => part.revision > since
      return once(`r${since}`, () => changes({ lacks: newer, gone: missing, head: newer(head), order: arranged > since }))
    },
    changesFrom(since) {
      if (resumableFrom === null || since < resumableFrom || since > seq) return null
      // The head may have changed meanwhile, and the order: of those that can go on, only a log has one, which its stamps say.
      return changes({ lacks: ({ stamp }) => stamp >= since, gone: [], head: true, order: false })
    },
  }
}

/** What a viewer does not have. */
interface Lacking {
  readonly lacks: (item: Item) => boolean
  readonly gone: readonly number[]
  readonly head: boolean
  readonly order: boolean
}

/** By which stamps a client can go on: never earlier than before; null where a look says that it cannot. */
function latest(seen: number | null, known: number | null): number | null {
  return seen === null ? null : Math.max(seen, known ?? 0)
}
