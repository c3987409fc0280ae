/**
 * Why a handler is asked to stop. CANCEL, TIMEOUT and REPLACED come from the server; LOST means that the attempt no longer belongs to this
 * executor, so nothing it says counts any more; SHUTDOWN that the executor leaves and the time to drain is over.
 */
export type StopReason = 'CANCEL' | 'TIMEOUT' | 'REPLACED' | 'LOST' | 'SHUTDOWN'

const MESSAGES: Readonly<Record<StopReason, string>> = {
  CANCEL: 'The instance was cancelled',
  TIMEOUT: 'The instance ran longer than its time-out',
  REPLACED: 'A newer run replaced this one',
  LOST: 'The attempt no longer belongs to this executor',
  SHUTDOWN: 'The executor is shutting down',
}

/**
 * The `reason` of a handler's `signal`. It is named AbortError, as what `fetch` and timers throw when they are aborted, so that code which
 * looks for that name treats it alike; `code` tells the reason.
 */
export class InstanceStopped extends Error {
  readonly code: StopReason

  constructor(code: StopReason) {
    super(MESSAGES[code])
    this.name = 'AbortError'
    this.code = code
  }
}
