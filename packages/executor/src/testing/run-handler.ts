import type { Assignment } from '@carillon/contract'
import type { Handler } from '../define-handler.ts'
import type { OutcomeError } from '../outcome.ts'
import { assignmentOf, attempt, type TestLog, type TestProgress } from './attempt.ts'

/** What the handler is given; everything has a default. */
export interface TestInstance extends Partial<Omit<Assignment, 'handler'>> {
  /** Aborting it stops the handler, with the reason CANCEL or the `code` of an `InstanceStopped`. */
  readonly signal?: AbortSignal
  /** The largest output, in bytes. Default 256,000, as on the server. */
  readonly maxResultBytes?: number
}

export interface TestResult {
  /** DETACHED: it let go of its attempt, which a callback ends. */
  readonly outcome: 'SUCCESS' | 'FAILURE' | 'DETACHED'
  readonly output?: unknown
  readonly error?: OutcomeError
  /** Whether the retry policy would be asked. */
  readonly retriable?: boolean
  readonly logs: readonly TestLog[]
  readonly progress: readonly TestProgress[]
}

/**
 * Runs a handler as an executor would, without a server.
 *
 * @example
 * const { output, logs } = await runHandler(greet, { params: { who: 'you' } })
 */
export async function runHandler(handler: Handler, instance: TestInstance = {}): Promise<TestResult> {
  const { signal, maxResultBytes, ...given } = instance
  const options = { startedAt: Date.now(), signal, maxResultBytes }
  const { outcome, logs, progress } = await attempt(handler, assignmentOf(handler, given), options)
  if (outcome.kind === 'FAILURE')
    return { outcome: 'FAILURE', error: outcome.error, retriable: outcome.retriable ?? true, logs, progress }
  if (outcome.kind === 'DETACHED') return { outcome: 'DETACHED', logs, progress }
  return { outcome: 'SUCCESS', output: outcome.output, logs, progress }
}
