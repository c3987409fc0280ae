import type { CompiledSchedule, SpecProblem } from './compile.ts'
import { fireAfterRun } from './firing-state.ts'
import { nextFire } from './next-fire.ts'
import { localTime } from './preview.ts'

/**
 * Why a schedule never fires after this instant, and which of its fields is to blame; null while it does, and for MANUAL, which is meant not
 * to. Saving refuses it: an edit never fires the past, so no misfire policy could make up for a fire that was over before it was planned.
 */
export function neverFiresAfter(schedule: CompiledSchedule, after: number): SpecProblem | null {
  const { timing, spec } = schedule
  if (timing.kind === 'MANUAL' || firesAfter(schedule, after)) return null
  if (timing.kind === 'ONCE' && timing.at <= after)
    return {
      path: 'timing.at',
      message: `${localTime(schedule, timing.at)} has passed, and a schedule never fires the past; trigger the task to run it now`,
    }
  if (spec.endAt !== null && firesAfter({ ...schedule, spec: { ...spec, endAt: null } }, after))
    return { path: 'endAt', message: `${localTime(schedule, spec.endAt)} is before its next fire, so it never fires again` }
  return {
    path: timing.kind === 'CRON' ? 'timing.expression' : 'timing',
    message: 'never fires again: all of its fires have passed',
  }
}

function firesAfter(schedule: CompiledSchedule, after: number): boolean {
  return (schedule.timing.kind === 'FIXED_DELAY' ? fireAfterRun(schedule, after) : nextFire(schedule, after)) !== null
}

/** What a preview without a fire is to say; null where the clock tells of one. */
export function whyNoFire(schedule: CompiledSchedule, after: number): string | null {
  const never = neverFiresAfter(schedule, after)
  if (never) return `${never.path} ${never.message}`
  switch (schedule.timing.kind) {
    case 'MANUAL':
      return 'A schedule of the kind MANUAL fires only when somebody triggers it.'
    case 'FIXED_DELAY':
      return 'A schedule of the kind FIXED_DELAY counts from the end of each run, which no clock tells beforehand.'
    default:
      return null
  }
}
