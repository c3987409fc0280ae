import type { Transaction } from '../storage/database.ts'
import { isOnly, requestStop, type LockedInstance } from '../storage/instance.ts'
import { runInstanceNow } from '../storage/node-again.ts'
import { queueTopic } from '../runtime/wake-hub.ts'
import { advanceRuns } from './advance-runs.ts'
import { keysOf, skippedNode } from './ended-node.ts'
import type { Engine } from './engine.ts'
import type { NodeControlled } from './lifecycle.ts'
import { lockInstances } from './lock-instances.ts'
import { isHeld, isHeldBySession, stopMessage, stopPartsLater, wakeSessions } from './stop-runs.ts'

// What people do to one node of a run. What that does to the others is written down in docs/concepts/dag-control.md.

interface NodeOfTenant {
  readonly tenantId: number
  readonly instanceId: number
}

/** Marks a node that has not started as done: it is skipped, and counts downstream as if it had succeeded. */
export async function skipNode(tx: Transaction, engine: Engine, node: NodeOfTenant): Promise<NodeControlled> {
  const instance = await lockNode(tx, node)
  if (!instance) return ENDED
  if (isOnly(instance)) return refused('It is the run of a task: cancel the run instead.')
  if (isHeld(instance)) return refused('It is at work. Cancel it, or wait for its end.')
  if (await isElement(tx, engine, instance)) return refused('It is an element of a fan-out: cancel it instead.')
  stopPartsLater(tx, engine, [{ instance }])
  await advanceRuns(tx, engine, [skippedNode(instance, 'DONE')], await tx.now())
  return { kind: 'DONE', runId: instance.runId }
}

/** Ends what waits as CANCELLED, which downstream counts as a failure; what an executor holds is asked to stop and gets a grace period. */
export async function cancelNode(tx: Transaction, engine: Engine, node: NodeOfTenant): Promise<NodeControlled> {
  const instance = await lockNode(tx, node)
  if (!instance) return ENDED
  if (isOnly(instance)) return refused('It is the run of a task: cancel the run instead.')
  const now = await tx.now()
  if (isHeldBySession(instance)) {
    requestStop(tx, [{ ...instance, reason: 'CANCEL' }], now + engine.settings.cancelGraceMs)
    tx.afterCommit(() => wakeSessions(engine, [instance]))
  } else {
    stopPartsLater(tx, engine, [{ instance }])
    const error = JSON.stringify({ code: 'CANCEL', message: stopMessage(instance) })
    const hadNoTurn = instance.waitReason === 'SLOT'
    const end = { state: 'CANCELLED', because: null, output: null, error, startedAt: null, hadNoTurn } as const
    await advanceRuns(tx, engine, [{ ...keysOf(instance), ...end }], now)
  }
  return { kind: 'DONE', runId: instance.runId }
}

/** Ends a wait for time: the pause before another attempt, or the node that is nothing but a wait. */
export async function runNodeNow(tx: Transaction, engine: Engine, node: NodeOfTenant): Promise<NodeControlled> {
  const instance = await lockNode(tx, node)
  if (!instance) return ENDED
  if (instance.waitReason !== 'TIME') return refused('It does not wait for time.')
  if (instance.queueId === NO_QUEUE) {
    const end = { state: 'SUCCESS', because: null, output: '{"waited":false}', error: null, startedAt: null } as const
    await advanceRuns(tx, engine, [{ ...keysOf(instance), ...end }], await tx.now())
  } else {
    runInstanceNow(tx, instance, instance.runState === 'PAUSED')
    tx.afterCommit(() => engine.hub.wake(queueTopic(instance.queueId), 1))
  }
  return { kind: 'DONE', runId: instance.runId }
}

/** Of nodes that no executor runs. */
const NO_QUEUE = 0

async function lockNode(tx: Transaction, { tenantId, instanceId: id }: NodeOfTenant): Promise<LockedInstance | undefined> {
  return (await lockInstances(tx, [{ tenantId, id }])).get(tenantId, id)
}

/** A fan-out that still waits for what is upstream is one node. */
async function isElement(tx: Transaction, engine: Engine, instance: LockedInstance): Promise<boolean> {
  const plan = (await engine.plans.load(tx, [instance]))(instance)
  return plan.nodes[instance.node]!.control?.forEach !== null && instance.waitReason !== 'DEPENDENCY'
}

const refused = (detail: string): NodeControlled => ({ kind: 'REFUSED', detail })
const ENDED = refused('It has already ended.')
