import { isLarge, slotsOf, type FinalRunState, type InstanceState } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { endSingleInstances, freeInstances, type LockedInstance } from '../storage/instance.ts'
import { insertOutbox } from '../storage/outbox.ts'
import { admitRuns, endLargeRuns, holderIn, selectHolders, type KeyHolderRow } from '../storage/run.ts'
import { insertScheduleWakes } from '../storage/schedule-wake.ts'
import type { GateKey } from '../storage/gate.ts'
import { TenantMap } from '../storage/tenant-map.ts'
import { continueTopic, queueTopic } from '../runtime/wake-hub.ts'
import { endPartsLater } from './end-parts-later.ts'
import type { Engine } from './engine.ts'

/** What hangs on the end of a run: who may start now, what is downstream, which schedule waits for it, which node it was a part of. */
export interface EndedRun {
  readonly tenantId: number
  readonly runId: number
  readonly planId: number
  readonly runState: FinalRunState
  readonly runReason: string | null
  readonly concurrencyKey: string | null
  readonly scheduleId: number | null
  readonly wakesSchedule: boolean
  readonly depth: number
  readonly parentInstanceId: number | null
  /** For the node of which it was a part. */
  readonly output?: unknown
  /** What failed, where no node of it did. */
  readonly problem?: string
}

/** A run of one instance that has ended with it. The caller holds its gate, if it has a key, and its instance. */
export interface FinishedRun {
  readonly instance: LockedInstance
  readonly state: InstanceState
  readonly runState: FinalRunState
  readonly runReason: string | null
  readonly output: string | null
  readonly error: string | null
  readonly startedAt: number | null
}

/**
 * The funnel through which everything ends a run: its rows move to history, its slot goes to the next in line, and what hangs on its end
 * (downstream tasks, the pause of a fixed delay) is written down, all in the caller's transaction.
 */
export async function finishRuns(tx: Transaction, engine: Engine, runs: readonly FinishedRun[], now: number): Promise<void> {
  if (runs.length === 0) return
  endSingleInstances(tx, runs, now)
  await afterRuns(tx, engine, runs.map(endedRunOf), now)
}

const endedRunOf = ({ instance, runState, runReason }: FinishedRun): EndedRun => ({
  tenantId: instance.tenantId,
  runId: instance.runId,
  planId: instance.planId,
  runState,
  runReason,
  concurrencyKey: instance.concurrencyKey,
  scheduleId: instance.scheduleId,
  wakesSchedule: instance.wakesSchedule,
  depth: instance.depth,
  parentInstanceId: instance.parentInstanceId,
})

/** As `finishRuns`, for runs of several instances, all of which have ended. The caller holds the runs' gates and locks. */
export async function finishLargeRuns(tx: Transaction, engine: Engine, runs: readonly EndedRun[], now: number): Promise<void> {
  if (runs.length === 0) return
  endLargeRuns(tx, runs, now)
  await afterRuns(tx, engine, runs, now)
}

async function afterRuns(tx: Transaction, engine: Engine, runs: readonly EndedRun[], now: number): Promise<void> {
  await startDownstreamLater(tx, engine, runs)
  tellParentsLater(tx, engine, runs)
  wakeSchedulesLater(tx, runs, now)
  await admitNext(tx, engine, gatesOf(runs), runs.length + SPARE)
}

function tellParentsLater(tx: Transaction, engine: Engine, runs: readonly EndedRun[]): void {
  const parts = runs.flatMap(({ tenantId, runId, runState: state, parentInstanceId: instanceId, output = null, problem }) => {
    if (instanceId === null) return []
    const message = `Run ${runId} ended ${state}: ${problem}.`
    return [{ tenantId, runId, instanceId, state, output, error: problem ? { code: `SUB_DAG_${state}`, message } : null }]
  })
  endPartsLater(tx, engine, parts)
}

async function startDownstreamLater(tx: Transaction, engine: Engine, runs: readonly EndedRun[]): Promise<void> {
  const planOf = await engine.plans.load(tx, runs)
  const entries = runs.flatMap((run) =>
    planOf(run)
      .downstream.filter((each) => each.outcomes.includes(run.runState))
      .map((each) => ({
        tenantId: run.tenantId,
        kind: 'DOWNSTREAM' as const,
        runId: run.runId,
        payload: { taskId: each.taskId, outcome: run.runState, depth: run.depth + 1 },
      })),
  )
  if (entries.length === 0) return
  insertOutbox(tx, entries)
  tx.afterCommit(() => engine.hub.wake(continueTopic))
}

function wakeSchedulesLater(tx: Transaction, runs: readonly EndedRun[], now: number): void {
  const wakes = runs.flatMap(({ tenantId, wakesSchedule, scheduleId }) =>
    wakesSchedule && scheduleId !== null ? [{ tenantId, scheduleId, endedAt: now }] : [],
  )
  insertScheduleWakes(tx, wakes)
}

function gatesOf(runs: readonly EndedRun[]): GateKey[] {
  const gates = new TenantMap<string, GateKey>()
  for (const { tenantId, concurrencyKey: key } of runs) if (key !== null) gates.set(tenantId, key, { tenantId, key })
  return gates.values()
}

/** Slots may be free that none of these ends has freed: somebody raised the limit. They are filled by and by. */
const SPARE = 100
const MOST_NEXT = 1_000

/**
 * Gives free slots of these keys to the oldest runs that wait for them, to at most `most` of each. The gates are held, and this reads after
 * what freed the slots.
 */
export async function admitNext(tx: Transaction, engine: Engine, gates: readonly GateKey[], most = MOST_NEXT): Promise<number> {
  if (gates.length === 0) return 0
  const holders = await selectHolders(tx, gates, most)
  const planOf = await engine.plans.load(
    tx,
    holders.map(({ tenantId, planId }) => ({ tenantId, planId })),
  )
  const next = gates.flatMap((gate) => {
    const rows = holders.filter((row) => row.tenantId === gate.tenantId && row.key === gate.key)
    return nextInLine(rows, (row) => slotsOf(planOf(row).concurrency))
  })
  if (next.length === 0) return 0
  admitRuns(tx, next)
  const freed = next.map((row) => ({ tenantId: row.tenantId, id: row.id, heldBy: holderIn(row.reason) }))
  const queues = await freeInstances(tx, freed, 'SLOT')
  tx.afterCommit(() => queues.forEach((queue) => engine.hub.wake(queueTopic(queue), 1)))
  beginLater(
    tx,
    engine,
    next.filter((row) => isLarge(planOf(row))),
  )
  return next.length
}

/** A run of several begins in a transaction of its own: its lock comes before those that are held here. */
function beginLater(tx: Transaction, engine: Engine, runs: readonly KeyHolderRow[]): void {
  if (runs.length === 0) return
  insertOutbox(
    tx,
    runs.map(({ tenantId, id }) => ({ tenantId, kind: 'BEGIN_RUN' as const, runId: id, payload: {} })),
  )
  tx.afterCommit(() => engine.hub.wake(continueTopic))
}

/** A paused run keeps its place but takes no slot; whoever resumes it asks again. */
function nextInLine(rows: readonly KeyHolderRow[], slots: (row: KeyHolderRow) => number): KeyHolderRow[] {
  let taken = rows.filter((row) => row.admitted).length
  return rows.filter((row) => {
    if (row.admitted || row.state === 'PAUSED' || taken >= slots(row)) return false
    taken++
    return true
  })
}
