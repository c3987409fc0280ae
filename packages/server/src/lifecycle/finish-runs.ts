import { slotsOf, type FinalRunState, type InstanceState } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { endSingleInstances, freeInstances, type LockedInstance } from '../storage/instance.ts'
import { insertOutbox } from '../storage/outbox.ts'
import { admitRuns, selectHolders, type KeyHolderRow } from '../storage/run.ts'
import { insertScheduleWakes } from '../storage/schedule-wake.ts'
import type { GateKey } from '../storage/gate.ts'
import { continueTopic, queueTopic } from '../runtime/wake-hub.ts'
import type { Engine } from './engine.ts'

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
  await startDownstreamLater(tx, engine, runs)
  wakeSchedulesLater(tx, runs, now)
  await admitNext(tx, engine, gatesOf(runs))
}

async function startDownstreamLater(tx: Transaction, engine: Engine, runs: readonly FinishedRun[]): Promise<void> {
  const planOf = await engine.plans.load(
    tx,
    runs.map((run) => run.instance),
  )
  const entries = runs.flatMap(({ instance, runState }) =>
    planOf(instance)
      .downstream.filter((each) => each.outcomes.includes(runState))
      .map((each) => ({
        tenantId: instance.tenantId,
        kind: 'DOWNSTREAM' as const,
        runId: instance.runId,
        payload: { taskId: each.taskId, outcome: runState, depth: instance.depth + 1 },
      })),
  )
  if (entries.length === 0) return
  insertOutbox(tx, entries)
  tx.afterCommit(() => engine.hub.wake(continueTopic))
}

function wakeSchedulesLater(tx: Transaction, runs: readonly FinishedRun[], now: number): void {
  const wakes = runs.flatMap(({ instance }) =>
    instance.wakesSchedule && instance.scheduleId !== null
      ? [{ tenantId: instance.tenantId, scheduleId: instance.scheduleId, endedAt: now }]
      : [],
  )
  insertScheduleWakes(tx, wakes)
}

function gatesOf(runs: readonly FinishedRun[]): GateKey[] {
  const gates = new Map<string, GateKey>()
  for (const { instance } of runs) {
    if (instance.concurrencyKey !== null) {
      gates.set(`${instance.tenantId}:${instance.concurrencyKey}`, { tenantId: instance.tenantId, key: instance.concurrencyKey })
    }
  }
  return [...gates.values()]
}

/** Gives free slots of these keys to the oldest runs that wait for them. The gates are held, and this reads after what freed the slots. */
export async function admitNext(tx: Transaction, engine: Engine, gates: readonly GateKey[]): Promise<number> {
  if (gates.length === 0) return 0
  const holders = await selectHolders(tx, gates)
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
  const queues = await freeInstances(tx, next, 'SLOT')
  tx.afterCommit(() => queues.forEach((queue) => engine.hub.wake(queueTopic(queue), 1)))
  return next.length
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
