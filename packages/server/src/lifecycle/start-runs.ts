import {
  admit,
  concurrencyKey,
  isLarge,
  sortKey,
  type AdmissionDecision,
  type ErrorCode,
  type Plan,
  type RunOrigin,
} from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { compareGates, lockGates, type GateKey } from '../storage/gate.ts'
import { insertInstances, type NewInstance } from '../storage/instance.ts'
import { insertRuns, insertSkippedRuns, nextIds, selectHolders, type NewRun } from '../storage/run.ts'
import { insertRunParams } from '../storage/run-param.ts'
import { selectStartableTasks, type StartableTask } from '../storage/task.ts'
import { insertNodes, type NewNode } from '../storage/node.ts'
import { selectStartableDags, type StartableDag } from '../storage/dag.ts'
import { TenantMap } from '../storage/tenant-map.ts'
import { TooMuchAtOnce } from '../runtime/isolate.ts'
import { announcePending } from './announce-pending.ts'
import { beginRuns, endEmptyRuns } from './advance-runs.ts'
import type { Engine } from './engine.ts'
import { loadKeptNodes, writeKeptNodes, type KeptNodes } from './kept-nodes.ts'
import { planOfShare, shareKey, type PlanShares } from './plan-share.ts'
import { stopRuns } from './stop-runs.ts'

export interface RunTarget {
  readonly kind: 'TASK' | 'DAG'
  readonly id: number
}

/** A run that something wants to start. Parameters are overrides, already checked against the schema by whoever accepted them. */
export interface RunStart {
  readonly tenantId: number
  readonly target: RunTarget
  readonly origin: RunOrigin
  readonly startedBy: string
  readonly params: Readonly<Record<string, unknown>>
  /** The plan of the run that is repeated, or of the version that is named; absent: the target's present one. */
  readonly planId?: number
  /** The task as it was when the request was checked: if it has changed since, the start is refused, to be checked anew. */
  readonly expects?: { readonly version: number; readonly planId: number }
  /** Runs of a DAG with the same key get the same version while two share its traffic. */
  readonly runKey?: string
  readonly priority?: number | null
  readonly bypassConcurrency?: boolean
  /** Also when the task is disabled. */
  readonly force?: boolean
  readonly scheduleId?: number
  readonly fireAt?: number
  readonly backfillId?: number
  readonly wakesSchedule?: boolean
  readonly parentRunId?: number
  /** Takes over from its parent run what had succeeded there, and runs the rest. */
  readonly keepsSucceeded?: boolean
  readonly depth?: number
  /** The node that waits for this run as for a part of itself. */
  readonly parentInstanceId?: number
}

export type RunStarted =
  | { readonly kind: 'STARTED'; readonly runId: number; readonly state: 'PENDING' | 'SKIPPED'; readonly reason: string | null }
  | {
      readonly kind: 'REFUSED'
      readonly code: ErrorCode
      readonly detail: string
      /** What the caller expected is no longer so. */
      readonly outdated?: true
    }

/**
 * The funnel through which everything begins a run: schedules, the API, upstream tasks, backfills, retries. One transaction, any number
 * of tenants; each start is answered by itself, in order. Several of more than `startNodes` nodes in all are `TooMuchAtOnce`.
 */
export async function startRuns(tx: Transaction, engine: Engine, starts: readonly RunStart[]): Promise<RunStarted[]> {
  if (starts.length === 0) return []
  const [targets, ids, now] = await Promise.all([loadTargets(tx, starts), nextIds(tx, starts.length), tx.now()])
  const drafts = starts.map((start, place) => draftOf(start, targets, ids[place]!))
  const accepted = drafts.filter((draft) => draft.kind === 'DRAFT')
  const planOf = await engine.plans.load(tx, accepted.flatMap(plansOfDraft))
  const all = accepted.map((draft) => candidateOf(draft, (planId) => planOf({ tenantId: draft.tenantId, planId })))
  const unfit = refusalsOf(engine, all)
  const candidates = await withKeptNodes(
    tx,
    all.filter(({ id }) => !unfit.has(id)),
  )
  assertNotTooMany(engine, candidates)
  const decisions = await decideAdmissions(tx, candidates)
  await writeRuns(tx, engine, candidates, decisions, now)
  return drafts.map((draft) =>
    draft.kind === 'REFUSED' ? draft : (unfit.get(draft.id) ?? answerOf(draft.id, decisions.get(draft.id)!)),
  )
}

// ───────────────────────────────────────────────────────────────── read

type TargetLookup = TenantMap<number, StartableTask | StartableDag>

async function loadTargets(tx: Transaction, starts: readonly RunStart[]): Promise<TargetLookup> {
  const keys = TenantMap.of(
    starts.map(({ tenantId, target }) => ({ tenantId, ...target })),
    (target) => target.id,
  ).values()
  const [tasks, dags] = await Promise.all([
    selectStartableTasks(
      tx,
      keys.filter((key) => key.kind === 'TASK'),
    ),
    selectStartableDags(
      tx,
      keys.filter((key) => key.kind === 'DAG'),
    ),
  ])
  return TenantMap.of<number, StartableTask | StartableDag>([...tasks, ...dags], (target) => target.id)
}

const OUTDATED = {
  kind: 'REFUSED',
  code: 'VERSION_CONFLICT',
  detail: 'The task has changed meanwhile.',
  outdated: true,
} as const satisfies RunStarted

function isAsExpected(
  { version, planId }: NonNullable<RunStart['expects']>,
  task: StartableTask | StartableDag | undefined,
): boolean {
  return task !== undefined && 'version' in task && task.version === version && task.planId === planId
}

interface Draft {
  readonly kind: 'DRAFT'
  readonly id: number
  readonly tenantId: number
  readonly shares: PlanShares
  readonly start: RunStart
}

const plansOfDraft = ({ tenantId, shares: { planId, grayPlanId } }: Draft) =>
  [planId, ...(grayPlanId === null ? [] : [grayPlanId])].map((id) => ({ tenantId, planId: id }))

const NAMES = { TASK: 'task', DAG: 'DAG' } as const

type Refusal = Extract<RunStarted, { kind: 'REFUSED' }>

function draftOf(start: RunStart, targets: TargetLookup, id: number): Draft | Refusal {
  const { kind } = start.target
  const target = targets.get(start.tenantId, start.target.id)
  if (start.expects && !isAsExpected(start.expects, target)) return OUTDATED
  if (!target)
    return { kind: 'REFUSED', code: 'NOT_FOUND', detail: `There is no ${kind === 'TASK' ? 'task' : 'DAG'} ${start.target.id}.` }
  if (!target.tenantActive) return { kind: 'REFUSED', code: 'FORBIDDEN', detail: 'The tenant is suspended.' }
  if (!target.enabled && !start.force) {
    return {
      kind: 'REFUSED',
      code: 'TASK_DISABLED',
      detail: `The ${NAMES[kind]} ${target.code} is disabled. Enable it, or trigger with force if your role may.`,
    }
  }
  if ('paused' in target && target.paused && !start.force) {
    return {
      kind: 'REFUSED',
      code: 'STATE_CONFLICT',
      detail: `The DAG ${target.code} is paused. Resume it, or trigger with force if your role may.`,
    }
  }
  const planId = start.planId ?? target.planId
  if (planId === null)
    return {
      kind: 'REFUSED',
      code: 'STATE_CONFLICT',
      detail: `The DAG ${target.code} has no ACTIVE version. Activate one first.`,
    }
  const gray = start.planId === undefined && 'grayPlanId' in target ? target : NO_GRAY
  const shares = { planId, grayPlanId: gray.grayPlanId, grayPercent: gray.grayPercent }
  return { kind: 'DRAFT', id, tenantId: start.tenantId, shares, start }
}

const NO_GRAY = { grayPlanId: null, grayPercent: null }

interface Candidate {
  readonly id: number
  readonly tenantId: number
  readonly planId: number
  readonly start: RunStart
  readonly plan: Plan
  readonly params: Readonly<Record<string, unknown>>
  readonly key: string | null
  /** Why its key could not be computed; null: it was, or is not needed. */
  readonly keyProblem: string | null
  readonly kept: KeptNodes | null
}

function candidateOf({ id, tenantId, shares, start }: Draft, planOf: (planId: number) => Plan): Candidate {
  const { planId: active, grayPlanId } = shares
  const planId = grayPlanId === null ? active : planOfShare(shares, shareKey(planOf(active), start) ?? String(id))
  const plan = planOf(planId)
  const params = { ...(plan.dag ? plan.dag.params : plan.nodes[0]!.params), ...start.params }
  const key = start.bypassConcurrency
    ? NO_KEY
    : concurrencyKey(plan.concurrency, start.target.id, { params, run: { fireAt: start.fireAt ?? null } })
  const common = { id, tenantId, planId, start, plan, params, kept: null }
  return key.kind === 'VALUE'
    ? { ...common, key: key.value, keyProblem: null }
    : { ...common, key: null, keyProblem: key.message }
}

const NO_KEY = { kind: 'VALUE', value: null } as const

/** Of those that cannot be run with what they were given, by the id of the run that they would have been. */
function refusalsOf(engine: Engine, candidates: readonly Candidate[]): ReadonlyMap<number, Refusal> {
  return new Map(
    candidates.flatMap((candidate) => {
      const detail = paramsProblem(engine, candidate) ?? unkeyed(candidate)
      return detail === null ? [] : [[candidate.id, { kind: 'REFUSED', code: 'VALIDATION_FAILED', detail }] as const]
    }),
  )
}

/** Of a node's part: its parameters are computed, so nobody has held them against the schema of its DAG. */
function paramsProblem(engine: Engine, { start, plan, params }: Candidate): string | null {
  if (start.parentInstanceId === undefined) return null
  const [problem] = engine.paramsProblems(plan.dag?.paramsSchema ?? null, params)
  return problem ? `params${problem.path} ${problem.message}.` : null
}

function unkeyed({ keyProblem, start }: Candidate): string | null {
  return keyProblem === null ? null : `The concurrency key of the ${NAMES[start.target.kind]} cannot be computed: ${keyProblem}`
}

/** Whoever starts several takes them apart then: see `isolate`. */
function assertNotTooMany({ settings: { startNodes } }: Engine, candidates: readonly Candidate[]): void {
  const nodes = candidates.reduce((sum, candidate) => sum + instancesOf(candidate), 0)
  if (candidates.length > 1 && nodes > startNodes)
    throw new TooMuchAtOnce(`${candidates.length} runs of ${nodes} nodes are too many to start at once.`)
}

async function withKeptNodes(tx: Transaction, candidates: readonly Candidate[]): Promise<Candidate[]> {
  const keeps = candidates.filter(
    ({ plan, start }) => start.keepsSucceeded && start.parentRunId !== undefined && plan.targetKind === 'DAG',
  )
  const loaded = await loadKeptNodes(
    tx,
    keeps.map(({ tenantId, plan, params, start }) => ({ tenantId, runId: start.parentRunId!, plan, params })),
  )
  const keptOf = new Map(keeps.map(({ id }, place) => [id, loaded[place]!]))
  return candidates.map((candidate) => {
    const kept = keptOf.get(candidate.id) ?? null
    // Where nothing is left to run, no slot is needed for it.
    return { ...candidate, kept, key: kept?.nodes.size === candidate.plan.nodes.length ? null : candidate.key }
  })
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
  const runs = candidates.map((candidate) => newRun(candidate, decisions.get(candidate.id)!, now))
  const skipped = (run: NewRun) => decisions.get(run.id)!.kind === 'SKIP'
  const live = candidates.filter((candidate) => decisions.get(candidate.id)!.kind !== 'SKIP')
  insertRuns(
    tx,
    runs.filter((run) => !skipped(run)),
    now,
  )
  insertSkippedRuns(tx, runs.filter(skipped), now)
  const large = live.filter((candidate) => isLarge(candidate.plan))
  const single = live.filter((candidate) => !isLarge(candidate.plan))
  insertInstances(
    tx,
    single.map((candidate) => newInstance(candidate, decisions.get(candidate.id)!, engine.settings.agingMs, now)),
    now,
  )
  insertRunParams(tx, candidates.flatMap(searchableParams))
  await insertLargeRuns(tx, engine, large, decisions, now)
  await writeKeptNodes(
    tx,
    live.flatMap(({ id, kept }) => (kept ? [{ id, kept }] : [])),
  )
  await replaceHolders(tx, engine, candidates, decisions)
  await beginRuns(
    tx,
    engine,
    large.filter((candidate) => decisions.get(candidate.id)!.kind === 'ADMIT'),
    now,
  )
  await endEmptyRuns(
    tx,
    engine,
    large.filter((candidate) => instancesOf(candidate) === 0),
    now,
  )
  const pending = single.filter((candidate) => decisions.get(candidate.id)!.kind === 'ADMIT')
  await announcePending(
    tx,
    engine,
    pending.map(({ plan }) => plan.nodes[0]!.queueId),
  )
}

const instancesOf = ({ plan, kept }: Candidate) => plan.nodes.length - (kept?.nodes.size ?? 0)

/** A node of a DAG waits for what is upstream of it; the first ones of a run that has to wait itself wait for its slot. */
async function insertLargeRuns(
  tx: Transaction,
  engine: Engine,
  runs: readonly Candidate[],
  decisions: Decisions,
  now: number,
): Promise<void> {
  if (runs.length === 0) return
  const ids = await nextIds(
    tx,
    runs.reduce((sum, run) => sum + instancesOf(run), 0),
  )
  let next = 0
  const nodes = runs.flatMap(({ id, tenantId, planId, plan, start, kept }) =>
    plan.nodes.flatMap((node, index): NewNode[] => {
      if (kept?.nodes.has(index)) return []
      const { parents } = node.control!
      const { ok = 0, failed = 0, skipped = 0 } = kept?.counters.get(index) ?? {}
      return [
        {
          tenantId,
          id: ids[next++]!,
          runId: id,
          planId,
          node: index,
          shardIndex: 0,
          shardTotal: 1,
          waitReason: parents === 0 && decisions.get(id)!.kind !== 'ADMIT' ? 'SLOT' : 'DEPENDENCY',
          queueId: node.queueId,
          sortKey: sortKey(now, start.priority ?? plan.priority, engine.settings.agingMs),
          parents,
          ok,
          failed,
          skipped,
          params: null,
        },
      ]
    }),
  )
  insertNodes(tx, nodes, now)
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

function newRun(candidate: Candidate, decision: AdmissionDecision, now: number): NewRun {
  const { id, tenantId, planId, start, plan, params, key } = candidate
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
    instances: instancesOf(candidate),
    parentInstanceId: start.parentInstanceId ?? null,
    deadlineAt: plan.dag && plan.dag.timeoutMs > 0 ? now + plan.dag.timeoutMs : null,
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
