import type { Why } from '@carillon/contract'
import type { Engine } from '../lifecycle/engine.ts'
import {
  beginQueueWaits,
  endQueueWaits,
  selectEmptiedQueues,
  selectOpenQueueWaits,
  selectWaitingQueues,
  type NewQueueWait,
  type OpenQueueWait,
  type QueueKey,
} from '../storage/queue-wait.ts'
import { reasonsOf } from './waiting-reasons.ts'

/** Of a queue that was looked at: what held it up then; null: nothing but that it was not its turn yet. */
export interface Look extends QueueKey {
  readonly at: number
  readonly why: Pick<Why, 'reason' | 'detail' | 'heldBy'> | null
}

/** Where the looking stands. Memory of the node that does it; losing it costs a second of exactness. */
export interface WaitWatch {
  /** The last queue of a look that did not get round. */
  after: QueueKey
  /** What was seen last, and differs from what is written down. */
  seen: ReadonlyMap<string, Look>
  /** Whether something may be written down that has to be ended. */
  noted: boolean
}

const FIRST: QueueKey = { tenantId: 0, queueId: 0 }
export const newWaitWatch = (): WaitWatch => ({ after: FIRST, seen: new Map(), noted: true })

const MOST_QUEUES = 50
/** Looking takes no more of the database than this part of the time. */
const PART = 50

/**
 * Writes down what holds up what waits: of every queue in which something has waited for a second, by the first in line, since the same holds for those
 * behind it. Where many wait, in turn. What runs at once is never looked at. Answers how long to rest.
 */
export async function noteWaits(engine: Engine, watch: WaitWatch, restMs: number): Promise<number> {
  const began = performance.now()
  const queues = await engine.db.look((tx) => selectWaitingQueues(tx, watch.after, MOST_QUEUES))
  // As it is nearly always.
  if (queues.length === 0 && watch.after === FIRST && !watch.noted) return restMs
  const [open, emptied] = await Promise.all([engine.db.look(selectOpenQueueWaits), engine.db.look(selectEmptiedQueues)])
  watch.noted = queues.length + open.length > 0
  watch.after = queues.length < MOST_QUEUES ? FIRST : queues.at(-1)!
  if (queues.length + emptied.length > 0) {
    const asked = queues.map(({ tenantId, instanceId }) => ({ tenantId, id: instanceId, state: 'PENDING' }))
    const reasons = await reasonsOf({ ...engine, shardGoneMs: engine.settings.shardGoneMs }, asked)
    await engine.db.engine(async (tx) => {
      const at = await tx.now()
      const looks = queues.flatMap(({ tenantId, queueId, instanceId }): Look[] => {
        const why = reasons.get(instanceId)
        // It has been given out meanwhile, so it says nothing of the others.
        if (why === undefined || why.reason === 'RESERVED') return []
        return [{ tenantId, queueId, at, why: why.reason === 'QUEUED' ? null : why }]
      })
      const changes = changesOf(open, looks, watch.seen)
      watch.seen = changes.unsure
      endQueueWaits(tx, [...changes.ended, ...emptied.map((queue) => ({ ...queue, at: null }))])
      beginQueueWaits(tx, changes.begun)
    })
  }
  return Math.max(restMs, PART * (performance.now() - began))
}

export interface WaitChanges {
  readonly ended: readonly (QueueKey & { readonly at: number })[]
  readonly begun: readonly NewQueueWait[]
  /** What the next look is to confirm. */
  readonly unsure: ReadonlyMap<string, Look>
}

const nameOf = ({ tenantId, queueId }: QueueKey) => `${tenantId}:${queueId}`

/**
 * What looks change in what is written down. Two of them in a row must say the same, and it holds since the first: what is in flux in a busy queue (a place
 * is free for a moment) is neither here nor there.
 */
export function changesOf(open: readonly OpenQueueWait[], looks: readonly Look[], seen: ReadonlyMap<string, Look>): WaitChanges {
  const known = new Map(open.map((row) => [nameOf(row), row.reason]))
  const changed = looks.filter((look) => (known.get(nameOf(look)) ?? null) !== (look.why?.reason ?? null))
  const confirms = (look: Look) => seen.get(nameOf(look))?.why?.reason === look.why?.reason && seen.has(nameOf(look))
  const [sure, unsure] = [changed.filter(confirms), changed.filter((look) => !confirms(look))]
  const since = (look: Look) => seen.get(nameOf(look))!.at
  const lookedAt = new Set(looks.map(nameOf))
  return {
    ended: sure.filter((look) => known.has(nameOf(look))).map((look) => ({ ...keyOf(look), at: since(look) })),
    begun: sure.flatMap((look) => {
      if (look.why === null) return []
      const { reason, detail, heldBy = null } = look.why
      return [{ ...keyOf(look), since: since(look), reason, detail, heldBy }]
    }),
    // Where many wait, those that are not looked at this time are looked at next time.
    unsure: new Map([
      ...[...seen].filter(([name]) => !lookedAt.has(name)).slice(-MOST_REMEMBERED),
      ...unsure.map((look) => [nameOf(look), look] as const),
    ]),
  }
}

const MOST_REMEMBERED = 1_000
const keyOf = ({ tenantId, queueId }: QueueKey) => ({ tenantId, queueId })
