import { DEEPEST_CHAIN, type FinalRunState } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import type { TakenEntry } from '../storage/outbox.ts'
import { selectEndedRuns } from '../storage/run.ts'
import type { Engine } from './engine.ts'
import { startRuns } from './start-runs.ts'

interface DownstreamStart {
  readonly taskId: number
  readonly outcome: FinalRunState
  /** How many runs of its chain came before it. */
  readonly depth: number
}

/** Starts the downstream tasks of runs that have ended. The entry goes and the run comes in one transaction, so each starts once. */
export async function startDownstream(
  tx: Transaction,
  engine: Engine,
  entries: readonly TakenEntry<DownstreamStart>[],
): Promise<void> {
  const upstream = new Map(
    (
      await selectEndedRuns(
        tx,
        entries.map(({ tenantId, runId }) => ({ tenantId, id: runId })),
      )
    ).map((run) => [run.id, run]),
  )
  const shallow = entries.filter((entry) => entry.payload.depth < DEEPEST_CHAIN)
  const results = await startRuns(
    tx,
    engine,
    shallow.map(({ tenantId, runId, payload }) => ({
      tenantId,
      target: { kind: 'TASK', id: payload.taskId },
      origin: 'UPSTREAM',
      startedBy: `run:${runId}`,
      params: { upstream: { run: runId, outcome: payload.outcome, params: upstream.get(runId)?.params ?? {} } },
      parentRunId: runId,
      depth: payload.depth,
    })),
  )
  results.forEach((result, place) => {
    if (result.kind === 'REFUSED') engine.report('downstream.refused', { ...shallow[place]!, ...result })
  })
  for (const entry of entries) if (entry.payload.depth >= DEEPEST_CHAIN) engine.report('downstream.tooDeep', { ...entry })
}
