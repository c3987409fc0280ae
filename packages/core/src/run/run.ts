import type { InstanceState, StopReason } from './task-instance.ts'

/** The states of a run and every move between them; see `task-instance.ts` for what such a table is used for. */
export const RUN_NEXT = {
  PENDING: ['RUNNING', 'PAUSED', 'SUCCESS', 'FAILED', 'TIMEOUT', 'CANCELLED', 'SKIPPED'],
  RUNNING: ['PENDING', 'PAUSED', 'SUCCESS', 'FAILED', 'TIMEOUT', 'CANCELLED'],
  PAUSED: ['PENDING', 'RUNNING', 'SUCCESS', 'FAILED', 'TIMEOUT', 'CANCELLED'],
  SUCCESS: [],
  FAILED: [],
  TIMEOUT: [],
  CANCELLED: [],
  /** The concurrency policy left it out. */
  SKIPPED: [],
} as const satisfies Record<string, readonly string[]>

export type RunState = keyof typeof RUN_NEXT

export const RUN_STATES = Object.keys(RUN_NEXT) as readonly RunState[]
export const FINAL_RUN_STATES = RUN_STATES.filter((state) => RUN_NEXT[state].length === 0)
export type FinalRunState = 'SUCCESS' | 'FAILED' | 'TIMEOUT' | 'CANCELLED' | 'SKIPPED'

/** What begins a run. */
export const RUN_ORIGINS = ['SCHEDULE', 'API', 'CONSOLE', 'CLI', 'UPSTREAM', 'WEBHOOK', 'BACKFILL', 'RETRY'] as const
export type RunOrigin = (typeof RUN_ORIGINS)[number]

/** What stops a run, and how a run of several nodes that was stopped ends, whatever these say. The first stop counts. */
export const OUTCOME_OF_STOP = { CANCEL: 'CANCELLED', REPLACED: 'CANCELLED', RUN_TIMEOUT: 'TIMEOUT' } as const satisfies Partial<
  Record<StopReason, FinalRunState>
>
export type RunStop = keyof typeof OUTCOME_OF_STOP

export const RUN_STOPS = Object.keys(OUTCOME_OF_STOP) as readonly RunStop[]

/** Whether that stands as the reason of a run (or instance) because it is being stopped for good. */
export function isRunStop(reason: string | null): reason is RunStop {
  return reason !== null && Object.hasOwn(OUTCOME_OF_STOP, reason)
}

const OUTCOME_OF_ONLY_INSTANCE: Partial<Record<InstanceState, FinalRunState>> = {
  SUCCESS: 'SUCCESS',
  FAILED: 'FAILED',
  TIMEOUT: 'TIMEOUT',
  CANCELLED: 'CANCELLED',
  SKIPPED: 'SUCCESS',
  LOST: 'FAILED',
}

/** How a run of one instance ends, from how that instance ended. A skipped instance was marked successful by a person. */
export function outcomeOfOnlyInstance(state: InstanceState): FinalRunState {
  const outcome = OUTCOME_OF_ONLY_INSTANCE[state]
  if (!outcome) throw new Error(`An instance in state ${state} has not ended.`)
  return outcome
}
