import type { Plan } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import type { LockedInstance } from '../storage/instance.ts'
import { selectDueNodes, selectOverdueRuns, takeEventWaits } from '../storage/node.ts'
import { advanceRuns } from './advance-runs.ts'
import { keysOf, type EndedNode } from './ended-node.ts'
import type { Engine } from './engine.ts'
import type { NodeControlled } from './lifecycle.ts'
import { lockInstances } from './lock-instances.ts'
import { stopRuns } from './stop-runs.ts'

const BATCH = 500

/** Ends nodes whose time has come: a wait that is over, an approval or an event that did not come in time. Answers how long to rest. */
export async function endDueNodes(engine: Engine, restMs = 500): Promise<number> {
  const found = await engine.db.engine(async (tx) => {
    const keys = await selectDueNodes(tx, BATCH)
    if (keys.length === 0) return 0
    const locked = (await lockInstances(tx, keys)).values().filter((instance) => instance.state === 'WAITING')
    const planOf = await engine.plans.load(tx, locked)
    await advanceRuns(
      tx,
      engine,
      locked.map((instance) => endOfTime(instance, planOf(instance))),
      await tx.now(),
    )
    return keys.length
  })
  return found >= BATCH ? 0 : restMs
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
  const json = (value: unknown) => (value === null || value === undefined ? null : JSON.stringify(value))
  return { ...keysOf(instance), state, because: null, output: json(output), error: json(error), startedAt: null }
}

/** Gives up runs that have taken longer than their DAG allows. */
export async function timeOutRuns(engine: Engine, restMs = 1_000): Promise<number> {
  return engine.db.engine(async (tx) => {
    const runs = await selectOverdueRuns(tx, BATCH)
    if (runs.length > 0) await stopRuns(tx, engine, runs, 'RUN_TIMEOUT')
    return runs.length >= BATCH ? 0 : restMs
  })
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

/** Ends the nodes that wait for an event of this name and key, with what it carries as their output. Answers how many there were. */
export async function deliverEvent(
  tx: Transaction,
  engine: Engine,
  event: { readonly tenantId: number; readonly name: string; readonly key: string; readonly payload: unknown },
): Promise<number> {
  const keys = await takeEventWaits(tx, event.tenantId, event.name, event.key)
  if (keys.length === 0) return 0
  const waiting = (await lockInstances(tx, keys)).values().filter((instance) => instance.waitReason === 'EVENT')
  await advanceRuns(
    tx,
    engine,
    waiting.map((instance) => ended(instance, 'SUCCESS', event.payload)),
    await tx.now(),
  )
  return waiting.length
}
