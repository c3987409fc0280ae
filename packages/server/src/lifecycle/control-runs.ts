import type { Transaction } from '../storage/database.ts'
import { freeInstances, holdInstances, isOnly, type LockedInstance } from '../storage/instance.ts'
import { freePausedNodes, type FreedNode } from '../storage/node.ts'
import {
  lastRepetitions,
  lockEndedRuns,
  markRunsPaused,
  markRunsResumed,
  selectEndedRuns,
  selectLiveRuns,
  type RepeatableRun,
  type RunKey,
} from '../storage/run.ts'
import { queueTopic } from '../runtime/wake-hub.ts'
import type { Engine } from './engine.ts'
import { admitNext } from './finish-runs.ts'
import type { ControlResult, RetryHow } from './lifecycle.ts'
import { lockInstancesOfRuns } from './lock-instances.ts'
import { startPartsLater } from './start-parts-later.ts'
import { startRuns } from './start-runs.ts'
import { isStopping, stopRuns } from './stop-runs.ts'

const runKeys = (tenantId: number, runIds: readonly number[]): RunKey[] => runIds.map((id) => ({ tenantId, id }))

/** Cancels runs of one tenant; see `stopRuns`. One that has ended stays as it ended. */
export async function cancelRuns(
  tx: Transaction,
  engine: Engine,
  tenantId: number,
  runIds: readonly number[],
): Promise<ControlResult[]> {
  const stopped = runsOf(await stopRuns(tx, engine, runKeys(tenantId, runIds), 'CANCEL'))
  return answerEach(tx, tenantId, runIds, (runId) => (stopped.has(runId) ? { runId, kind: 'DONE' } : null))
}

/** Pauses runs: what an executor holds goes on to its end, nothing new starts. What is being stopped goes on to that. */
export async function pauseRuns(
  tx: Transaction,
  engine: Engine,
  tenantId: number,
  runIds: readonly number[],
  by: string,
): Promise<ControlResult[]> {
  const instances = await lockInstancesOfRuns(tx, runKeys(tenantId, runIds))
  const live = runsOf(instances)
  const stopping = runsOf(instances.filter(isStopping))
  holdInstances(
    tx,
    instances.filter((instance) => instance.state === 'PENDING' && !stopping.has(instance.runId)),
    'PAUSED',
  )
  markRunsPaused(tx, [...live.values()].filter((instance) => !stopping.has(instance.runId)).map(runOf), by)
  return answerEach(tx, tenantId, runIds, (runId) => {
    if (stopping.has(runId)) return isBeingStopped(runId)
    return live.has(runId) ? { runId, kind: 'DONE' } : null
  })
}

/** Lets paused runs go on. One that waits for a slot takes its turn. */
export async function resumeRuns(
  tx: Transaction,
  engine: Engine,
  tenantId: number,
  runIds: readonly number[],
): Promise<ControlResult[]> {
  const instances = await lockInstancesOfRuns(tx, runKeys(tenantId, runIds))
  const live = runsOf(instances)
  const stopping = runsOf(instances.filter(isStopping))
  const paused = [...live.values()].filter((instance) => instance.runState === 'PAUSED' && !stopping.has(instance.runId))
  markRunsResumed(tx, paused.map(runOf))
  const nodes = await freePausedNodes(tx, paused.filter((instance) => !isOnly(instance)).map(runOf))
  const queues = [
    ...(await freeInstances(tx, paused.filter(isOnly).map(runOf), 'PAUSED')),
    ...nodes.flatMap(({ queueId }) => (queueId === 0 ? [] : [queueId])),
  ]
  await startFreedParts(tx, engine, nodes, live)
  tx.afterCommit(() => queues.forEach((queue) => engine.hub.wake(queueTopic(queue), 1)))
  const gates = paused.flatMap(({ tenantId, concurrencyKey }) =>
    concurrencyKey === null ? [] : [{ tenantId, key: concurrencyKey }],
  )
  await admitNext(tx, engine, [...new Map(gates.map((gate) => [gate.key, gate])).values()])
  const done = new Set(paused.map((instance) => instance.runId))
  return answerEach(tx, tenantId, runIds, (runId) => {
    if (done.has(runId)) return { runId, kind: 'DONE' }
    if (stopping.has(runId)) return isBeingStopped(runId)
    return live.has(runId) ? { runId, kind: 'REFUSED', detail: 'The run is not paused.' } : null
  })
}

/** Of nodes that were ready when their run was paused. */
async function startFreedParts(
  tx: Transaction,
  engine: Engine,
  nodes: readonly FreedNode[],
  runs: ReadonlyMap<number, LockedInstance>,
): Promise<void> {
  const held = nodes.filter(({ queueId }) => queueId === 0)
  if (held.length === 0) return
  const planOf = await engine.plans.load(tx, held)
  const parts = held.flatMap((node) => {
    const { does } = planOf(node).nodes[node.node]!.control!
    return does.kind === 'DAG' ? [{ ...node, ...does, params: node.params!, depth: runs.get(node.runId)!.depth + 1 }] : []
  })
  startPartsLater(tx, engine, parts)
}

const isBeingStopped = (runId: number): ControlResult => ({ runId, kind: 'REFUSED', detail: 'The run is being stopped.' })

/** One instance of each run, for what it says of the run. */
const runsOf = (instances: readonly LockedInstance[]) => new Map(instances.map((instance) => [instance.runId, instance]))

const runOf = (instance: LockedInstance) => ({ tenantId: instance.tenantId, id: instance.runId })

/** Repeats ended runs as new ones: the same plan, the same parameters unless others are given. A disabled task is not run this way either. */
export async function retryRuns(
  tx: Transaction,
  engine: Engine,
  tenantId: number,
  runIds: readonly number[],
  by: string,
  how: RetryHow = { from: 'START' },
): Promise<ControlResult[]> {
  const { from, params } = how
  // In this order: one that ends in between is found by the second.
  const live = new Set((await selectLiveRuns(tx, runKeys(tenantId, runIds))).map((run) => run.id))
  const found = await lockEndedRuns(tx, runKeys(tenantId, runIds))
  const refused = await whyNotRepeated(tx, tenantId, found, how)
  const ended = found.filter((run) => !refused.has(run.id))
  const started = await startRuns(
    tx,
    engine,
    ended.map((run) => ({
      tenantId,
      target: { kind: run.targetKind, id: run.targetId },
      planId: run.planId,
      origin: 'RETRY',
      startedBy: by,
      params: { ...run.params, ...params },
      keepsSucceeded: from === 'FAILED',
      priority: run.priority,
      parentRunId: run.id,
    })),
  )
  const results = new Map(ended.map((run, place) => [run.id, started[place]!]))
  return runIds.map((runId) => {
    const result = results.get(runId)
    if (!result && live.has(runId))
      return { runId, kind: 'REFUSED', detail: 'The run has not ended yet. Cancel it first, or wait for its end.' }
    const detail = refused.get(runId)
    if (detail !== undefined) return { runId, kind: 'REFUSED', detail }
    if (!result) return { runId, kind: 'NOT_FOUND' }
    return result.kind === 'STARTED'
      ? { runId, kind: 'DONE', newRunId: result.runId }
      : { runId, kind: 'REFUSED', detail: result.detail }
  })
}

/** Two who ask at once for what failed to run again would both get it: the runs are locked, so the second finds the run of the first. */
async function whyNotRepeated(
  tx: Transaction,
  tenantId: number,
  runs: readonly RepeatableRun[],
  { from, unlessRepeated }: RetryHow,
): Promise<ReadonlyMap<number, string>> {
  const refused = new Map<number, string>()
  if (from === 'FAILED')
    for (const run of runs) if (run.state === 'SUCCESS') refused.set(run.id, 'Nothing in it failed. Retry it from its start.')
  const guarded = runs.filter((run) => !refused.has(run.id) && (from === 'FAILED' || unlessRepeated))
  if (guarded.length === 0) return refused
  for (const { runId, live, ended } of await lastRepetitions(tx, tenantId, guarded)) {
    if (live !== null) refused.set(runId, `It is being run again already, as run ${live}. Wait for its end, or cancel it.`)
    else if (unlessRepeated && ended !== null) refused.set(runId, `It has been run again already, as run ${ended}.`)
  }
  return refused
}

/** Those that were not live have ended, or do not exist for this tenant. */
async function answerEach(
  tx: Transaction,
  tenantId: number,
  runIds: readonly number[],
  answer: (runId: number) => ControlResult | null,
): Promise<ControlResult[]> {
  const answers = new Map(runIds.map((runId) => [runId, answer(runId)]))
  const unknown = runIds.filter((runId) => answers.get(runId) === null)
  const ended = new Map(
    (unknown.length === 0 ? [] : await selectEndedRuns(tx, runKeys(tenantId, unknown))).map((run) => [run.id, run.state]),
  )
  return runIds.map((runId) => {
    const known = answers.get(runId)
    if (known) return known
    const state = ended.get(runId)
    return state ? { runId, kind: 'REFUSED', detail: `The run has already ended: ${state}.` } : { runId, kind: 'NOT_FOUND' }
  })
}
