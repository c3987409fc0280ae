import type { Transaction } from '../storage/database.ts'
import { selectWithOthers, type QueueOfExecutor } from '../storage/queue.ts'

/** How long a shard that failed on one executor waits for another: then any may take it, for the others may all be busy. */
export const ELSEWHERE_MS = 10_000

/** A shard, with who had it. */
interface Tried {
  readonly queueId: number
  readonly executorId: number | null
  readonly shardTotal: number
}

/** Whether a shard that is tried again should run elsewhere first: another executor that is live now takes from its queue too. */
export async function elsewhereFor(tx: Transaction, tried: readonly Tried[]): Promise<(shard: Tried) => boolean> {
  const shards = tried.flatMap(({ queueId, executorId, shardTotal }): QueueOfExecutor[] =>
    shardTotal > 1 && executorId !== null ? [{ queueId, executorId }] : [],
  )
  const found = new Set((await selectWithOthers(tx, shards)).map(nameOf))
  return (shard) => shard.shardTotal > 1 && found.has(nameOf(shard))
}

const nameOf = ({ queueId, executorId }: Pick<Tried, 'queueId' | 'executorId'>) => `${queueId}:${executorId}`
