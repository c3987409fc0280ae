import { compareGates, lockGates } from '../storage/gate.ts'
import { endOrphanRuns, selectStarvingGates } from '../storage/reconcile.ts'
import type { Engine } from './engine.ts'
import { admitNext } from './finish-runs.ts'

const BATCH = 200

/**
 * Looks for what no transaction should ever leave behind, repairs it, and says so: runs that wait for a slot which is free, runs without
 * an instance. Finding anything is a bug somewhere, except after an edit that raised a limit.
 */
export async function reconcileRuns(engine: Engine): Promise<void> {
  const admitted = await engine.db.engine(async (tx) => {
    const gates = (await selectStarvingGates(tx, BATCH)).sort(compareGates)
    if (gates.length === 0) return 0
    lockGates(tx, gates)
    return admitNext(tx, engine, gates)
  })
  if (admitted > 0) engine.report('run.admittedLate', { runs: admitted })
  const orphans = await engine.db.engine((tx) => endOrphanRuns(tx, BATCH))
  if (orphans.length > 0) engine.report('run.orphansEnded', { runs: orphans })
}
