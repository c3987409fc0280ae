import { admit, concurrencyKey, sortKey, type AdmissionDecision, type ErrorCode, type Plan, type RunOrigin } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { compareGates, lockGates, type GateKey } from '../storage/gate.ts'
import { insertInstances, type NewInstance } from '../storage/instance.ts'
import { insertRuns, insertSkippedRuns, nextIds, selectHolders, type NewRun } from '../storage/run.ts'
import { insertRunParams } from '../storage/run-param.ts'
import { selectStartableTasks, type StartableTask } from '../storage/task.ts'
import { queueTopic } from '../runtime/wake-hub.ts'
import type { Engine } from './engine.ts'
import { stopRuns } from './stop-runs.ts'

/** A run that something wants to start. Parameters are overrides, already checked against the schema by whoever accepted them. */
export interface RunStart {
  readonly tenantId: number
  readonly taskId: number
  readonly origin: RunOrigin
  readonly startedBy: string
  readonly params: Readonly<Record<string, unknown>>
  /** The plan of the run that is repeated; absent: the task's present one. */
  readonly planId?: number
  readonly priority?: number | null
  readonly bypassConcurrency?: boolean
  /** Also when the task is disabled. */
  readonly force?: boolean
  readonly scheduleId?: number
  readonly fireAt?: number
  readonly backfillId?: number
  readonly wakesSchedule?: boolean
  readonly parentRunId?: number
  readonly depth?: number
}

export type RunStarted =
  | { readonly kind: 'STARTED'; readonly runId: number; readonly state: 'PENDING' | 'SKIPPED'; readonly reason: string | null }
  | { readonly kind: 'REFUSED'; readonly code: ErrorCode; readonly detail: string }

/**
 * The funnel through which everything begins a run: schedules, the API, upstream tasks, backfills, retries. One transaction, any number
 * of tenants; each start is answered by itself, in order.
 */
export async function startRuns(tx: Transaction, engine: Engine, starts: readonly RunStart[]): Promise<RunStarted[]> {
  if (starts.length === 0) return []
  const [tasks, ids, now] = await Promise.all([loadTasks(tx, starts), nextIds(tx, starts.length), tx.now()])
  const drafts = starts.map((start, place) => draftOf(start, tasks, ids[place]!))
  const accepted = drafts.filter((draft) => draft.kind === 'DRAFT')
  const planOf = await engine.plans.load(tx, accepted)
  const candidates = accepted.map((draft) => candidateOf(draft, planOf(draft)))
  const decisions = await decideAdmissions(tx, candidates)
  await writeRuns(tx, engine, candidates, decisions, now)
  return drafts.map((draft) => (draft.kind === 'REFUSED' ? draft : answerOf(draft.id, decisions.get(draft.id)!)))
}

// ───────────────────────────────────────────────────────────────── read

type TaskLookup = (tenantId: number, taskId: number) => StartableTask | undefined

async function loadTasks(tx: Transaction, starts: readonly RunStart[]): Promise<TaskLookup> {
  const distinct = new Map(
    starts.map((start) => [`${start.tenantId}:${start.taskId}`, { tenantId: start.tenantId, id: start.taskId }]),
  )
  const tasks = new Map(
    (await selectStartableTasks(tx, [...distinct.values()])).map((task) => [`${task.tenantId}:${task.id}`, task]),
  )
  return (tenantId, taskId) => tasks.get(`${tenantId}:${taskId}`)
}

interface Draft {
  readonly kind: 'DRAFT'
  readonly id: number
  readonly tenantId: number
  readonly planId: number
  readonly start: RunStart
}

type Refusal = Extract<RunStarted, { kind: 'REFUSED' }>

function draftOf(start: RunStart, tasks: TaskLookup, id: number): Draft | Refusal {
  const task = tasks(start.tenantId, start.taskId)
  if (!task) return { kind: 'REFUSED', code: 'NOT_FOUND', detail: `There is no task ${start.taskId}.` }
  if (!task.tenantActive) return { kind: 'REFUSED', code: 'FORBIDDEN', detail: 'The tenant is suspended.' }
  if (!task.enabled && !start.force) {
    return {
      kind: 'REFUSED',
      code: 'TASK_DISABLED',
      detail: `Task ${task.code} is disabled. Enable it, or trigger with force if your role may.`,
    }
  }
  return { kind: 'DRAFT', id, tenantId: start.tenantId, planId: start.planId ?? task.planId, start }
}

interface Candidate {
  readonly id: number
  readonly tenantId: number
  readonly planId: number
  readonly start: RunStart
  readonly plan: Plan
  readonly params: Readonly<Record<string, unknown>>
  readonly key: string | null
}

function candidateOf(draft: Draft, plan: Plan): Candidate {
  const params = { ...plan.nodes[0]!.params, ...draft.start.params }
  const key = draft.start.bypassConcurrency ? null : concurrencyKey(plan.concurrency, draft.start.taskId, params)
  return { id: draft.id, tenantId: draft.tenantId, planId: draft.planId, start: draft.start, plan, params, key }
}

// ───────────────────────────────────────────────────────────────── decide

type Decisions = ReadonlyMap<number, AdmissionDecision>

/** Who may start now. What stands under each key is counted under its gate, and the batch's own runs count for those after them. */
async function decideAdmissions(tx: Transaction, candidates: readonly Candidate[]): Promise<Decisions> {
  const gates = distinctGates(candidates)
  const holders = new Map<string, { admitted: number[]; queued: number[] }>()
  if (gates.length > 0) {
    lockGates(tx, gates)
    for (const row of await selectHolders(tx, gates)) {
      const place = holdersAt(holders, row.tenantId, row.key)
      ;(row.admitted ? place.admitted : place.queued).push(row.id)
    }
  }
  return new Map(candidates.map((candidate) => [candidate.id, decide(candidate, holders)]))
}

function decide(candidate: Candidate, holders: Map<string, { admitted: number[]; queued: number[] }>): AdmissionDecision {
  if (candidate.key === null) return { kind: 'ADMIT' }
  const place = holdersAt(holders, candidate.tenantId, candidate.key)
  const decision = admit(candidate.plan.concurrency, place)
  if (decision.kind === 'ADMIT') place.admitted.push(candidate.id)
  if (decision.kind === 'QUEUE') place.queued.push(candidate.id)
  if (decision.kind === 'REPLACE') place.queued = [candidate.id]
  return decision
}

function holdersAt(holders: Map<string, { admitted: number[]; queued: number[] }>, tenantId: number, key: string) {
  const name = `${tenantId}:${key}`
  const place = holders.get(name) ?? { admitted: [], queued: [] }
  holders.set(name, place)
  return place
}

function distinctGates(candidates: readonly Candidate[]): GateKey[] {
  const gates = new Map<string, GateKey>()
  for (const { tenantId, key } of candidates) if (key !== null) gates.set(`${tenantId}:${key}`, { tenantId, key })
  return [...gates.values()].sort(compareGates)
}

function answerOf(runId: number, decision: AdmissionDecision): RunStarted {
  const reason = reasonOf(decision)
  return { kind: 'STARTED', runId, state: decision.kind === 'SKIP' ? 'SKIPPED' : 'PENDING', reason }
}

function reasonOf(decision: AdmissionDecision): string | null {
  switch (decision.kind) {
    case 'ADMIT':
      return null
    case 'QUEUE':
    case 'SKIP':
      return `CONCURRENCY:${decision.heldBy}`
    case 'REPLACE':
      return `CONCURRENCY:${decision.stop[0] ?? ''}`
  }
}

// ───────────────────────────────────────────────────────────────── write

async function writeRuns(
  tx: Transaction,
  engine: Engine,
  candidates: readonly Candidate[],
  decisions: Decisions,
  now: number,
): Promise<void> {
  const runs = candidates.map((candidate) => newRun(candidate, decisions.get(candidate.id)!))
  const skipped = (run: NewRun) => decisions.get(run.id)!.kind === 'SKIP'
  const live = candidates.filter((candidate) => decisions.get(candidate.id)!.kind !== 'SKIP')
  insertRuns(
    tx,
    runs.filter((run) => !skipped(run)),
    now,
  )
  insertSkippedRuns(tx, runs.filter(skipped), now)
  insertInstances(
    tx,
    live.map((candidate) => newInstance(candidate, decisions.get(candidate.id)!, engine.settings.agingMs, now)),
    now,
  )
  insertRunParams(tx, candidates.flatMap(searchableParams))
  await replaceHolders(tx, engine, candidates, decisions)
  for (const candidate of live) {
    const queue = candidate.plan.nodes[0]!.queueId
    if (decisions.get(candidate.id)!.kind === 'ADMIT') tx.afterCommit(() => engine.hub.wake(queueTopic(queue), 1))
  }
}

/** The runs that new ones replace are asked to stop; their end admits the newcomer. A newcomer of this batch can itself be replaced. */
async function replaceHolders(
  tx: Transaction,
  engine: Engine,
  candidates: readonly Candidate[],
  decisions: Decisions,
): Promise<void> {
  const stops = candidates.flatMap(({ id, tenantId }) => {
    const decision = decisions.get(id)!
    return decision.kind === 'REPLACE' ? decision.stop.map((runId) => ({ tenantId, id: runId })) : []
  })
  if (stops.length > 0) await stopRuns(tx, engine, stops, 'REPLACED')
}

function newRun({ id, tenantId, planId, start, plan, params, key }: Candidate, decision: AdmissionDecision): NewRun {
  return {
    tenantId,
    id,
    targetKind: plan.targetKind,
    targetId: plan.targetId,
    planId,
    reason: reasonOf(decision),
    origin: start.origin,
    startedBy: start.startedBy,
    scheduleId: start.scheduleId ?? null,
    fireAt: start.fireAt ?? null,
    backfillId: start.backfillId ?? null,
    parentRunId: start.parentRunId ?? null,
    depth: start.depth ?? 0,
    params: JSON.stringify(params),
    priority: start.priority ?? plan.priority,
    concurrencyKey: key,
    admitted: decision.kind === 'ADMIT',
    wakesSchedule: start.wakesSchedule ?? false,
    instances: 1,
  }
}

function newInstance(
  { id, tenantId, planId, start, plan }: Candidate,
  decision: AdmissionDecision,
  agingMs: number,
  now: number,
): NewInstance {
  return {
    tenantId,
    id,
    runId: id,
    planId,
    node: 0,
    waitReason: decision.kind === 'ADMIT' ? null : 'SLOT',
    queueId: plan.nodes[0]!.queueId,
    sortKey: sortKey(now, start.priority ?? plan.priority, agingMs),
  }
}

const LONGEST_SEARCHABLE = 200

function searchableParams({ id, tenantId, plan, params }: Candidate) {
  return plan.searchable.flatMap((key) => {
    const value = params[key]
    if (value === undefined || value === null) return []
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return [{ tenantId, runId: id, key, value: text.slice(0, LONGEST_SEARCHABLE) }]
  })
}
