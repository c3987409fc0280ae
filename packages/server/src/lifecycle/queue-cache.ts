import { selects } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { createBoundedMap } from '../runtime/bounded-map.ts'
import { appTopic, type WakeHub } from '../runtime/wake-hub.ts'
import { selectQueuesAfter, selectQueuesAmong, type QueueRow } from '../storage/queue.ts'

/** Every queue, in memory: they are few and never change. Those of one executor alone are removed some time after it. */
export interface QueueCache {
  /**
   * Learns the queues that have been added since; cheap when there are none. Whoever learns of one first wakes the claims that wait in its app:
   * they do not listen for what comes into it yet.
   */
  refresh(tx: Transaction): Promise<void>
  /** Lets go of those that have been removed. */
  prune(tx: Transaction): Promise<void>
  get(id: number): QueueRow | undefined
  /** The queues from which an executor can take. */
  servedBy(executor: QueueServer): readonly QueueRow[]
  ofApp(appTenantId: number, appId: number): readonly QueueRow[]
  /** Those whose instances are placed with executors before one takes them. */
  routed(): readonly QueueRow[]
  /** The queues of single executors. */
  pinned(): readonly QueueRow[]
}

export interface QueueServer {
  readonly tenantId: number
  readonly appId: number
  readonly executorId: number
  readonly handlers: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

const PAGE = 1_000

export function createQueueCache(hub: Pick<WakeHub, 'wakeLocally'>): QueueCache {
  const byId = new Map<number, QueueRow>()
  /** A list is replaced when it changes, so that one that is the same says that nothing has changed. */
  const byApp = new Map<string, readonly QueueRow[]>()
  const routed: QueueRow[] = []
  const served = createBoundedMap<number, Served>(EXECUTORS_REMEMBERED)
  // Identity values are given out before their transactions commit, so one may appear behind a later one. Looking back over the
  // newest ids catches it.
  const LOOK_BACK = 200
  let newest = 0

  const add = (queue: QueueRow): boolean => {
    if (byId.has(queue.id)) return false
    byId.set(queue.id, queue)
    byApp.set(appOf(queue), [...ofApp(queue.appTenantId, queue.appId), queue])
    if (queue.routeKey !== null) routed.push(queue)
    newest = Math.max(newest, queue.id)
    return true
  }

  const ofApp = (appTenantId: number, appId: number) => byApp.get(`${appTenantId}:${appId}`) ?? NONE

  const servedBy = (server: QueueServer): readonly QueueRow[] => {
    const among = ofApp(server.tenantId, server.appId)
    const last = served.get(server.executorId)
    if (last && last.among === among && isSameServer(last.server, server)) return last.queues
    const queues = queuesOf(server, among)
    served.set(server.executorId, { server, among, queues })
    return queues
  }

  return {
    async refresh(tx) {
      for (let after = Math.max(0, newest - LOOK_BACK); ;) {
        const page = await selectQueuesAfter(tx, after, PAGE)
        for (const queue of page.filter(add)) hub.wakeLocally(appTopic(queue.appId))
        if (page.length < PAGE) return
        after = page.at(-1)!.id
      }
    },
    async prune(tx) {
      const pinned = [...byId.values()].filter((queue) => queue.executorId !== null).map(({ id }) => id)
      if (pinned.length === 0) return
      const kept = new Set(await selectQueuesAmong(tx, pinned))
      const gone = new Set(pinned.filter((id) => !kept.has(id)))
      for (const [app, queues] of byApp) {
        if (queues.some(({ id }) => gone.has(id)))
          byApp.set(
            app,
            queues.filter(({ id }) => !gone.has(id)),
          )
      }
      for (const id of gone) byId.delete(id)
    },
    get: (id) => byId.get(id),
    servedBy,
    ofApp,
    routed: () => routed,
    pinned: () => [...byId.values()].filter((queue) => queue.executorId !== null),
  }
}

const NONE: readonly QueueRow[] = []
const EXECUTORS_REMEMBERED = 20_000

const appOf = (queue: QueueRow) => `${queue.appTenantId}:${queue.appId}`

/** What an executor was found to serve: asked several times in each of its claims, and nearly always the same. */
interface Served {
  readonly server: QueueServer
  readonly among: readonly QueueRow[]
  readonly queues: readonly QueueRow[]
}

function isSameServer(a: QueueServer, b: QueueServer): boolean {
  const keys = Object.keys(a.labels)
  return (
    a.handlers.length === b.handlers.length &&
    a.handlers.every((handler, place) => handler === b.handlers[place]) &&
    keys.length === Object.keys(b.labels).length &&
    keys.every((key) => a.labels[key] === b.labels[key])
  )
}

function queuesOf({ executorId, handlers, labels }: QueueServer, among: readonly QueueRow[]): readonly QueueRow[] {
  const serves = new Set(handlers)
  return among.filter(
    (queue) =>
      queue.routeKey === null &&
      (queue.executorId === null || queue.executorId === executorId) &&
      isServed(queue, serves, labels),
  )
}

/** Whether an executor can do what comes into a queue, whoever is to have it. */
export function isServed(queue: QueueRow, handlers: ReadonlySet<string>, labels: QueueServer['labels']): boolean {
  return handlers.has(queue.handler) && selects(queue.selector, labels)
}
