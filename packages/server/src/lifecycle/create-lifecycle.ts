import { createCoalescer } from '../runtime/coalescer.ts'
import { isolate } from '../runtime/isolate.ts'
import type { Transaction } from '../storage/database.ts'
import { insertAudit } from '../storage/audit.ts'
import { acceptStarts } from './accept-starts.ts'
import { cancelNode, runNodeNow, skipNode } from './control-nodes.ts'
import { cancelRuns, pauseRuns, resumeRuns, retryRuns } from './control-runs.ts'
import type { Engine } from './engine.ts'
import type { AuditEntry, ControlResult, Lifecycle, NodeAction, NodeControlled, StartRequest, StartResult } from './lifecycle.ts'
import { retryNode } from './retry-node.ts'
import { decideApproval, deliverEvent } from './wait-nodes.ts'

/** The run's life as the API sees it: batches for starts, one transaction with its audit row for each control action. */
export function createLifecycle(engine: Engine, hints: Pick<Lifecycle, 'wakeFiring' | 'wakeBackfill'>): Lifecycle {
  const starts = createCoalescer((requests: readonly StartRequest[]) => startIsolated(engine, requests), {
    mostItems: engine.settings.startBatch,
    lanes: 2,
  })

  const control =
    (act: (tx: Transaction, tenantId: number, runIds: readonly number[], by: string) => Promise<ControlResult[]>) =>
    (tenantId: number, runIds: readonly number[], by: string, audit: AuditEntry) =>
      engine.db.engine(async (tx) => {
        const results = await act(tx, tenantId, runIds, by)
        await insertAudit(tx, audit)
        return results
      })

  return {
    startRuns: (requests) => starts.add(requests),
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

/**
 * One bad item must not fail its neighbours. A request's audit row stands once, so a batch that is taken apart keeps it with the first of
 * its items that is written.
 */
function startIsolated(engine: Engine, requests: readonly StartRequest[]): Promise<StartResult[]> {
  const audited = new Set<AuditEntry>()
  return isolate(
    requests,
    (batch) => engine.db.engine((tx) => acceptStarts(tx, engine, batch, audited)),
    (_request, error): StartResult => ({
      kind: 'REFUSED',
      code: 'VALIDATION_FAILED',
      detail: `The run could not be stored: ${(error as Error).message}.`,
    }),
  )
}
