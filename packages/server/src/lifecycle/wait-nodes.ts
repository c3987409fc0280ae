import type { Plan } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import type { InstanceKey, LockedInstance } from '../storage/instance.ts'
import {
  countEventWaits,
  deleteEventWaits,
  putOffInstance,
  putOffRun,
  selectDueNodes,
  selectEventWaits,
  selectOverdueRuns,
  type AwaitedEvent,
} from '../storage/node.ts'
import { insertOutbox } from '../storage/outbox.ts'
import type { RunKey } from '../storage/run.ts'
import { continueTopic } from '../runtime/wake-hub.ts'
import { advanceRuns } from './advance-runs.ts'
import { jsonOrNull, keysOf, type EndedNode } from './ended-node.ts'
import type { Engine } from './engine.ts'
import type { NodeControlled } from './lifecycle.ts'
import { lockInstances } from './lock-instances.ts'
import { stopRuns } from './stop-runs.ts'
import { workOffDue } from './work-off-due.ts'

const BATCH = 500

/** Ends nodes whose time has come: a wait that is over, an approval or an event that did not come in time. Answers how long to rest. */
export async function endDueNodes(engine: Engine, restMs = 500): Promise<number> {
  const keys = await engine.db.look((tx) => selectDueNodes(tx, BATCH))
  await workOffDue(engine, keys, (tx, some) => endDue(tx, engine, some), { what: 'node', putOff: putOffInstance })
  return keys.length >= BATCH ? 0 : restMs
}

async function endDue(tx: Transaction, engine: Engine, keys: readonly InstanceKey[]): Promise<void> {
  const locked = (await lockInstances(tx, keys)).values().filter((instance) => instance.state === 'WAITING')
  const planOf = await engine.plans.load(tx, locked)
  await advanceRuns(
    tx,
    engine,
    locked.map((instance) => endOfTime(instance, planOf(instance))),
    await tx.now(),
  )
}

function endOfTime(instance: LockedInstance, plan: Plan): EndedNode {
  if (instance.waitReason === 'TIME') return ended(instance, 'SUCCESS', { waited: true })
  const what = instance.waitReason === 'APPROVAL' ? 'Nobody decided' : 'The event did not come'
  const error = {
    code: `${instance.waitReason}_TIMEOUT`,
    message: `${what} within the time-out of ${plan.nodes[instance.node]!.code}.`,
  }
  return ended(instance, 'TIMEOUT', null, error)
}

function ended(instance: LockedInstance, state: EndedNode['state'], output: unknown, error: unknown = null): EndedNode {
  return { ...keysOf(instance), state, because: null, output: jsonOrNull(output), error: jsonOrNull(error), startedAt: null }
}

/** Gives up runs that have taken longer than their DAG allows. */
export async function timeOutRuns(engine: Engine, restMs = 1_000): Promise<number> {
  const runs = await engine.db.look((tx) => selectOverdueRuns(tx, BATCH))
  const stop = (tx: Transaction, some: readonly RunKey[]) => stopRuns(tx, engine, some, 'RUN_TIMEOUT')
  await workOffDue(engine, runs, stop, { what: 'run', putOff: putOffRun })
  return runs.length >= BATCH ? 0 : restMs
}

/** A person's decision about a node that waits for one. A second one finds nothing that waits. */
export async function decideApproval(
  tx: Transaction,
  engine: Engine,
  decision: {
    readonly tenantId: number
    readonly instanceId: number
    readonly approve: boolean
    readonly by: string
    readonly comment: string | null
  },
): Promise<NodeControlled> {
  const { tenantId, instanceId: id, approve, by, comment } = decision
  const instance = (await lockInstances(tx, [{ tenantId, id }])).get(tenantId, id)
  if (instance?.waitReason !== 'APPROVAL')
    return { kind: 'REFUSED', detail: 'It does not wait for a decision: it has been decided, has ended, or is not its turn.' }
  const output = { approved: approve, by, comment }
  const error = approve ? null : { code: 'REJECTED', message: `${by} rejected it${comment === null ? '' : `: ${comment}`}.` }
  await advanceRuns(tx, engine, [ended(instance, approve ? 'SUCCESS' : 'FAILED', output, error)], await tx.now())
  return { kind: 'DONE', runId: instance.runId }
}

/** An event that some of the nodes that waited for it when it came have yet to hear of. */
export interface EventToTell {
  readonly name: string
  readonly key: string
  readonly payload: unknown
  /** When it came. */
  readonly before: number
}

/**
 * Ends the nodes that wait for an event of this name and key, with what it carries as their output. Answers how many there were; where they are
 * very many, most of them end a little later.
 */
export async function deliverEvent(
  tx: Transaction,
  engine: Engine,
  event: { readonly tenantId: number; readonly name: string; readonly key: string; readonly payload: unknown },
): Promise<number> {
  const { found, told } = await tellSome(tx, engine, { ...event, before: null })
  if (found < BATCH) return told
  const left: EventToTell & { tenantId: number } = { ...event, before: (await tx.now()) + 1 }
  tellLater(tx, engine, left)
  return told + (await countEventWaits(tx, left))
}

/** Tells more of them, and leaves what is left to do then. */
export async function tellOfEvent(
  tx: Transaction,
  engine: Engine,
  event: EventToTell & { readonly tenantId: number },
): Promise<void> {
  if ((await tellSome(tx, engine, event)).found >= BATCH) tellLater(tx, engine, event)
}

function tellLater(tx: Transaction, engine: Engine, { tenantId, ...payload }: EventToTell & { readonly tenantId: number }): void {
  insertOutbox(tx, [{ tenantId, kind: 'TELL_EVENT', runId: 0, payload }])
  tx.afterCommit(() => engine.hub.wake(continueTopic))
}

async function tellSome(
  tx: Transaction,
  engine: Engine,
  event: AwaitedEvent & { readonly payload: unknown },
): Promise<{ readonly found: number; readonly told: number }> {
  const keys = await selectEventWaits(tx, event, BATCH)
  if (keys.length === 0) return { found: 0, told: 0 }
  const waiting = (await lockInstances(tx, keys)).values().filter((instance) => instance.waitReason === 'EVENT')
  // Also of what has ended meanwhile, so that each turn leaves fewer.
  deleteEventWaits(tx, keys)
  await advanceRuns(
    tx,
    engine,
    waiting.map((instance) => ended(instance, 'SUCCESS', event.payload)),
    await tx.now(),
  )
  return { found: keys.length, told: waiting.length }
}
