import type { Demands } from '../record/demands.ts'
import type { History } from '../record/history.ts'
import { checkAcknowledged } from './acknowledged.ts'
import { checkChains } from './chain.ts'
import { checkExecutorTruth } from './executor-truth.ts'
import { checkFaults } from './faults.ts'
import { checkFigures } from './figures.ts'
import { checkLeases } from './leases.ts'
import { checkLimits } from './limits.ts'
import { checkLiveness } from './liveness.ts'
import { checkOccurrences } from './occurrences.ts'
import { checkOrphans } from './orphans.ts'
import type { Verdict } from './verdict.ts'

/** Every verdict about a history, from its records alone. Strict: figures that are not reached break it, too. */
export function check(history: History, demands: Demands, { strict = false }: { readonly strict?: boolean } = {}): Verdict[] {
  return [
    checkFaults(history, demands),
    checkAcknowledged(history, { acknowledged: demands.acknowledged, accepted: demands.accepted }),
    checkOccurrences(history, demands.fires),
    checkLeases(history, demands.accepted),
    checkExecutorTruth(history),
    checkLimits(history),
    checkLiveness(history),
    checkChains(history),
    checkOrphans(history),
    checkFigures(history, demands, strict),
  ]
}
