import type { Transaction } from '../storage/database.ts'
import { selectQueuesAfter, type QueueRow } from '../storage/queue.ts'

/** Every queue, in memory: they are few, never change, and are only ever added. */
export interface QueueCache {
  /** Learns the queues that have been added since, and answers them; cheap when there are none. */
  refresh(tx: Transaction): Promise<readonly QueueRow[]>
  get(id: number): QueueRow | undefined
  /** The queues from which an executor can take. */
  servedBy(executor: QueueServer): readonly QueueRow[]
  ofApp(appTenantId: number, appId: number): readonly QueueRow[]
}

export interface QueueServer {
  readonly tenantId: number
  readonly appId: number
  readonly executorId: number
  readonly handlers: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

const PAGE = 1_000

export function createQueueCache(): QueueCache {
  const byId = new Map<number, QueueRow>()
  const byApp = new Map<string, QueueRow[]>()
  // Identity values are given out before their transactions commit, so one may appear behind a later one. Looking back over the
  // newest ids catches it.
  const LOOK_BACK = 200
  let newest = 0

  const add = (queue: QueueRow): boolean => {
    if (byId.has(queue.id)) return false
    byId.set(queue.id, queue)
    const app = `${queue.appTenantId}:${queue.appId}`
    const list = byApp.get(app)
    if (list) list.push(queue)
    else byApp.set(app, [queue])
    newest = Math.max(newest, queue.id)
    return true
  }

  const ofApp = (appTenantId: number, appId: number) => byApp.get(`${appTenantId}:${appId}`) ?? []

  return {
    async refresh(tx) {
      const added: QueueRow[] = []
      for (let after = Math.max(0, newest - LOOK_BACK); ;) {
        const page = await selectQueuesAfter(tx, after, PAGE)
        added.push(...page.filter(add))
        if (page.length < PAGE) return added
        after = page.at(-1)!.id
      }
    },
    get: (id) => byId.get(id),
    servedBy: (executor) => ofApp(executor.tenantId, executor.appId).filter((queue) => canTake(executor, queue)),
    ofApp,
  }
}

function canTake(executor: QueueServer, queue: QueueRow): boolean {
  if (queue.executorId !== null && queue.executorId !== executor.executorId) return false
  if (!executor.handlers.includes(queue.handler)) return false
  return Object.entries(queue.selector).every(([key, value]) => executor.labels[key] === value)
}
