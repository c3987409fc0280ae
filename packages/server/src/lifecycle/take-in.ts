import type { LogsAnswer } from '@carillon/contract'
import { createCoalescer, type Coalescer } from '../runtime/coalescer.ts'
import { blamesItem, isolate } from '../runtime/isolate.ts'
import type { Engine } from './engine.ts'
import { storeLogs, type ShippedLines } from './logs.ts'
import { applyReports, type ItemAnswer, type ReportedItem } from './report.ts'

/** What executors say, of all of them together in batches, each item answered by itself. */
export interface Intake {
  readonly reports: Coalescer<ReportedItem, ItemAnswer>
  readonly logs: Coalescer<ShippedLines, LogsAnswer['items'][number]>
}

export function createIntake(engine: Engine): Intake {
  return {
    reports: createCoalescer((items: readonly ReportedItem[]) => applyIsolated(engine, items), {
      mostItems: engine.settings.completeBatch,
      lanes: 1,
    }),
    logs: createCoalescer((items: readonly ShippedLines[]) => storeIsolated(engine, items), { mostItems: 100, lanes: 1 }),
  }
}

function applyIsolated(engine: Engine, items: readonly ReportedItem[]): Promise<ItemAnswer[]> {
  return isolate(
    items,
    (batch) => engine.db.lease((tx) => applyReports(tx, engine, batch)),
    (_item, error): ItemAnswer => ({ status: 'INVALID', detail: `It could not be stored: ${(error as Error).message}.` }),
    // Whatever one of them holds, the others are of other executors, maybe of other tenants.
    blamesItem,
  )
}

/** Lines that cannot be stored are answered as such alone: their executor lets go of them, and nobody else hears of it. */
function storeIsolated(engine: Engine, items: readonly ShippedLines[]): Promise<LogsAnswer['items']> {
  return isolate(
    items,
    (batch) => engine.db.aside((tx) => storeLogs(tx, engine, batch)),
    (_item, error): LogsAnswer['items'][number] => {
      engine.report('log.refused', { error })
      return { status: 'STALE', ackSeq: 0, cut: false }
    },
  )
}
