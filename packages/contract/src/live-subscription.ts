import type { LiveKind, LiveKinds, LiveMessage, LiveRequest, LiveTopic } from './live.ts'

export type LiveProblem = Extract<LiveMessage, { type: 'refused' }>['problem']

/** What a topic shows now. A new object with every change; items that have not changed are the same objects as before. */
export interface LiveView<K extends LiveKind = LiveKind> {
  readonly head: LiveKinds[K]['head']
  /** Lists: in their order. A run: as its instances came to be. A log: its last lines in order. */
  readonly items: readonly LiveKinds[K]['item'][]
}

export interface LiveWatcher<K extends LiveKind> {
  onView(view: LiveView<K>): void
  /** The server will not show it (no such object, no permission, too many topics). It is over. */
  onRefused?(problem: LiveProblem): void
  /** `true`: the view is out of date until the next `onView`; false when what it shows has turned out to be still right. */
  onStale?(stale: boolean): void
}

/** One topic as the server has told it, and who watches it. */
export interface LiveSubscription {
  readonly id: number
  readonly topic: LiveTopic
  readonly watchers: Set<LiveWatcher<LiveKind>>
  items: Map<number, unknown>
  view: LiveView | undefined
  seq: number | undefined
  stale: boolean
}

export function newSubscription(id: number, topic: LiveTopic): LiveSubscription {
  return { id, topic, watchers: new Set(), items: new Map(), view: undefined, seq: undefined, stale: false }
}

/** Asks for what has come since the server was last heard of it. */
export function subscribing({ id, topic, seq }: LiveSubscription): LiveRequest {
  return { type: 'subscribe', id, topic, ...(seq === undefined ? {} : { since: seq }) }
}

/** Takes in what the server says of the topic, and tells the watchers. */
export function takeIn(subscription: LiveSubscription, message: Snapshot | Changes): void {
  if (message.type === 'snapshot') return show(subscription, message.seq, message.data.head, mapOf(message.data.items))
  if (!subscription.view) return
  show(subscription, message.seq, message.head ?? subscription.view.head, changed(subscription.items, message))
}

export function tellStale(subscription: LiveSubscription, stale: boolean): void {
  if (subscription.stale === stale) return
  subscription.stale = stale
  for (const watcher of subscription.watchers) watcher.onStale?.(stale)
}

type Snapshot = Extract<LiveMessage, { type: 'snapshot' }>
type Changes = Extract<LiveMessage, { type: 'changes' }>
type Items = Map<number, unknown>

function show(subscription: LiveSubscription, seq: number, head: unknown, items: Items): void {
  const same = subscription.view?.head === head && subscription.items === items
  subscription.seq = seq
  subscription.items = items
  if (same) return tellStale(subscription, false)
  subscription.stale = false
  if (subscription.topic.kind === 'log') forgetOldLines(items)
  const view = { head, items: [...items.values()] } as LiveView
  subscription.view = view
  for (const watcher of subscription.watchers) watcher.onView(view)
}

/** Lines of a log that are kept; the server's REST API has all. */
const MOST_LINES = 5_000

function forgetOldLines(items: Items): void {
  for (const id of items.keys()) {
    if (items.size <= MOST_LINES) return
    items.delete(id)
  }
}

function mapOf(items: readonly unknown[]): Items {
  return new Map(items.map((item) => [(item as { id: number }).id, item]))
}

function changed(items: Items, { upserts, removed, order }: Changes): Items {
  if (upserts.length === 0 && removed.length === 0 && !order) return items
  const next = new Map(items)
  for (const id of removed) next.delete(id)
  for (const [id, item] of mapOf(upserts)) next.set(id, item)
  return order ? new Map(order.flatMap((id) => (next.has(id) ? [[id, next.get(id)] as const] : []))) : next
}
