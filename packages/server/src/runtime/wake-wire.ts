import pg from 'pg'
import type { WakeHub } from './wake-hub.ts'

/**
 * Carries wake-ups between nodes over LISTEN/NOTIFY, on one connection of its own: gathered for a few milliseconds and sent outside of any
 * transaction that does work, because NOTIFY serialises the commits of those that use it. Losing the wire costs a poll interval.
 */
export interface WakeWire {
  close(): Promise<void>
}

const CHANNEL = 'carillon_wake'
const GATHER_MS = 20
const RECONNECT_MS = 1_000
const CONNECT_MS = 5_000
/** PostgreSQL refuses payloads of 8,000 bytes. */
const LONGEST = 7_000

export function openWakeWire(options: {
  url: string
  nodeId: string
  hub: WakeHub
  onError: (error: unknown) => void
}): WakeWire {
  const { url, nodeId, hub, onError } = options
  const pending = new Set<string>()
  let client: pg.Client | null = null
  let sending: NodeJS.Timeout | null = null
  let reconnecting: NodeJS.Timeout | null = null
  let closed = false

  // One statement at a time: while the database is slow, hints gather (and are the same ones) instead of queueing up behind it.
  const send = async () => {
    const payloads = payloadsOf(nodeId, pending)
    pending.clear()
    await client?.query('select pg_notify($1, payload) from unnest($2::text[]) as payload', [CHANNEL, payloads]).catch(failed)
    sending = null
    if (pending.size > 0) sendSoon()
  }
  // What is cut off by closing is no failure.
  const failed = (error: unknown) => {
    if (!closed) onError(error)
  }
  const sendSoon = () => {
    if (!closed) sending ??= setTimeout(() => void send(), GATHER_MS)
  }

  const unhear = hub.onWake((topic) => {
    pending.add(topic)
    sendSoon()
  })

  const connect = async () => {
    const next = new pg.Client({
      connectionString: url,
      application_name: 'carillon wake',
      keepAlive: true,
      connectionTimeoutMillis: CONNECT_MS,
    })
    let isLost = false
    const lost = (error?: unknown) => {
      if (isLost) return
      isLost = true
      if (client === next) client = null
      // One that has connected and could not listen would stay open for ever.
      next.end().catch(() => undefined)
      if (closed) return
      if (error) onError(error)
      reconnecting ??= setTimeout(reconnect, RECONNECT_MS)
    }
    next.on('error', lost)
    next.on('end', () => lost())
    next.on('notification', ({ payload }) => {
      const [sender, ...topics] = (payload ?? '').split(' ')
      if (sender !== nodeId) topics.forEach((topic) => hub.wakeLocally(topic))
    })
    try {
      await next.connect()
      await next.query(`listen ${CHANNEL}`)
      if (closed) lost()
      else client = next
    } catch (error) {
      lost(error)
    }
  }
  const reconnect = () => {
    reconnecting = null
    connecting = connect()
  }
  let connecting = connect()

  return {
    async close() {
      closed = true
      if (sending) clearTimeout(sending)
      if (reconnecting) clearTimeout(reconnecting)
      unhear()
      // One that is being opened would outlive its node.
      await connecting
      await client?.end()
    },
  }
}

function payloadsOf(nodeId: string, topics: Iterable<string>): string[] {
  const payloads: string[] = []
  for (const topic of topics) {
    const last = payloads.at(-1)
    if (last !== undefined && last.length + topic.length < LONGEST) payloads[payloads.length - 1] = `${last} ${topic}`
    else payloads.push(`${nodeId} ${topic}`)
  }
  return payloads
}
