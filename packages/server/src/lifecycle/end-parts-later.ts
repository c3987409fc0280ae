import type { FinalRunState } from '@carillon/core'
import { continueTopic } from '../runtime/wake-hub.ts'
import type { Transaction } from '../storage/database.ts'
import { insertOutbox } from '../storage/outbox.ts'
import type { Engine } from './engine.ts'

/** How a part of a node ended: what the node is told. */
export interface PartEnded {
  /** The node that waits for it. */
  readonly instanceId: number
  readonly state: FinalRunState
  readonly output?: unknown
  /** Where the state alone does not say why it failed. */
  readonly error?: { readonly code: string; readonly message: string } | null
}

export interface PartEndedEntry extends PartEnded {
  readonly tenantId: number
  /** The part; where none was started, the run of the node. */
  readonly runId: number
}

/**
 * The node that waits for a run as for a part of itself hears of its end, or that it could not start, in a transaction of its own: its run is
 * locked before the part is.
 */
export function endPartsLater(tx: Transaction, engine: Engine, parts: readonly PartEndedEntry[]): void {
  if (parts.length === 0) return
  insertOutbox(
    tx,
    parts.map(({ tenantId, runId, ...payload }) => ({ tenantId, kind: 'PART_ENDED', runId, payload })),
  )
  tx.afterCommit(() => engine.hub.wake(continueTopic))
}
