import { DEFAULT_RETRY, endAttempt, SECRET_MARKER, type SimulatedCall, type SimulatedOutcome } from '@carillon/core'
import { defineHandler, type Handler } from '../define-handler.ts'
import type { Outcome } from '../outcome.ts'
import { InstanceStopped } from '../stop-reason.ts'
import { assignmentOf, attempt, type TestLog } from './attempt.ts'
import type { DagTest, TestTask } from './run-dag.ts'

/** One attempt of a task's node, and by the server's rules what follows. */
export async function runTask(
  call: SimulatedCall,
  code: string,
  task: TestTask = {},
  { secrets = {}, run = {} }: DagTest,
): Promise<{ outcome: SimulatedOutcome; logs: readonly TestLog[] }> {
  const handler = handlerOf(code, task, call.path)
  const { takesMs = 0 } = task
  const takes = typeof takesMs === 'function' ? takesMs(call) : takesMs
  const timeoutMs = call.node.timeoutMs ?? task.timeoutMs ?? 0
  const timesOut = timeoutMs > 0 && takes > timeoutMs
  const assignment = assignmentOf(handler, {
    ...{ instance: call.instance, run: 1, task: code, attempt: call.attempt, token: call.attempt, timeoutMs },
    ...{ fireAt: run.fireAt ?? null, shard: { index: call.index ?? 0, total: call.total } },
    ...{ settings: task.settings ?? {}, variables: { ...task.variables } },
    params: withSecrets(call.params, secrets),
  })
  // One that takes too long is told so from the start: what it does then it would do in the middle.
  const signal = timesOut ? AbortSignal.abort(new InstanceStopped('TIMEOUT')) : undefined
  const { outcome, logs } = await attempt(handler, assignment, { startedAt: call.at, signal })
  return { outcome: decide(call, task, outcome, timesOut ? { timeoutMs } : { takes }), logs }
}

function handlerOf(code: string, { handler }: TestTask, path: string): Handler {
  if (typeof handler === 'function') return defineHandler({ name: code, run: handler })
  if (handler) return handler
  throw new Error(`The task "${code}" of the node "${path}" has no handler in this test: give tasks: { '${code}': … }.`)
}

type Time = { readonly takes: number } | { readonly timeoutMs: number }

function decide(call: SimulatedCall, task: TestTask, outcome: Outcome, time: Time): SimulatedOutcome {
  const stopped = 'timeoutMs' in time
  const instance = {
    ...{ attempt: call.attempt, lost: 0, stopReason: stopped ? ('TIMEOUT' as const) : null, delivery: 'AT_LEAST_ONCE' as const },
    retry: { ...DEFAULT_RETRY, ...task.retry, ...call.node.retry },
  }
  const failure = outcome.kind === 'FAILURE' ? outcome : null
  const code = failure?.error.code ?? 'FAILED'
  const end = failure
    ? ({ kind: 'FAILURE', errorCode: code, retriable: failure.retriable ?? true } as const)
    : ({ kind: 'SUCCESS' } as const)
  const decision = endAttempt(instance, end, MIDDLE_OF_JITTER)
  const durationMs = stopped ? time.timeoutMs : time.takes
  if (decision.kind !== 'FINAL') {
    return { durationMs, retryAfterMs: decision.kind === 'RETRY' ? decision.delayMs : 0 }
  }
  if (decision.state === 'SUCCESS') return { output: outcome.kind === 'SUCCESS' ? (outcome.output ?? null) : null, durationMs }
  const error = stopped
    ? { code: 'TIMEOUT', message: `It took longer than its time-out of ${time.timeoutMs} ms.` }
    : { ...failure!.error, code }
  return { state: stopped ? 'TIMEOUT' : 'FAILED', error, durationMs }
}

/** The random part of a pause is as often longer as it is shorter. */
const MIDDLE_OF_JITTER = 0.5

/** The values in place of `{ "$secret": name }`, as an executor is given them. */
function withSecrets(value: unknown, secrets: Readonly<Record<string, unknown>>): unknown {
  if (Array.isArray(value)) return value.map((item) => withSecrets(item, secrets))
  if (typeof value !== 'object' || value === null) return value
  const name = (value as Readonly<Record<string, unknown>>)[SECRET_MARKER]
  if (typeof name === 'string') {
    if (Object.hasOwn(secrets, name)) return secrets[name]
    throw new Error(`The parameters ask for the secret "${name}", which this test does not have: give secrets: { '${name}': … }.`)
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withSecrets(item, secrets)]))
}
