import { planFires, stateAfterRun, type CompiledSchedule, type DueState, type Fire, type HoldReason } from '@carillon/core'
import { blamesItemOrSize, isolate } from '../runtime/isolate.ts'
import type { Transaction } from '../storage/database.ts'
import { extendFires, insertFires, selectDecided, type FireRow, type StretchExtension } from '../storage/fire.ts'
import { dayOf } from '../storage/history-day.ts'
import {
  advanceSchedules,
  lockDueSchedules,
  lockTheseDueSchedules,
  postponeSchedule,
  selectNextDue,
  selectScheduleDefinitions,
  type Advance,
  type BacklogNote,
  type DueRow,
  type ScheduleDefinition,
  type ScheduleKey,
} from '../storage/schedule-due.ts'
import type { Engine } from './engine.ts'
import type { HistoryDays } from './history-days.ts'
import type { ScheduleCache } from './schedule-cache.ts'
import { startRuns, type RunStarted, type RunStart } from './start-runs.ts'

export interface FiringDeps {
  readonly engine: Engine
  readonly schedules: ScheduleCache
  readonly days: HistoryDays
}

/** How long a schedule that cannot be decided is put aside. */
const QUARANTINE_MS = 60_000
/** Batches at a time: while the database works on one, this process plans the other. */
const LANES = 2
/** Batches of a lane in one turn, after which the loop may end or rest. */
const BATCHES_A_TURN = 8
const MOST_RUNS_A_CALL = 100
const MOST_RUNS_A_BATCH = 2_000
const MOST_OCCURRENCES_A_CALL = 5_000

/**
 * One turn of firing: decides what is due, tenants in turn. Any number of nodes may do this at once and any may die: the lock of a due
 * row and the ledger's key see to it that an occurrence is decided once, and it is decided in the transaction that starts its run.
 * Answers how long to rest.
 */
export async function fireSchedules(deps: FiringDeps, longestRestMs = 1_000): Promise<number> {
  const { engine } = deps
  const next = await engine.db.look(selectNextDue)
  if (next.at === null || next.at > next.now) return restUntil(next, longestRestMs)
  const decided = await fireNext(deps)
  if (isHerd(decided, engine)) await allSettled(Array.from({ length: LANES }, () => fireLane(deps)))
  // Nothing decided although something is due: another node holds those rows just now.
  return decided > 0 ? 0 : 10
}

function restUntil({ at, now }: { at: number | null; now: number }, longest: number): number {
  return at === null ? longest : Math.min(Math.max(at - now, 1), longest)
}

/** A batch is full when every tenant has filled its share; where one has many and others few, it never quite is. */
const isHerd = (decided: number, { settings }: Engine) => decided > settings.fireBatch / 10

/** Waits for all of them, also when one fails: nothing goes on unwatched behind the turn. */
async function allSettled(lanes: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(lanes)).find((lane) => lane.status === 'rejected')
  if (failed) throw failed.reason
}

async function fireLane(deps: FiringDeps): Promise<void> {
  for (let batches = 0; batches < BATCHES_A_TURN; batches++) if (!isHerd(await fireNext(deps), deps.engine)) return
}

/** Decides the next batch. Answers how many schedules were decided. */
async function fireNext(deps: FiringDeps): Promise<number> {
  let due: readonly DueRow[] = []
  try {
    const decided = await decideBatch(deps, async (tx) => (due = await lockDueSchedules(tx, deps.engine.settings.fireBatch)))
    return decided.length
  } catch (error) {
    if (due.length === 0 || !blamesItemOrSize(error)) throw error
    const decided = await isolate(
      due,
      (part) => fireBatch(deps, part),
      (key, cause) => quarantine(deps, key, cause),
      blamesItemOrSize,
    )
    return decided.filter(Boolean).length
  }
}

async function quarantine({ engine }: FiringDeps, key: ScheduleKey, error: unknown): Promise<boolean> {
  engine.report('schedule.quarantined', {
    tenantId: key.tenantId,
    scheduleId: key.scheduleId,
    error: String(error),
    forMs: QUARANTINE_MS,
  })
  await engine.db.engine((tx) => postponeSchedule(tx, key, QUARANTINE_MS))
  return true
}

/**
 * Decides these schedules in one transaction, and looks first at what the ledger holds already. Answers for each whether it was decided
 * here.
 */
export async function fireBatch(deps: FiringDeps, keys: readonly ScheduleKey[]): Promise<boolean[]> {
  const decided = await decideBatch(
    deps,
    (tx) => lockTheseDueSchedules(tx, keys),
    (tx, plans) => withoutDecided(tx, deps.engine, plans),
  )
  const done = new Set(decided.map(nameOf))
  return keys.map((key) => done.has(nameOf(key)))
}

/** One transaction that decides what it locks. */
function decideBatch(
  deps: FiringDeps,
  lock: (tx: Transaction) => Promise<DueRow[]>,
  check = (_: Transaction, plans: readonly PlannedSchedule[]) => Promise.resolve(plans),
): Promise<DueRow[]> {
  return deps.days.withFireDays((requireDays) =>
    deps.engine.db.engine(async (tx) => {
      const due = await lock(tx)
      if (due.length === 0) return []
      const [now, definitions] = await Promise.all([tx.now(), selectScheduleDefinitions(tx, due)])
      const plans = planAll(deps, due, definitions, await nodesOfTargets(tx, deps.engine, definitions), now)
      requireDays(plans.flatMap(({ fires }) => fires.map((fire) => dayOf(fire.fireAt))))
      await decideFires(tx, deps, await check(tx, plans), now)
      return plans.map(({ row }) => row)
    }),
  )
}

export type NodesOfTarget = (definition: ScheduleDefinition) => number

/** Of how many nodes the runs of schedules are. Plans of DAGs are needed for their starts in any case, and are remembered. */
export async function nodesOfTargets(
  tx: Transaction,
  engine: Engine,
  definitions: readonly ScheduleDefinition[],
): Promise<NodesOfTarget> {
  const plans = definitions.flatMap(({ tenantId, dagPlanId }) => (dagPlanId === null ? [] : [{ tenantId, planId: dagPlanId }]))
  const planOf = await engine.plans.load(tx, plans)
  return ({ tenantId, dagPlanId }) => (dagPlanId === null ? 1 : planOf({ tenantId, planId: dagPlanId }).nodes.length)
}

const nameOf = (key: ScheduleKey) => `${key.tenantId}:${key.scheduleId}`

// ───────────────────────────────────────────────────────────────── plan

interface PlannedSchedule {
  readonly row: DueRow
  readonly definition: ScheduleDefinition
  readonly schedule: CompiledSchedule
  readonly fires: readonly Fire[]
  readonly next: DueState | null
}

/** How long a transaction may hold its rows while it plans. What does not fit stays due, and is the first of the next turn. */
const PLANNING_MS = 200

/** What does not fit into one transaction, by its runs or by their nodes, is left like what is not planned in time. */
function planAll(
  deps: FiringDeps,
  due: readonly DueRow[],
  definitions: readonly ScheduleDefinition[],
  nodesOf: NodesOfTarget,
  now: number,
): PlannedSchedule[] {
  const { startNodes } = deps.engine.settings
  const definitionOf = new Map(definitions.map((definition) => [nameOf(definition), definition]))
  const end = performance.now() + PLANNING_MS
  const plans: PlannedSchedule[] = []
  let [runs, nodes] = [0, 0]
  for (const row of due) {
    const definition = definitionOf.get(nameOf(row))
    if (definition) {
      const nodesARun = nodesOf(definition)
      const fit = Math.floor((startNodes - nodes) / nodesARun)
      if (fit < 1 && plans.length > 0) break
      const plan = planOne(deps, row, definition, now, Math.max(1, fit))
      const starts = plan.fires.filter(isRun).length
      runs += starts
      nodes += starts * nodesARun
      plans.push(plan)
    }
    if (performance.now() > end || runs >= MOST_RUNS_A_BATCH) break
  }
  return plans
}

/** What is stored was checked when it was saved. If it cannot be planned all the same, that is this schedule's trouble alone: see `isolate`. */
function planOne(
  { engine, schedules }: FiringDeps,
  row: DueRow,
  definition: ScheduleDefinition,
  now: number,
  mostRuns: number,
): PlannedSchedule {
  const schedule = schedules.compiled(definition)
  if (definition.deleted) return { row, definition, schedule, fires: [], next: null }
  const { fires, next } = planFires({
    schedule,
    scheduleId: row.scheduleId,
    state: { nextFireAt: row.nextFireAt, ...(row.misfire ?? NO_BACKLOG) },
    now,
    misfire: definition.misfire,
    misfireAfterMs: engine.settings.misfireAfterMs,
    hold: holdOf(definition),
    maxRuns: Math.min(mostRuns, MOST_RUNS_A_CALL),
    maxOccurrences: MOST_OCCURRENCES_A_CALL,
  })
  return { row, definition, schedule, fires, next }
}

const NO_BACKLOG: BacklogNote = { misfireUntil: null, runFrom: null, paceUntil: null }

function holdOf(definition: ScheduleDefinition): HoldReason | null {
  if (!definition.tenantActive) return 'TENANT_SUSPENDED'
  if (definition.paused) return 'PAUSED'
  return definition.targetEnabled ? null : 'DISABLED'
}

/**
 * Leaves out what the ledger already holds. The row lock makes that impossible; where it happens all the same (a restored table, a hand
 * in the database) the ledger's key refuses the batch, people are told, and the schedule goes on behind it.
 */
async function withoutDecided(tx: Transaction, engine: Engine, plans: readonly PlannedSchedule[]): Promise<PlannedSchedule[]> {
  const occurrences = plans.flatMap(({ row, fires }) =>
    fires.filter(isRun).map(({ fireAt }) => ({ tenantId: row.tenantId, scheduleId: row.scheduleId, backfillId: 0, fireAt })),
  )
  const decided = occurrences.length === 0 ? [] : await selectDecided(tx, occurrences)
  if (decided.length === 0) return [...plans]
  engine.report('fire.alreadyDecided', { fires: decided })
  const names = new Set(decided.map((each) => `${nameOf(each)}:${each.fireAt}`))
  return plans.map((plan) => ({ ...plan, fires: plan.fires.filter((fire) => !names.has(`${nameOf(plan.row)}:${fire.fireAt}`)) }))
}

const isRun = (fire: Fire) => fire.outcome !== 'SKIPPED' && fire.outcome !== 'MISSED'

// ───────────────────────────────────────────────────────────────── write

async function decideFires(
  tx: Transaction,
  { engine }: FiringDeps,
  plans: readonly PlannedSchedule[],
  now: number,
): Promise<void> {
  const runs = plans.flatMap((plan) => plan.fires.filter(isRun).map((fire) => ({ plan, fire })))
  const started = await startRuns(
    tx,
    engine,
    runs.map(({ plan, fire }) => runStart(plan, fire)),
  )
  const outcomes = new Map(runs.map(({ fire }, place) => [fire, started[place]!]))
  const extended = await extendStretches(tx, plans)
  insertFires(
    tx,
    plans.flatMap((plan) => ledgerRows(plan, outcomes, extended.has(nameOf(plan.row)))),
    now,
  )
  advanceSchedules(
    tx,
    plans.map((plan) => advanceOf(plan, outcomes, now, extended.has(nameOf(plan.row)))),
  )
}

type Outcomes = ReadonlyMap<Fire, RunStarted>

function runStart({ row, definition }: PlannedSchedule, fire: Fire): RunStart {
  return {
    tenantId: row.tenantId,
    target: { kind: definition.targetKind, id: definition.targetId },
    origin: 'SCHEDULE',
    startedBy: `schedule:${definition.code}`,
    params: definition.params,
    priority: definition.priority,
    scheduleId: row.scheduleId,
    fireAt: fire.fireAt,
    wakesSchedule: definition.timing.kind === 'FIXED_DELAY',
  }
}

/** A first non-fire of the same kind as the open stretch lengthens its row instead of making one. */
async function extendStretches(tx: Transaction, plans: readonly PlannedSchedule[]): Promise<ReadonlySet<string>> {
  const extensions = plans.flatMap(({ row, fires }): StretchExtension[] => {
    const first = fires[0]
    if (!first || isRun(first) || row.stretchFireAt === null || row.stretchReason !== stretchReason(first)) return []
    return [
      {
        tenantId: row.tenantId,
        scheduleId: row.scheduleId,
        fireAt: row.stretchFireAt,
        lastFireAt: first.lastFireAt,
        count: first.count,
      },
    ]
  })
  return new Set((await extendFires(tx, extensions)).map(nameOf))
}

const stretchReason = (fire: Fire) => `${fire.outcome}:${fire.reason}`

function ledgerRows({ row, fires }: PlannedSchedule, outcomes: Outcomes, extended: boolean): FireRow[] {
  return fires.slice(extended ? 1 : 0).map((fire) => ({
    tenantId: row.tenantId,
    scheduleId: row.scheduleId,
    backfillId: 0,
    fireAt: fire.fireAt,
    lastFireAt: fire.lastFireAt,
    count: fire.count,
    ...ledgerOutcome(fire, outcomes.get(fire)),
  }))
}

/** What the ledger says of a fire: the plan's decision, unless the start of its run was decided otherwise. */
export function ledgerOutcome(
  { outcome, reason }: { outcome: FireRow['outcome']; reason: string },
  started: RunStarted | undefined,
): Pick<FireRow, 'outcome' | 'reason' | 'runId'> {
  if (!started) return { outcome, reason, runId: null }
  if (started.kind === 'REFUSED') return { outcome: 'SKIPPED', reason: started.code, runId: null }
  if (started.state === 'SKIPPED') return { outcome: 'SKIPPED', reason: 'CONCURRENCY', runId: started.runId }
  return { outcome, reason, runId: started.runId }
}

function advanceOf(plan: PlannedSchedule, outcomes: Outcomes, now: number, extended: boolean): Advance {
  const { row, fires } = plan
  const next = nextState(plan, outcomes, now)
  const last = fires.at(-1)
  const backlog = next && { misfireUntil: next.misfireUntil, runFrom: next.runFrom, paceUntil: next.paceUntil }
  return {
    tenantId: row.tenantId,
    scheduleId: row.scheduleId,
    nextFireAt: next?.nextFireAt ?? null,
    dueAt: next?.dueAt ?? null,
    misfire: backlog && (backlog.misfireUntil !== null || backlog.paceUntil !== null) ? JSON.stringify(backlog) : null,
    decidedUntil: last?.lastFireAt ?? null,
    lastFireAt: fires.findLast((fire) => isRun(fire) && ranAs(outcomes.get(fire)))?.fireAt ?? null,
    ...openStretch(row, fires, extended),
  }
}

const ranAs = (started: RunStarted | undefined) => started?.kind === 'STARTED' && started.state === 'PENDING'

function openStretch(row: DueRow, fires: readonly Fire[], extended: boolean): Pick<Advance, 'stretchFireAt' | 'stretchReason'> {
  const last = fires.at(-1)
  if (!last) return row
  if (isRun(last)) return { stretchFireAt: null, stretchReason: null }
  return { stretchFireAt: extended && fires.length === 1 ? row.stretchFireAt : last.fireAt, stretchReason: stretchReason(last) }
}

/** A FIXED_DELAY occurrence whose run was not started has no end to wait for: it counts as one that ends now. */
function nextState(
  { row, definition, schedule, fires, next }: PlannedSchedule,
  outcomes: Outcomes,
  now: number,
): DueState | null {
  if (definition.timing.kind !== 'FIXED_DELAY' || next !== null || definition.deleted) return next
  const running = fires.some((fire) => ranAs(outcomes.get(fire)))
  return running ? null : stateAfterRun(schedule, row.scheduleId, now)
}
