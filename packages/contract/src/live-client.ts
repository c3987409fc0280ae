import type { LiveKind, LiveMessage, LiveTopic } from './live.ts'
import { openLine, type LiveSocket } from './live-line.ts'
import {
  newSubscription,
  subscribing,
  takeIn,
  tellStale,
  type LiveProblem,
  type LiveSubscription,
  type LiveWatcher,
} from './live-subscription.ts'

export type { LiveSocket } from './live-line.ts'
export type { LiveView, LiveWatcher } from './live-subscription.ts'

/**
 * `connecting`: for the first time. `live`. `paused`: nothing is sent until resumed. `lost`: tries again at `retryAt` (of this machine's clock).
 * `signedOut`: the token or session is no longer valid. `closed`: by `close()`.
 */
export type LiveStatus =
  | { readonly state: 'connecting' | 'live' | 'paused' | 'signedOut' | 'closed' }
  | { readonly state: 'lost'; readonly retryAt: number }

export interface LiveOptions {
  /** Of the server: `https://carillon.example.org`. */
  readonly baseUrl: string
  /** Opens the connection; unless given, the global WebSocket. In node the place for a token: `(url) => new WebSocket(url, { headers })`. */
  readonly connect?: (url: string) => LiveSocket
  readonly onStatus?: (status: LiveStatus) => void
  /** Whose `hidden` pauses the connection: unless given, the global document, where there is one. */
  readonly page?: LivePage | null
  /** The least and the most that is waited before connecting again, in milliseconds. */
  readonly retryMs?: readonly [least: number, most: number]
  /** Heard nothing for so long, the connection counts as lost. The server says something every 20 s. */
  readonly silenceMs?: number
  readonly random?: () => number
}

export interface LivePage {
  readonly hidden: boolean
  addEventListener(event: 'visibilitychange', listener: () => void): void
  removeEventListener(event: 'visibilitychange', listener: () => void): void
}

export interface LiveClient {
  /** Shows a topic until what it answers is called. Equal topics are one subscription: the second watcher has its view at once. */
  watch<T extends LiveTopic>(topic: T, watcher: LiveWatcher<T['kind']>): () => void
  /** Nothing more is sent until `resume`; then what has changed comes. */
  pause(): void
  resume(): void
  status(): LiveStatus
  /** The server's clock, as far as it is known. */
  serverTime(): number
  close(): void
}

/**
 * Live topics over one connection, which it makes again when it is lost: after a pause that grows and is never the same for two clients, going on
 * where each topic was.
 *
 * @example
 * const live = openLive({ baseUrl: location.origin })
 * const stop = live.watch({ kind: 'run', tenant: 'shop', run: 42 }, { onView: ({ head }) => console.log(head.state) })
 */
export function openLive(options: LiveOptions): LiveClient {
  const { random = Math.random, retryMs = [500, 15_000], silenceMs = 45_000 } = options
  const connect = options.connect ?? openWebSocket
  const page = options.page === undefined ? globalPage() : options.page
  const url = `${options.baseUrl.replace(/^http/, 'ws').replace(/\/$/, '')}/api/v1/live`
  const subscriptions = new Map<string, LiveSubscription>()
  let status: LiveStatus = { state: 'connecting' }
  let paused = false
  let ids = 0
  let ahead = 0

  const isQuiet = () => paused || (page?.hidden ?? false)
  const say = (next: LiveStatus) => {
    if (next.state === status.state && next.state !== 'lost') return
    status = next
    options.onStatus?.(next)
  }
  const turn = () => {
    line.send({ type: isQuiet() ? 'pause' : 'resume' })
    if (line.isOpen()) say({ state: isQuiet() ? 'paused' : 'live' })
  }
  const greet = () => {
    if (isQuiet()) line.send({ type: 'pause' })
    for (const subscription of subscriptions.values()) line.send(subscribing(subscription))
    say({ state: isQuiet() ? 'paused' : 'live' })
  }
  const end = (subscription: LiveSubscription, problem: LiveProblem) => {
    subscriptions.delete(keyOf(subscription.topic))
    for (const watcher of subscription.watchers) watcher.onRefused?.(problem)
  }
  const hear = (message: LiveMessage) => {
    if ('serverTime' in message) ahead = message.serverTime - Date.now()
    if (message.type === 'hello') return greet()
    if (message.type === 'ping') return
    const subscription = [...subscriptions.values()].find(({ id }) => id === message.id)
    if (!subscription) return
    if (message.type === 'resync') tellStale(subscription, true)
    else if (message.type === 'refused') end(subscription, message.problem)
    else takeIn(subscription, message)
  }
  const lose = (retryAt: number | null) => {
    for (const subscription of subscriptions.values()) tellStale(subscription, true)
    say(retryAt === null ? { state: 'signedOut' } : { state: 'lost', retryAt })
  }
  /** The topic's, made if nobody watches it yet. */
  const subscriptionTo = (topic: LiveTopic) => {
    const key = keyOf(topic)
    const known = subscriptions.get(key)
    if (known) return known
    const fresh = newSubscription(++ids, topic)
    subscriptions.set(key, fresh)
    line.send(subscribing(fresh))
    return fresh
  }
  const leave = (subscription: LiveSubscription, watcher: LiveWatcher<LiveKind>) => {
    if (!subscription.watchers.delete(watcher) || subscription.watchers.size > 0) return
    const key = keyOf(subscription.topic)
    if (subscriptions.get(key) !== subscription) return
    subscriptions.delete(key)
    line.send({ type: 'unsubscribe', id: subscription.id })
  }

  page?.addEventListener('visibilitychange', turn)
  const line = openLine({ connect: () => connect(url), retryMs, silenceMs, random, onMessage: hear, onLost: lose })
  return {
    watch(topic, watcher) {
      const mine = watcher as LiveWatcher<LiveKind>
      const subscription = subscriptionTo(topic)
      subscription.watchers.add(mine)
      if (subscription.view) mine.onView(subscription.view)
      return () => leave(subscription, mine)
    },
    pause() {
      paused = true
      turn()
    },
    resume() {
      paused = false
      turn()
    },
    status: () => status,
    serverTime: () => Date.now() + ahead,
    close() {
      page?.removeEventListener('visibilitychange', turn)
      line.close()
      say({ state: 'closed' })
    },
  }
}

/** Equal for equal topics, however their keys are ordered. */
function keyOf(topic: LiveTopic): string {
  return JSON.stringify(topic, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
}

function openWebSocket(url: string): LiveSocket {
  const { WebSocket } = globalThis as unknown as { WebSocket?: new (url: string) => LiveSocket }
  if (!WebSocket) throw new Error('There is no WebSocket here: give `connect`, for example with the package `ws`.')
  return new WebSocket(url)
}

function globalPage(): LivePage | null {
  return (globalThis as { document?: LivePage }).document ?? null
}
