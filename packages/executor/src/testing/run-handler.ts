import type { Assignment, LogLevel, LogSource } from '@carillon/contract'
import { InstanceContext } from '../context.ts'
import type { Handler } from '../define-handler.ts'
import type { OutcomeError } from '../outcome.ts'
import { runInstance } from '../run-instance.ts'
import { createRedactor } from '../redactor.ts'
import { InstanceStopped, type StopReason } from '../stop-reason.ts'

/** What the handler is given; everything has a default. */
export interface TestInstance extends Partial<Omit<Assignment, 'handler'>> {
  /** Aborting it stops the handler, with the reason CANCEL or the `code` of an `InstanceStopped`. */
  readonly signal?: AbortSignal
  /** The largest output, in bytes. Default 256,000, as on the server. */
  readonly maxResultBytes?: number
}

export interface TestResult {
  readonly outcome: 'SUCCESS' | 'FAILURE'
  readonly output?: unknown
  readonly error?: OutcomeError
  /** Whether the retry policy would be asked. */
  readonly retriable?: boolean
  readonly logs: readonly { readonly level: LogLevel; readonly source: LogSource; readonly text: string }[]
  readonly progress: readonly { readonly percent: number; readonly message?: string }[]
}

/**
 * Runs a handler as an executor would, without a server.
 *
 * @example
 * const { output, logs } = await runHandler(greet, { params: { who: 'you' } })
 */
export async function runHandler(handler: Handler, instance: TestInstance = {}): Promise<TestResult> {
  const { signal, maxResultBytes = 256_000, ...given } = instance
  const logs: TestResult['logs'][number][] = []
  const progress: TestResult['progress'][number][] = []
  const redactor = createRedactor(given.secrets)
  const masked = (text: string) => redactor?.text(text) ?? text
  const outlet = {
    log: (level: LogLevel, text: string, source: LogSource) => void logs.push({ level, source, text: masked(text) }),
    progress: (percent: number, message: string | undefined) =>
      void progress.push({ percent, ...(message !== undefined && { message: masked(message) }) }),
  }
  const context = new InstanceContext(assignmentOf(handler, given), outlet, Date.now())
  const stop = () => context.stop(reasonOf(signal?.reason))
  if (signal?.aborted) stop()
  signal?.addEventListener('abort', stop)
  const ended = await runInstance(handler, context, maxResultBytes)
  const outcome = redactor?.outcome(ended) ?? ended
  signal?.removeEventListener('abort', stop)
  if (outcome.kind === 'FAILURE')
    return { outcome: 'FAILURE', error: outcome.error, retriable: outcome.retriable ?? true, logs, progress }
  return { outcome: 'SUCCESS', output: outcome.output, logs, progress }
}

function reasonOf(reason: unknown): StopReason {
  return reason instanceof InstanceStopped ? reason.code : 'CANCEL'
}

function assignmentOf(handler: Handler, given: Partial<Assignment>): Assignment {
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
