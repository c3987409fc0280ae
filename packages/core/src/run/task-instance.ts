/**
 * The states of a task instance and every move between them. This table is the state machine: the type below, the guards in SQL, the
 * CHECK constraints of the schema and the diagram in the documentation all come from it (tests hold them together).
 */
export const INSTANCE_NEXT = {
  /** Something holds this one instance back; `wait_reason` says what. */
  WAITING: ['PENDING', 'SKIPPED', 'CANCELLED', 'FAILED'],
  /** Runnable; claimed in turn unless its lane is closed. */
  PENDING: ['RESERVED', 'WAITING', 'SKIPPED', 'CANCELLED', 'SUCCESS', 'FAILED'],
  /** Given to an executor under a new token; not yet known to have started. */
  RESERVED: ['RUNNING', 'PENDING', 'WAITING', 'SUCCESS', 'FAILED', 'TIMEOUT', 'CANCELLED', 'LOST'],
  /** The executor has said that its handler started. */
  RUNNING: ['PENDING', 'WAITING', 'SUCCESS', 'FAILED', 'TIMEOUT', 'CANCELLED', 'LOST'],
  SUCCESS: [],
  FAILED: [],
  TIMEOUT: [],
  SKIPPED: [],
  CANCELLED: [],
  /** At-most-once and nobody knows how it ended: a person or a rule decides. */
  LOST: [],
} as const satisfies Record<string, readonly string[]>

export type InstanceState = keyof typeof INSTANCE_NEXT

export const INSTANCE_STATES = Object.keys(INSTANCE_NEXT) as readonly InstanceState[]
export const FINAL_INSTANCE_STATES = INSTANCE_STATES.filter((state) => INSTANCE_NEXT[state].length === 0)

/** The states from which `target` can be reached: what an UPDATE to `target` must find. */
export function instanceStatesBefore(target: InstanceState): readonly InstanceState[] {
  return INSTANCE_STATES.filter((state) => (INSTANCE_NEXT[state] as readonly InstanceState[]).includes(target))
}

/** What holds a WAITING instance back. */
export const WAIT_REASONS = ['DEPENDENCY', 'TIME', 'SLOT', 'PAUSED', 'APPROVAL', 'EVENT', 'SUB_DAG'] as const
export type WaitReason = (typeof WAIT_REASONS)[number]

/**
 * Why a running handler was asked to stop. It decides the outcome, whatever the handler answers afterwards. TIMEOUT is the attempt's own, and
 * may be followed by another attempt; the others stop the run (see `OUTCOME_OF_STOP`), or a person this instance of it.
 */
export const STOP_REASONS = ['CANCEL', 'TIMEOUT', 'REPLACED', 'RUN_TIMEOUT'] as const
export type StopReason = (typeof STOP_REASONS)[number]
