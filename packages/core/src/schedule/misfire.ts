import { calendarVerdict } from './calendar.ts'
import type { CompiledSchedule } from './compile.ts'
import { fireAfterRun, fireDueAt, type DueState, type FiringState } from './firing-state.ts'
import { latestAllowed } from './latest-allowed.ts'
import { paceOf, type MisfirePolicy } from './misfire-policy.ts'
import { nextFire } from './next-fire.ts'
import { stretchOf, type Stretch } from './stretch.ts'

// The decision of the firing loop: what becomes of every occurrence that is due. Each occurrence is decided exactly once, in order.
//
// On time, each due occurrence runs (RUN), also when the loop lags by a few seconds and finds several. Once the earliest undecided
// occurrence is overdue by more than `misfireAfterMs`, a backlog is declared: `misfireUntil` is set to that moment, and every
// occurrence up to it is decided by the misfire policy, however many calls that takes. `runFrom` is settled in the same moment; from
// then on a call needs only the state to decide an occurrence, which is why the result does not depend on how calls are chunked.
//
//   SKIP        all MISSED
//   FIRE_ONCE   the latest one is one LATE run, those before it MISSED
//   CATCH_UP    the latest `maxFires` of those not older than `windowMs` run as CAUGHT_UP, oldest first and no faster than
//               `perMinute`; those before them MISSED
//
// "The latest" counts occurrences that the calendars allow. One that they exclude would not have run on time either: it is SKIPPED
// for CALENDAR, never MISSED. A hold comes before everything else: whatever is due is SKIPPED for that reason.

/** Why nothing of a schedule may run at the moment. */
export type HoldReason = 'PAUSED' | 'DISABLED' | 'TENANT_SUSPENDED'

export type FireOutcome = 'RUN' | 'LATE' | 'CAUGHT_UP' | 'SKIPPED' | 'MISSED'
export type FireReason = 'ON_TIME' | 'MISFIRE' | 'CALENDAR' | HoldReason

/** The decision about one occurrence, or about a stretch of consecutive ones that do not run for the same reason. */
export interface Fire {
  /** The occurrence, or the first of the stretch. */
  readonly fireAt: number
  /** The last of the stretch. */
  readonly lastFireAt: number
  readonly count: number
  readonly outcome: FireOutcome
  readonly reason: FireReason
}

export interface FirePlanInput {
  readonly schedule: CompiledSchedule
  readonly scheduleId: number
  readonly state: FiringState
  readonly now: number
  readonly misfire: MisfirePolicy
  /** How late the earliest occurrence may be before a backlog is declared: 60_000 unless there is a reason. */
  readonly misfireAfterMs: number
  readonly hold: HoldReason | null
  /** The most RUN, LATE and CAUGHT_UP fires of this call. */
  readonly maxRuns: number
  /** The most occurrences looked at in this call; a stretch that is counted by arithmetic (FIXED_RATE) is one. */
  readonly maxOccurrences: number
}

export interface FirePlan {
  readonly fires: readonly Fire[]
  /**
   * The state to persist with the fires. Null: nothing more is known to come (for FIXED_DELAY: not before the run ends, see
   * `stateAfterRun`).
   */
  readonly next: DueState | null
}

export const MISFIRE_AFTER_MS = 60_000

type RunOutcome = Extract<FireOutcome, 'RUN' | 'LATE' | 'CAUGHT_UP'>

type Decision =
  | { readonly kind: 'WAIT'; readonly until: number }
  | { readonly kind: 'RUN'; readonly outcome: RunOutcome; readonly reason: FireReason }
  /** The same for every occurrence before `before`. */
  | { readonly kind: 'PASS'; readonly outcome: 'SKIPPED' | 'MISSED'; readonly reason: FireReason; readonly before: number }

/**
 * Decides the due occurrences of one schedule, as many as `maxRuns` and `maxOccurrences` allow. If work is left, `next.dueAt` is
 * `now`: call again with `next` as the state.
 */
export function planFires(input: FirePlanInput): FirePlan {
  const { now, maxRuns, maxOccurrences } = input
  const fires: Fire[] = []
  let [runs, seen] = [0, 0]
  let batch = batchLeft(input)
  let state = input.state
  while (true) {
    state = withBacklog(input, state)
    const decision = decide(input, state, batch)
    if (decision.kind === 'WAIT') return { fires, next: { ...state, dueAt: decision.until } }
    if (seen >= maxOccurrences || (decision.kind === 'RUN' && runs >= maxRuns)) return { fires, next: { ...state, dueAt: now } }
    const stretch = stretchFor(input, decision, state.nextFireAt, maxOccurrences - seen)
    const { outcome, reason } = decision
    append(fires, { fireAt: state.nextFireAt, lastFireAt: stretch.last, count: stretch.count, outcome, reason })
    seen += stretch.seen
    if (decision.kind === 'RUN') runs += 1
    if (outcome === 'CAUGHT_UP') {
      batch -= 1
      state = { ...state, paceUntil: now + paceOf(input.misfire).everyMs }
    }
    if (stretch.next === null) return { fires, next: null }
    state = { ...state, nextFireAt: stretch.next }
  }
}

/** Leaves a backlog that has been decided, and declares one where the earliest occurrence is overdue. */
function withBacklog(input: FirePlanInput, state: FiringState): FiringState {
  if (state.misfireUntil !== null && state.nextFireAt <= state.misfireUntil) return state
  const overdue = input.hold === null && input.now - due(input, state) > input.misfireAfterMs
  if (!overdue && state.misfireUntil === null) return state
  return { ...state, misfireUntil: overdue ? input.now : null, runFrom: overdue ? runFrom(input, state) : null }
}

/** The first occurrence of a backlog declared now that the policy lets run. */
function runFrom({ schedule, misfire, now }: FirePlanInput, { nextFireAt }: FiringState): number | null {
  switch (misfire.policy) {
    case 'SKIP':
      return null
    case 'FIRE_ONCE':
      return latestAllowed(schedule, nextFireAt, nextFireAt, now, 1)
    case 'CATCH_UP':
      return latestAllowed(schedule, nextFireAt, Math.max(nextFireAt, now - misfire.windowMs), now, misfire.maxFires)
  }
}

function decide(input: FirePlanInput, state: FiringState, batch: number): Decision {
  const { schedule, now, hold } = input
  const fireAt = state.nextFireAt
  if (state.misfireUntil === null && due(input, state) > now) return { kind: 'WAIT', until: due(input, state) }
  // Up to here every occurrence is surely due, whatever its jitter.
  const decidable = state.misfireUntil === null ? Math.max(fireAt, now - schedule.spec.jitterMs) + 1 : state.misfireUntil + 1
  if (hold !== null) return { kind: 'PASS', outcome: 'SKIPPED', reason: hold, before: decidable }
  const { excluded, until } = calendarVerdict(schedule.calendars, fireAt)
  const before = Math.min(decidable, until)
  if (excluded !== null) return { kind: 'PASS', outcome: 'SKIPPED', reason: 'CALENDAR', before }
  if (state.misfireUntil === null) return { kind: 'RUN', outcome: 'RUN', reason: 'ON_TIME' }
  return decideMisfire(input, state, batch, before)
}

function decideMisfire({ misfire, now }: FirePlanInput, state: FiringState, batch: number, before: number): Decision {
  const { nextFireAt, runFrom } = state
  if (runFrom === null) return { kind: 'PASS', outcome: 'MISSED', reason: 'MISFIRE', before }
  if (nextFireAt < runFrom) return { kind: 'PASS', outcome: 'MISSED', reason: 'MISFIRE', before: Math.min(before, runFrom) }
  if (misfire.policy === 'FIRE_ONCE' && nextFireAt === runFrom) return { kind: 'RUN', outcome: 'LATE', reason: 'MISFIRE' }
  // What follows the one late run is excluded. If a calendar was edited meanwhile it is missed: never a second late run.
  if (misfire.policy !== 'CATCH_UP') return { kind: 'PASS', outcome: 'MISSED', reason: 'MISFIRE', before }
  if (batch === 0) return { kind: 'WAIT', until: state.paceUntil ?? now }
  return { kind: 'RUN', outcome: 'CAUGHT_UP', reason: 'MISFIRE' }
}

function due({ schedule, scheduleId }: FirePlanInput, { nextFireAt }: FiringState): number {
  return fireDueAt(schedule, scheduleId, nextFireAt)
}

/** The occurrences that a decision is about, from `fireAt` on, and what follows them. */
function stretchFor(
  { schedule, now }: FirePlanInput,
  decision: Exclude<Decision, { kind: 'WAIT' }>,
  fireAt: number,
  budget: number,
): Stretch {
  if (decision.kind === 'RUN') return { last: fireAt, count: 1, seen: 1, next: nextFire(schedule, fireAt) }
  // A FIXED_DELAY occurrence that does not run has no end to wait for: it counts as a run that ends now, or the schedule would stop.
  if (schedule.timing.kind === 'FIXED_DELAY') return { last: fireAt, count: 1, seen: 1, next: fireAfterRun(schedule, now) }
  return stretchOf(schedule, fireAt, decision.before, budget)
}

/** Adds a decision; one that does not run joins the stretch before it if that is of the same kind. */
function append(fires: Fire[], fire: Fire): void {
  const last = fires.at(-1)
  const passes = fire.outcome === 'SKIPPED' || fire.outcome === 'MISSED'
  if (passes && last !== undefined && last.outcome === fire.outcome && last.reason === fire.reason) {
    fires[fires.length - 1] = { ...last, lastFireAt: fire.lastFireAt, count: last.count + fire.count }
  } else fires.push(fire)
}

/** How many caught-up runs this call may still start. */
function batchLeft({ misfire, state, now }: FirePlanInput): number {
  const { batch, everyMs } = paceOf(misfire)
  const wait = (state.paceUntil ?? now) - now
  // A longer wait than a pace ever asks for means that the clock was set back, or the pace raised: it must not stall the schedule.
  return wait > 0 && wait <= everyMs ? 0 : batch
}
