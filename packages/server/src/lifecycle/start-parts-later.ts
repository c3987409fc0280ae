import { continueTopic } from '../runtime/wake-hub.ts'
import type { Transaction } from '../storage/database.ts'
import { insertOutbox } from '../storage/outbox.ts'
import type { Engine } from './engine.ts'

/** What the run of another DAG is started with as a part of a node. */
export interface PartToStart {
  readonly instanceId: number
  readonly dagId: number
  readonly dagVersion: number | null
  readonly params: Readonly<Record<string, unknown>>
  readonly depth: number
}

/** A node that is ready to have its part. */
export interface NodeOfPart extends Omit<PartToStart, 'instanceId'> {
  readonly tenantId: number
  readonly runId: number
  readonly id: number
}

/** The run of another DAG begins in a transaction of its own: its gate may stand before the locks that are held here. */
export function startPartsLater(tx: Transaction, engine: Engine, nodes: readonly NodeOfPart[]): void {
  if (nodes.length === 0) return
  insertOutbox(
    tx,
    nodes.map(({ tenantId, runId, id: instanceId, dagId, dagVersion, params, depth }) => {
      const payload: PartToStart = { instanceId, dagId, dagVersion, params, depth }
      return { tenantId, kind: 'START_PART' as const, runId, payload }
    }),
  )
  tx.afterCommit(() => engine.hub.wake(continueTopic))
}
