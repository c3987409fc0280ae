import type { LiveKind, LiveKinds, LiveMessage, LiveRequest, LiveTopic } from './live.ts'

type Problem = Extract<LiveMessage, { type: 'refused' }>['problem']

/** What a topic shows now. A new object with every change; items that have not changed are the same objects as before. */
export interface LiveView<K extends LiveKind = LiveKind> {
  readonly head: LiveKinds[K]['head']
  /** Lists: in their order. A run: as its instances came to be. A log: its last lines in order. */
  readonly items: readonly LiveKinds[K]['item'][]
}

export interface LiveWatcher<K extends LiveKind> {
  onView(view: LiveView<K>): void
  /** The server will not show it (no such object, no permission, too many topics). It is over. */
  onRefused?(problem: Problem): void
  /** `true`: the view is out of date until the next `onView`; false when what it shows has turned out to be still right. */
  onStale?(stale: boolean): void
}

/**
 * `connecting`: for the first time. `live`. `paused`: nothing is sent until resumed. `lost`: tries again at `retryAt` (of this machine's clock).
 * `signedOut`: the token or session is no longer valid. `closed`: by `close()`.
 */
export type LiveStatus =
  | { readonly state: 'connecting' | 'live' | 'paused' | 'signedOut' | 'closed' }
  | { readonly state: 'lost'; readonly retryAt: number }

/** As much of a WebSocket as is used: the browser's, or that of the package `ws`. */
export interface LiveSocket {
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(text: string): void
  close(): void
}

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

interface Subscription {
  readonly id: number
  readonly topic: LiveTopic
  readonly watchers: Set<LiveWatcher<LiveKind>>
  items: Map<number, unknown>
  view: LiveView | undefined
  seq: number | undefined
  stale: boolean
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
  const subscriptions = new Map<string, Subscription>()
  let status: LiveStatus = { state: 'connecting' }
  let socket: LiveSocket | undefined
  let open = false
  let paused = false
  let failures = 0
  let ids = 0
  let ahead = 0
  let retry: ReturnType<typeof setTimeout> | undefined
  let silence: ReturnType<typeof setTimeout> | undefined

  const isQuiet = () => paused || (page?.hidden ?? false)
  const say = (next: LiveStatus) => {
    if (next.state === status.state && next.state !== 'lost') return
    status = next
    options.onStatus?.(next)
  }
  const send = (request: LiveRequest) => {
    if (open) socket!.send(JSON.stringify(request))
  }
  const subscribe = ({ id, topic, seq }: Subscription) =>
    send({ type: 'subscribe', id, topic, ...(seq === undefined ? {} : { since: seq }) })

  const begin = () => {
    const mine = connect(url)
    const isMine = (act: (event: never) => void) => (event: never) => {
      if (socket === mine) act(event)
    }
    socket = mine
    mine.onopen = isMine(hearSomething)
    mine.onmessage = isMine(({ data }: { data: unknown }) => {
      hearSomething()
      hear(JSON.parse(String(data)) as LiveMessage)
    })
    mine.onclose = isMine(({ code }: { code?: number }) => lose(code === SIGNED_OUT))
    mine.onerror = () => undefined
    hearSomething()
  }

  function hearSomething(): void {
    clearTimeout(silence)
    silence = setTimeout(() => {
      drop()
      lose(false)
    }, silenceMs)
  }

  const drop = () => {
    const old = socket
    socket = undefined
    open = false
    clearTimeout(silence)
    old?.close()
  }

  function lose(signedOut: boolean): void {
    drop()
    for (const subscription of subscriptions.values()) tellStale(subscription, true)
    if (signedOut) return say({ state: 'signedOut' })
    const [least, most] = retryMs
    // Of the whole range, so that the clients of a node that went away do not come back at once.
    const ms = least + random() * (Math.min(most, least * 2 ** ++failures) - least)
    retry = setTimeout(begin, ms)
    say({ state: 'lost', retryAt: Date.now() + ms })
  }

  function hear(message: LiveMessage): void {
    if (message.type === 'hello') return greet(message.serverTime)
    if (message.type === 'ping') return void (ahead = message.serverTime - Date.now())
    const subscription = [...subscriptions.values()].find(({ id }) => id === message.id)
    if (!subscription) return
    if (message.type === 'resync') return tellStale(subscription, true)
    if (message.type === 'refused') return end(subscription, message.problem)
    if (message.type === 'changes' && !subscription.view) return
    if (message.type === 'snapshot') take(subscription, message.seq, message.data.head, mapOf(message.data.items))
    else take(subscription, message.seq, message.head ?? subscription.view!.head, changed(subscription.items, message))
  }

  function greet(serverTime: number): void {
    ahead = serverTime - Date.now()
    failures = 0
    open = true
    if (isQuiet()) send({ type: 'pause' })
    for (const subscription of subscriptions.values()) subscribe(subscription)
    say({ state: isQuiet() ? 'paused' : 'live' })
  }

  const take = (subscription: Subscription, seq: number, head: unknown, items: Map<number, unknown>) => {
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

  const tellStale = (subscription: Subscription, stale: boolean) => {
    if (subscription.stale === stale) return
    subscription.stale = stale
    for (const watcher of subscription.watchers) watcher.onStale?.(stale)
  }

  const end = (subscription: Subscription, problem: Problem) => {
    subscriptions.delete(keyOf(subscription.topic))
    for (const watcher of subscription.watchers) watcher.onRefused?.(problem)
  }

  const turn = () => {
    send({ type: isQuiet() ? 'pause' : 'resume' })
    if (open) say({ state: isQuiet() ? 'paused' : 'live' })
  }

  page?.addEventListener('visibilitychange', turn)
  begin()
  return {
    watch(topic, watcher) {
      const key = keyOf(topic)
      const known = subscriptions.get(key)
      const fresh = { topic, watchers: new Set<LiveWatcher<LiveKind>>(), items: new Map(), view: undefined, seq: undefined }
      const subscription = known ?? { ...fresh, id: ++ids, stale: false }
      const mine = watcher as LiveWatcher<LiveKind>
      subscription.watchers.add(mine)
      if (!known) {
        subscriptions.set(key, subscription)
        subscribe(subscription)
      } else if (known.view) mine.onView(known.view)
      return () => {
        if (!subscription.watchers.delete(mine) || subscription.watchers.size > 0) return
        if (subscriptions.get(key) !== subscription) return
        subscriptions.delete(key)
        send({ type: 'unsubscribe', id: subscription.id })
      }
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
      clearTimeout(retry)
      page?.removeEventListener('visibilitychange', turn)
      drop()
      say({ state: 'closed' })
    },
  }
}

/** CLOSE_UNAUTHENTICATED. The schemas are not imported for it: they would come along into a page. */
const SIGNED_OUT = 4401

/** Lines of a log that are kept; the server's REST API has all. */
const MOST_LINES = 5_000

function forgetOldLines(items: Map<number, unknown>): void {
  for (const id of items.keys()) {
    if (items.size <= MOST_LINES) return
    items.delete(id)
  }
}

type Changes = Extract<LiveMessage, { type: 'changes' }>

function mapOf(items: readonly unknown[]): Map<number, unknown> {
  return new Map(items.map((item) => [(item as { id: number }).id, item]))
}

function changed(items: Map<number, unknown>, { upserts, removed, order }: Changes): Map<number, unknown> {
  if (upserts.length === 0 && removed.length === 0 && !order) return items
  const next = new Map(items)
  for (const id of removed) next.delete(id)
  for (const [id, item] of mapOf(upserts)) next.set(id, item)
  return order ? new Map(order.flatMap((id) => (next.has(id) ? [[id, next.get(id)] as const] : []))) : next
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
