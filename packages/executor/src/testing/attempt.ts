import type { Assignment, LogLevel, LogSource } from '@carillon/contract'
import { InstanceContext } from '../context.ts'
import type { Handler } from '../define-handler.ts'
import type { Outcome } from '../outcome.ts'
import { runInstance } from '../run-instance.ts'
import { InstanceStopped, type StopReason } from '../stop-reason.ts'

/** What a handler logged. */
export interface TestLog {
  readonly level: LogLevel
  readonly source: LogSource
  readonly text: string
}

export interface TestProgress {
  readonly percent: number
  readonly message?: string
}

export interface Attempted {
  readonly outcome: Outcome
  readonly logs: readonly TestLog[]
  readonly progress: readonly TestProgress[]
}

/** The largest output unless a test says otherwise, in bytes, as on the server. */
export const MAX_RESULT_BYTES = 256_000

/**
 * Runs a handler once, as an executor would.
 *
 * @param startedAt epoch milliseconds; the deadline is counted from here
 */
export async function attempt(
  handler: Handler,
  assignment: Assignment,
  options: {
    readonly startedAt: number
    readonly signal?: AbortSignal | undefined
    readonly maxResultBytes?: number | undefined
  },
): Promise<Attempted> {
  const { startedAt, signal, maxResultBytes = MAX_RESULT_BYTES } = options
  const logs: TestLog[] = []
  const progress: TestProgress[] = []
  const outlet = {
    log: (level: LogLevel, text: string, source: LogSource) => void logs.push({ level, source, text }),
    progress: (percent: number, message: string | undefined) =>
      void progress.push({ percent, ...(message !== undefined && { message }) }),
  }
  const context = new InstanceContext(assignment, outlet, startedAt)
  const stop = () => context.stop(reasonOf(signal?.reason))
  if (signal?.aborted) stop()
  signal?.addEventListener('abort', stop)
  const outcome = await runInstance(handler, context, maxResultBytes)
  signal?.removeEventListener('abort', stop)
  return { outcome, logs, progress }
}

function reasonOf(reason: unknown): StopReason {
  return reason instanceof InstanceStopped ? reason.code : 'CANCEL'
}

/** An assignment in which everything that is not given has a default. */
export function assignmentOf(handler: Handler, given: Partial<Assignment>): Assignment {
  const { instance = 1 } = given
  return {
    instance,
    token: 1,
    run: instance,
    tenant: 1,
    task: handler.name,
    handler: handler.name,
    kind: 'handler',
    settings: {},
    params: {},
    variables: {},
    attempt: 1,
    fireAt: null,
    timeoutMs: 0,
    shard: { index: 0, total: 1 },
    idempotencyKey: `test-${instance}`,
    ...given,
  }
}
