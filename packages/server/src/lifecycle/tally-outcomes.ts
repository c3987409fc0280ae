import type { EndDecision, InstanceState } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { rollUpTallies, tallyOutcomes, type Outcomes, type Tally } from '../storage/executor-figures.ts'
import type { LockedInstance } from '../storage/instance.ts'
import type { Engine } from './engine.ts'
import { groupBy } from './group.ts'
import type { QueueCache } from './queue-cache.ts'

const COUNTED: Partial<Record<InstanceState, keyof Outcomes>> = {
  SUCCESS: 'succeeded',
  FAILED: 'failed',
  TIMEOUT: 'timedOut',
  CANCELLED: 'cancelled',
  LOST: 'lost',
}

interface EndedAttempt {
  readonly instance: Pick<LockedInstance, 'executorId' | 'queueId'>
  readonly decision: EndDecision
}

/** Counts how attempts ended for the executors that had them. What was never given to one, or handed back unstarted, is nobody's. */
export function tallyAttempts(tx: Transaction, queues: QueueCache, ended: readonly EndedAttempt[]): void {
  const counted = ended.flatMap(({ instance: { executorId, queueId }, decision }) => {
    const queue = queues.get(queueId)
    const outcome = decision.kind === 'FINAL' ? decision.state : decision.outcome
    const as = outcome === null ? undefined : COUNTED[outcome]
    if (executorId === null || queue === undefined || as === undefined) return []
    return [{ tenantId: queue.appTenantId, appId: queue.appId, executorId, as }]
  })
  const tallies = [...groupBy(counted, ({ executorId }) => executorId).values()].map((same): Tally => {
    const { tenantId, appId, executorId } = same[0]!
    const count = (wanted: keyof Outcomes) => same.filter(({ as }) => as === wanted).length
    return {
      ...{ tenantId, appId, executorId },
      ...{ succeeded: count('succeeded'), failed: count('failed'), timedOut: count('timedOut') },
      ...{ cancelled: count('cancelled'), lost: count('lost') },
    }
  })
  tallyOutcomes(tx, tallies)
}

const BATCH = 5_000

/** Adds what was counted to the hours that are shown. Answers how long to rest. */
export async function rollUpFigures(engine: Engine, restMs = 10_000): Promise<number> {
  const taken = await engine.db.engine((tx) => rollUpTallies(tx, BATCH))
  return taken >= BATCH ? 0 : restMs
}
