import { END_OF_TIME } from './civil.ts'
import type { CompiledSchedule } from './compile.ts'
import { jitterOf } from './jitter.ts'
import { nextFire } from './next-fire.ts'

/** Where a schedule stands: everything that the next call of `planFires` must know. Persist it as it is. */
export interface FiringState {
  /** The earliest occurrence not yet decided. It only ever grows, and so no occurrence is decided twice. */
  readonly nextFireAt: number
  /** A backlog was declared at this instant: every occurrence up to it (inclusive) is decided by the misfire policy. */
  readonly misfireUntil: number | null
  /** The first occurrence of the backlog that runs; those before it are missed. Null: none runs. Fixed when the backlog is declared. */
  readonly runFrom: number | null
  /** No caught-up run before this instant. */
  readonly paceUntil: number | null
}

/** A state, and when the firing loop shall look at it again. */
export type DueState = FiringState & { readonly dueAt: number }

/**
 * The first state of a new or edited schedule: its first occurrence strictly after `now`, since an edit never fires the past.
 * FIXED_DELAY: see `stateAfterRun`, with `now` as the end of the run that never was. Null: it never fires (again).
 */
export function firstState(schedule: CompiledSchedule, scheduleId: number, now: number): DueState | null {
  if (schedule.timing.kind === 'FIXED_DELAY') return stateAfterRun(schedule, scheduleId, now)
  return stateAt(schedule, scheduleId, nextFire(schedule, now))
}

/**
 * The next state of a FIXED_DELAY schedule whose run has ended: the delay is counted from that end, or from `startAt` if that is
 * later. Null for every other kind, as theirs does not depend on runs, and past the end of validity.
 */
export function stateAfterRun(schedule: CompiledSchedule, scheduleId: number, endedAt: number): DueState | null {
  return stateAt(schedule, scheduleId, fireAfterRun(schedule, endedAt))
}

export function fireAfterRun({ timing, spec }: CompiledSchedule, endedAt: number): number | null {
  if (timing.kind !== 'FIXED_DELAY') return null
  const fireAt = Math.max(endedAt, spec.startAt ?? endedAt) + timing.delayMs
  return fireAt < (spec.endAt ?? END_OF_TIME) ? fireAt : null
}

function stateAt(schedule: CompiledSchedule, scheduleId: number, fireAt: number | null): DueState | null {
  if (fireAt === null) return null
  return {
    nextFireAt: fireAt,
    misfireUntil: null,
    runFrom: null,
    paceUntil: null,
    dueAt: fireDueAt(schedule, scheduleId, fireAt),
  }
}

/**
 * When an occurrence shall run: its own time plus its jitter. The jitter is kept below the distance to the next occurrence, so that
 * occurrences fall due in their order however large it is.
 */
export function fireDueAt(schedule: CompiledSchedule, scheduleId: number, fireAt: number): number {
  const { jitterMs } = schedule.spec
  if (jitterMs === 0) return fireAt
  const next = nextFire(schedule, fireAt) ?? Infinity
  return fireAt + jitterOf(scheduleId, fireAt, Math.min(jitterMs, next - fireAt - 1))
}
