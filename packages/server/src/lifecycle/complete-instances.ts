import { endAttempt, outcomeOfOnlyInstance, type AttemptEnd, type EndDecision, type InstanceState } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { isOnly, retryInstances, type RetriedInstance } from '../storage/instance.ts'
import { storableJson } from '../storage/storable-json.ts'
import { queueTopic } from '../runtime/wake-hub.ts'
import type { Engine } from './engine.ts'
import { advanceRuns } from './advance-runs.ts'
import { keysOf, type EndedNode } from './ended-node.ts'
import { ELSEWHERE_MS, elsewhereFor } from './elsewhere.ts'
import { finishRuns, type FinishedRun } from './finish-runs.ts'
import { tallyAttempts } from './tally-outcomes.ts'
import type { InstanceUnderLock } from './lock-instances.ts'

/** The end of an attempt of an instance that the caller has locked and found to be still held under that attempt. */
export interface InstanceEnd {
  readonly instance: InstanceUnderLock
  readonly end: AttemptEnd
  /** JSON text, as it will be stored. */
  readonly output?: string | null
  readonly error?: { readonly code: string; readonly message: string; readonly stack?: string } | null
  /** Where no start was reported before. */
  readonly startedAt?: number | null
}

/**
 * The funnel through which everything ends an attempt: reports of executors, lost leases, time-outs, stops. What is not final is kept as
 * an attempt and made ready again; what is final ends its run, or, where that is one of several, its node.
 */
export async function completeInstances(tx: Transaction, engine: Engine, ends: readonly InstanceEnd[]): Promise<void> {
  if (ends.length === 0) return
  const now = await tx.now()
  const planOf = await engine.plans.load(
    tx,
    ends.map(({ instance }) => instance),
  )
  const decided = ends.map((ended) => ({
    ended,
    decision: decide(ended, planOf(ended.instance).nodes[ended.instance.node]!, engine.random()),
  }))
  tallyAttempts(
    tx,
    engine.queues,
    decided.map(({ ended: { instance }, decision }) => ({ instance, decision })),
  )
  const again = decided.filter((each) => each.decision.kind !== 'FINAL')
  const elsewhere = await elsewhereFor(
    tx,
    again.map(({ ended }) => ended.instance),
  )
  retryInstances(
    tx,
    again.flatMap((each) => retryOf(each, elsewhere(each.ended.instance), now)),
    now,
  )
  wakeRetried(tx, engine, again, elsewhere)
  const final = decided.filter((each) => each.decision.kind === 'FINAL')
  await finishRuns(tx, engine, final.filter((each) => isOnly(each.ended.instance)).flatMap(finishedOf), now)
  const nodes = final.filter((each) => !isOnly(each.ended.instance))
  await advanceRuns(
    tx,
    engine,
    nodes.flatMap(endedNodeOf),
    now,
    nodes.flatMap(({ ended }) => ended.instance.run ?? []),
  )
}

interface Decided {
  readonly ended: InstanceEnd
  readonly decision: EndDecision
}

function decide(
  { instance, end }: InstanceEnd,
  node: { retry: Parameters<typeof endAttempt>[0]['retry']; delivery: 'AT_LEAST_ONCE' | 'AT_MOST_ONCE' },
  spread: number,
) {
  const { attempt, lost, stopReason } = instance
  return endAttempt({ attempt, lost, stopReason, retry: node.retry, delivery: node.delivery }, end, spread)
}

function retryOf({ ended: { instance, error }, decision }: Decided, elsewhere: boolean, now: number): RetriedInstance[] {
  if (decision.kind === 'FINAL') return []
  const paused = instance.runState === 'PAUSED'
  const later = decision.kind === 'RETRY' && decision.delayMs > 0
  return [
    {
      tenantId: instance.tenantId,
      id: instance.id,
      token: instance.token,
      outcome: decision.outcome,
      error: storableJson(error ?? { code: decision.outcome, message: decision.outcome && MESSAGES[decision.outcome] }),
      dueAt: later ? now + decision.delayMs : null,
      wasLost: decision.outcome === 'LOST',
      waitReason: later ? 'TIME' : paused ? 'PAUSED' : null,
      avoidUntil: elsewhere && decision.outcome !== null ? now + (later ? decision.delayMs : 0) + ELSEWHERE_MS : null,
    },
  ]
}

function wakeRetried(
  tx: Transaction,
  engine: Engine,
  again: readonly Decided[],
  elsewhere: (instance: InstanceUnderLock) => boolean,
): void {
  for (const { ended } of again) {
    // Of two that wake up, one may take it.
    const waiters = elsewhere(ended.instance) ? 2 : 1
    tx.afterCommit(() => engine.hub.wake(queueTopic(ended.instance.queueId), waiters))
  }
}

const MESSAGES: Partial<Record<InstanceState, string>> = {
  FAILED: 'The attempt failed.',
  TIMEOUT: 'The attempt took longer than its time-out.',
  LOST: 'The executor was lost, or never started it; nobody knows how far it got.',
  CANCELLED: 'It was asked to stop.',
}

function finishedOf({ ended: { instance, output, error, startedAt }, decision }: Decided): FinishedRun[] {
  if (decision.kind !== 'FINAL') return []
  const succeeded = decision.state === 'SUCCESS'
  return [
    {
      instance,
      state: decision.state,
      runState: outcomeOfOnlyInstance(decision.state),
      runReason: decision.errorCode,
      output: succeeded ? (output ?? null) : null,
      error: succeeded ? null : storableJson(errorOf(decision.state, decision.errorCode, error)),
      startedAt: startedAt ?? null,
    },
  ]
}

function endedNodeOf(decided: Decided): EndedNode[] {
  return finishedOf(decided).map(({ instance, state, output, error, startedAt }) => ({
    state,
    because: null,
    output,
    error,
    startedAt,
    ...keysOf(instance),
  }))
}

function errorOf(state: InstanceState, code: string | null, reported: InstanceEnd['error']) {
  if (reported && state === 'FAILED') return reported
  return { code: code ?? state, message: MESSAGES[state] ?? 'It ended without a result.', ...(reported ? { reported } : {}) }
}
