import type { EveryTiming } from '../platform/tasks.ts'

/** What the definitions of a scenario promise, written down by whoever made them: the checker's yardstick. */
export interface Promised {
  readonly tasks: readonly PromisedTask[]
  readonly schedules: readonly PromisedSchedule[]
}

export interface PromisedTask {
  readonly tenantId: number
  readonly id: number
  readonly code: string
  readonly delivery: 'AT_LEAST_ONCE' | 'AT_MOST_ONCE'
  /** Runs of one concurrency key that may be active at once; null: any number. */
  readonly limit: number | null
  /** A success of it starts another task. */
  readonly leads: boolean
}

export interface PromisedSchedule {
  readonly tenantId: number
  readonly id: number
  readonly taskId: number
  readonly timing: EveryTiming
  /** Its first fire. */
  readonly firstAt: number
}
