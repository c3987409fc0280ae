import { isolate } from '../runtime/isolate.ts'
import type { Transaction } from '../storage/database.ts'
import { insertAudit } from '../storage/audit.ts'
import { cancelNode, runNodeNow, skipNode } from './control-nodes.ts'
import { cancelRuns, pauseRuns, resumeRuns, retryRuns } from './control-runs.ts'
import { createStarts } from './create-starts.ts'
import type { Engine } from './engine.ts'
import type { AuditEntry, ControlResult, Lifecycle, NodeAction, NodeControlled } from './lifecycle.ts'
import { retryNode } from './retry-node.ts'
import { decideApproval, deliverEvent } from './wait-nodes.ts'

/**
 * The run's life as the API sees it: batches for starts, one transaction with its audit row for each control action, or several where one would
 * take too long.
 */
export function createLifecycle(engine: Engine, hints: Pick<Lifecycle, 'wakeFiring' | 'wakeBackfill'>): Lifecycle {
  const control =
    (act: (tx: Transaction, tenantId: number, runIds: readonly number[], by: string) => Promise<ControlResult[]>) =>
    (tenantId: number, runIds: readonly number[], by: string, audit: AuditEntry) => {
      let audited = false
      const some = (batch: readonly number[]) =>
        engine.db.engine(async (tx) => {
          const results = await act(tx, tenantId, batch, by)
          if (!audited) await insertAudit(tx, audit)
          tx.afterCommit(() => (audited = true))
          return results
        })
      return isolate(runIds, some, refuseNone, () => false)
    }

  return {
    startRuns: createStarts(engine),
    cancelRuns: control((tx, tenantId, runIds) => cancelRuns(tx, engine, tenantId, runIds)),
    pauseRuns: control((tx, tenantId, runIds, by) => pauseRuns(tx, engine, tenantId, runIds, by)),
    resumeRuns: control((tx, tenantId, runIds) => resumeRuns(tx, engine, tenantId, runIds)),
    retryRuns: (tenantId, runIds, by, audit, how) =>
      control((tx, ...args) => retryRuns(tx, engine, ...args, how))(tenantId, runIds, by, audit),
    controlNode: (tx, action) => controlNode(tx, engine, action),
    deliverEvent: (tx, event) => deliverEvent(tx, engine, event),
    ...hints,
  }
}

const refuseNone = (_: number, error: unknown): never => {
  throw error
}

async function controlNode(tx: Transaction, engine: Engine, action: NodeAction): Promise<NodeControlled> {
  switch (action.kind) {
    case 'SKIP':
      return skipNode(tx, engine, action)
    case 'CANCEL':
      return cancelNode(tx, engine, action)
    case 'RUN':
      return runNodeNow(tx, engine, action)
    case 'RETRY':
      return retryNode(tx, engine, action)
    case 'APPROVE':
    case 'REJECT':
      return decideApproval(tx, engine, { ...action, approve: action.kind === 'APPROVE' })
  }
}
