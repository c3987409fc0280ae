// Everything about when: cron, zones, calendars, misfires. Pure; `now` is always an argument.

export type { Calendar, CalendarUse, Exclusion } from './calendar.ts'
export {
  compileSchedule,
  LONGEST_INTERVAL_MS,
  LONGEST_JITTER_MS,
  MOST_CALENDARS,
  SHORTEST_INTERVAL_MS,
  type CompiledSchedule,
  type SpecProblem,
} from './compile.ts'
export { LONGEST_EXPRESSION, parseCron, type Cron, type ParsedCron } from './cron.ts'
export type { DstPolicy } from './cron-clock.ts'
export type { CronProblem } from './cron-field.ts'
export { fireDueAt, firstState, stateAfterRun, type DueState, type FiringState } from './firing-state.ts'
export { jitterOf } from './jitter.ts'
export { localDays, type LocalDay } from './local-days.ts'
export {
  MISFIRE_AFTER_MS,
  planFires,
  type Fire,
  type FireOutcome,
  type FireReason,
  type HoldReason,
  type FirePlan,
  type FirePlanInput,
} from './misfire.ts'
export {
  DEFAULT_MISFIRE,
  misfireProblems,
  MOST_CATCH_UP_FIRES,
  MOST_CATCH_UP_PER_MINUTE,
  type MisfirePolicy,
} from './misfire-policy.ts'
export { neverFiresAfter, whyNoFire } from './never-fires.ts'
export { excludedBy, nextFire } from './next-fire.ts'
export { occurrencesBetween, previewFires, type DstMark, type Occurrence, type PreviewFire } from './preview.ts'
export type { ScheduleSpec, ScheduleTiming } from './spec.ts'
