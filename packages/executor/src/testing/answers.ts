import type { ApprovalDefinition, SimulatedCall, SimulatedOutcome, WaitDefinition } from '@carillon/core'

/** `true` approves and `false` rejects at once. */
export type ApprovalAnswer =
  | boolean
  | {
      readonly approve: boolean
      readonly by?: string
      readonly comment?: string
      /** How long after the node began to wait; 0 unless given. */
      readonly afterMs?: number
    }

export interface TestEvent {
  readonly name: string
  /** Any key unless given. */
  readonly key?: string
  /** The output of the nodes that wait for it. */
  readonly payload?: unknown
  /** When it is sent, after the start of the run. A node that begins to wait later misses it. Unless given it comes when a node waits for it. */
  readonly afterMs?: number
}

export function answerApproval(
  { path }: SimulatedCall,
  { timeoutMs = 0 }: ApprovalDefinition,
  answer: ApprovalAnswer | undefined,
): SimulatedOutcome {
  const decision = typeof answer === 'boolean' ? { approve: answer } : answer
  if (!inTime(decision?.afterMs ?? 0, timeoutMs, decision !== undefined)) {
    const message = `Nobody decided within the time-out of ${path}.`
    if (timeoutMs > 0) return timedOut('APPROVAL', message, timeoutMs)
    throw new Error(`The node "${path}" waits for an approval for ever: give approvals: { '${path}': true }.`)
  }
  const { approve, by = 'tester', comment = null, afterMs = 0 } = decision!
  const output = { approved: approve, by, comment }
  if (approve) return { output, durationMs: afterMs }
  const error = { code: 'REJECTED', message: `${by} rejected it${comment === null ? '' : `: ${comment}`}.` }
  return { state: 'FAILED', output, error, durationMs: afterMs }
}

export function answerEvent(
  { path, event, at }: SimulatedCall,
  { timeoutMs = 0 }: NonNullable<WaitDefinition['event']>,
  events: readonly TestEvent[],
  startedAt: number,
): SimulatedOutcome {
  const { name, key } = event!
  const found = events
    .filter((sent) => sent.name === name && (sent.key ?? key) === key)
    .map((sent) => ({ payload: sent.payload ?? null, afterMs: sent.afterMs === undefined ? 0 : startedAt + sent.afterMs - at }))
    .filter(({ afterMs }) => afterMs >= 0)
    .sort((a, b) => a.afterMs - b.afterMs)[0]
  if (found && inTime(found.afterMs, timeoutMs, true)) return { output: found.payload, durationMs: found.afterMs }
  if (timeoutMs > 0) return timedOut('EVENT', `The event did not come within the time-out of ${path}.`, timeoutMs)
  throw new Error(
    `The node "${path}" waits for ever for the event "${name}" with the key "${key}", which this test does not send.`,
  )
}

const inTime = (afterMs: number, timeoutMs: number, comes: boolean) => comes && (timeoutMs === 0 || afterMs < timeoutMs)

function timedOut(what: 'APPROVAL' | 'EVENT', message: string, timeoutMs: number): SimulatedOutcome {
  return { state: 'TIMEOUT', error: { code: `${what}_TIMEOUT`, message }, durationMs: timeoutMs }
}
