import { pruneCallbacks } from '../storage/callback.ts'
import { pruneGates } from '../storage/gate.ts'
import { pruneChecks } from '../storage/executor-check.ts'
import { pruneExecutorEvents } from '../storage/executor-event.ts'
import { pruneFigures } from '../storage/executor-figures.ts'
import { forgetGoneExecutors, pruneSessions } from '../storage/executor-session.ts'
import type { HistoryTable } from '../storage/history-day.ts'
import { pruneKeys } from '../storage/idempotency.ts'
import { prunePinnedQueues } from '../storage/queue.ts'
import { pruneQueueWaits } from '../storage/queue-wait.ts'
import { pruneRouteStates } from '../storage/route-state.ts'
import { pruneUserSessions } from '../storage/user-session.ts'
import { forgetDeadNodes } from '../storage/server-node.ts'
import type { Engine } from './engine.ts'
import type { HistoryDays } from './history-days.ts'

export interface Retention {
  readonly historyDays: number
  readonly logDays: number
  readonly ledgerDays: number
  readonly auditDays: number
  readonly idempotencyMs: number
}

/** Days of one table dropped a turn: a clock that jumped must not take a year of history with it before someone looks. */
const MOST_DAYS = 2
const BATCH = 5_000

/** What keeps the database small. Run by one elected node; harmless when two do it. */
export async function housekeep(engine: Engine, days: HistoryDays, retention: Retention): Promise<void> {
  const keep: Record<HistoryTable, number> = {
    run_history: retention.historyDays,
    instance_history: retention.historyDays,
    attempt: retention.historyDays,
    run_param: retention.historyDays,
    refused_report: retention.historyDays,
    log_line: retention.logDays,
    log_extent: retention.logDays,
    fire: retention.ledgerDays,
    audit: retention.auditDays,
  }
  for (const [table, kept] of Object.entries(keep)) await days.dropOlderThan(table as HistoryTable, kept, MOST_DAYS)
  while ((await engine.db.engine((tx) => pruneKeys(tx, retention.idempotencyMs, BATCH))) >= BATCH);
  await engine.db.engine((tx) => pruneGates(tx, BATCH))
  await engine.db.engine((tx) => pruneCallbacks(tx, BATCH))
  await engine.db.engine((tx) => pruneSessions(tx))
  await engine.db.engine((tx) => forgetGoneExecutors(tx, BATCH))
  await engine.db.engine((tx) => prunePinnedQueues(tx, BATCH))
  await engine.db.engine((tx) => pruneRouteStates(tx, BATCH))
  await engine.db.engine((tx) => pruneChecks(tx, BATCH))
  await engine.db.engine((tx) => pruneExecutorEvents(tx, BATCH))
  await engine.db.engine((tx) => pruneUserSessions(tx, BATCH))
  await engine.db.engine((tx) => pruneFigures(tx, BATCH))
  while ((await engine.db.engine((tx) => pruneQueueWaits(tx, retention.historyDays, BATCH))) >= BATCH);
  await engine.db.engine((tx) => forgetDeadNodes(tx))
}
