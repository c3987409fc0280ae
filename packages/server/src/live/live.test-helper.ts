import type { AddressInfo } from 'node:net'
import type { LiveMessage, LiveRequest, LiveTopic } from '@carillon/contract'
import { WebSocket } from 'ws'
import { startTestApi, type TestApi } from '../http/api.test-helper.ts'
import { createKnownTasks } from '../lifecycle/known-tasks.ts'
import { createLifecycle } from '../lifecycle/create-lifecycle.ts'
import type { Database } from '../storage/database.ts'
import { TEST_VAULT } from '../testing/test-vault.ts'
import { serveLive } from './routes.ts'

/** The API with live views behind a real socket, and clients of it. */
export interface LiveWorld {
  readonly api: TestApi
  readonly url: string
  /** Transactions that looks have begun so far. */
  looks(): number
  open(token: string, headers?: Record<string, string>): Promise<LiveTestClient>
  /** As `open`, without a token. */
  openWith(headers: Record<string, string>): Promise<LiveTestClient>
  /** What the server was told of and no client was. */
  readonly errors: unknown[]
  close(): Promise<void>
}

export interface LiveTestClient {
  readonly socket: WebSocket
  readonly heard: LiveMessage[]
  send(request: LiveRequest | string): void
  /** Subscribes under a number of its own, which it answers. */
  subscribe(topic: LiveTopic, since?: number): number
  /** The first message that is so, of those that have come or will. */
  until(is: (message: LiveMessage) => boolean): Promise<LiveMessage>
  /** What a client that applies every message sees of a subscription. */
  view(id: number): { head: any; items: any[] } | undefined
  /** Waits until the view is so. */
  sees(id: number, is: (view: { head: any; items: any[] }) => boolean): Promise<void>
  /** Code and reason, once it has been closed. */
  readonly closed: Promise<{ code: number; reason: string }>
}

export async function startLive(recheckMs = 100): Promise<LiveWorld> {
  const api = await startTestApi()
  let looks = 0
  const errors: unknown[] = []
  const db: Database = {
    ...api.db,
    // As it is at the time of the call: a test may make it fail.
    survey: (work) => api.db.survey(work),
    live: (tenantId, work) => {
      looks++
      return api.db.live(tenantId, work)
    },
  }
  const { engine } = api
  serveLive(api.app, {
    services: {
      ...{ db, limits: { bodyBytes: 0, paramsBytes: 0, schemaBytes: 0, resultBytes: 0 }, plans: engine.plans, vault: TEST_VAULT },
      lifecycle: createLifecycle(engine, { wakeFiring: () => undefined, wakeBackfill: () => undefined }),
      ...{
        tasks: createKnownTasks(),
        hub: engine.hub,
        days: api.firing.days,
        nodeId: 'node-1',
        sessions: { idleMs: 3_600_000, longestMs: 3_600_000 },
        shardGoneMs: engine.settings.shardGoneMs,
      },
    },
    ownHosts: ['carillon.example.org'],
    hub: engine.hub,
    onError: (error) => errors.push(error),
    recheckMs,
  })
  await api.app.listen({ host: '127.0.0.1', port: 0 })
  const url = `ws://127.0.0.1:${(api.app.server.address() as AddressInfo).port}/api/v1/live`
  return {
    api,
    url,
    looks: () => looks,
    open: (token, headers = {}) => openClient(url, { authorization: `Bearer ${token}`, ...headers }),
    openWith: (headers) => openClient(url, headers),
    errors,
    close: () => api.close(),
  }
}

async function openClient(url: string, headers: Record<string, string>): Promise<LiveTestClient> {
  const socket = new WebSocket(url, { headers })
  const heard: LiveMessage[] = []
  const waiting = new Set<() => void>()
  socket.on('message', (data: Buffer) => {
    heard.push(JSON.parse(String(data)) as LiveMessage)
    for (const look of waiting) look()
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }))
  })
  await new Promise<void>((resolve, reject) => {
    socket.on('open', resolve)
    socket.on('error', reject)
    socket.on('unexpected-response', (_, response) => {
      let body = ''
      response.on('data', (part: Buffer) => (body += String(part)))
      response.on('end', () => reject(new Error(`${response.statusCode} ${body}`)))
    })
  })
  let ids = 0
  const send: LiveTestClient['send'] = (request) => socket.send(typeof request === 'string' ? request : JSON.stringify(request))
  const until = <T>(find: () => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = find()
        if (found === undefined) return
        waiting.delete(look)
        clearTimeout(timer)
        resolve(found)
      }
      const timer = setTimeout(() => {
        waiting.delete(look)
        reject(new Error(`Not heard within 20 s; heard: ${JSON.stringify(heard).slice(0, 2_000)}`))
      }, 20_000)
      waiting.add(look)
      look()
    })
  const view = (id: number) => viewOf(heard, id)
  return {
    socket,
    heard,
    send,
    subscribe(topic, since) {
      send({ type: 'subscribe', id: ++ids, topic, ...(since === undefined ? {} : { since }) })
      return ids
    },
    until: (is) => until(() => heard.find(is)),
    view,
    sees: async (id, is) => {
      await until(() => {
        const seen = view(id)
        return seen && is(seen) ? true : undefined
      })
    },
    closed,
  }
}

function viewOf(heard: readonly LiveMessage[], id: number): { head: any; items: any[] } | undefined {
  let head: unknown
  let items: Map<number, unknown> | undefined
  const mapOf = (all: readonly unknown[]) => new Map(all.map((item) => [(item as { id: number }).id, item]))
  for (const message of heard) {
    if (message.type === 'snapshot' && message.id === id) {
      head = message.data.head
      items = mapOf(message.data.items)
    }
    if (message.type === 'changes' && message.id === id) {
      head = message.head ?? head
      items ??= new Map()
      for (const gone of message.removed) items.delete(gone)
      for (const [key, item] of mapOf(message.upserts)) items.set(key, item)
      if (message.order) items = new Map(message.order.map((key) => [key, items!.get(key)]))
    }
  }
  return items && { head, items: [...items.values()] }
}
