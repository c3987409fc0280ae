import { slotsOf } from '@carillon/core'
import { compareGates, lockGates, type GateKey } from '../storage/gate.ts'
import { lockRuns, selectRunFacts } from '../storage/node.ts'
import type { RunKey } from '../storage/run.ts'
import { selectGatesAfter, selectRunsAfter, settleOrphans } from '../storage/reconcile.ts'
import type { Engine } from './engine.ts'
import { admitNext, finishLargeRuns } from './finish-runs.ts'
import { gatesOf } from './lock-instances.ts'

/** Where the look at everything that is live stands. Memory of one node; losing it costs nothing. */
export interface Sweep {
  gate: GateKey
  run: RunKey
}

export const newSweep = (): Sweep => ({ gate: FIRST_GATE, run: FIRST_RUN })

const FIRST_GATE: GateKey = { tenantId: 0, key: '' }
const FIRST_RUN: RunKey = { tenantId: 0, id: 0 }

/** What one call looks at: so much of the live tables as takes some 20 ms. The next one goes on from there. */
const MOST_SEEN = 2_000
/** Of what is wrong there, so much is repaired at once. */
const MOST_MENDED = 200

/**
 * Looks for what no transaction should ever leave behind, repairs it, and says so: runs that wait for a slot which is free, runs without
 * an instance. Finding anything is a bug somewhere, except after an edit that raised a limit.
 */
export async function reconcileRuns(engine: Engine, sweep: Sweep = newSweep()): Promise<void> {
  await admitLate(engine, sweep)
  await endOrphans(engine, sweep)
}

async function admitLate(engine: Engine, sweep: Sweep): Promise<void> {
  const { seen, runs } = await engine.db.engine(async (tx) => {
    const seen = await selectGatesAfter(tx, sweep.gate, MOST_SEEN)
    const waiting = seen.flatMap(({ planId, ...gate }) => (planId === null ? [] : [{ ...gate, planId }]))
    const planOf = await engine.plans.load(tx, waiting)
    const free = waiting.filter((gate) => gate.held < slotsOf(planOf(gate).concurrency)).slice(0, MOST_MENDED)
    lockGates(tx, free.sort(compareGates))
    return { seen, runs: await admitNext(tx, engine, free) }
  })
  sweep.gate = (seen.length < MOST_SEEN ? undefined : seen.at(-1)) ?? FIRST_GATE
  if (runs > 0) engine.report('run.admittedLate', { runs })
}

async function endOrphans(engine: Engine, sweep: Sweep): Promise<void> {
  const seen = await engine.db.engine((tx) => selectRunsAfter(tx, sweep.run, MOST_SEEN))
  const suspects = seen.filter((run) => run.orphan).slice(0, MOST_MENDED)
  if (suspects.length > 0) {
    const ended = await engine.db.engine(async (tx) => {
      const known = await selectRunFacts(tx, suspects)
      lockGates(tx, gatesOf(known.map(({ tenantId, concurrencyKey }) => ({ tenantId, key: concurrencyKey }))))
      lockRuns(tx, known)
      const runs = await selectRunFacts(tx, await settleOrphans(tx, known))
      const orphaned = { runState: 'FAILED', runReason: 'ORPHANED' } as const
      await finishLargeRuns(
        tx,
        engine,
        runs.map((run) => ({ ...run, ...orphaned, runId: run.id })),
        await tx.now(),
      )
      return runs.map(({ tenantId, id }) => ({ tenantId, id }))
    })
    if (ended.length > 0) engine.report('run.orphansEnded', { runs: ended })
  }
  sweep.run = (seen.length < MOST_SEEN ? undefined : seen.at(-1)) ?? FIRST_RUN
}
