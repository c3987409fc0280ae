import type { Demands } from '../record/demands.ts'
import type { History } from '../record/history.ts'
import { checkAcknowledged } from './acknowledged.ts'
import { checkChains } from './chain.ts'
import { checkExecutorTruth } from './executor-truth.ts'
import { checkFaults } from './faults.ts'
import { checkLateness } from './lateness.ts'
import { checkLeases } from './leases.ts'
import { checkLimits } from './limits.ts'
import { checkLiveness } from './liveness.ts'
import { checkOccurrences } from './occurrences.ts'
import { checkOrphans } from './orphans.ts'
import type { Verdict } from './verdict.ts'

/** Every verdict about a history, from its records alone. */
export function check(history: History, demands: Demands): Verdict[] {
  return [
    checkFaults(history, demands),
    checkAcknowledged(history, { acknowledged: demands.acknowledged, accepted: demands.accepted }),
    checkOccurrences(history, demands.fires),
    checkLateness(history, demands.latenessMs),
    checkLeases(history, demands.accepted),
    checkExecutorTruth(history),
    checkLimits(history),
    checkLiveness(history),
    checkChains(history),
    checkOrphans(history),
  ]
}
