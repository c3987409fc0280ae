import { failsOver, namesOne, type RoutePolicy } from './policy.ts'
import { ROUTES, type Candidate, type RouteChoice } from './strategy.ts'

export interface Choice<C extends Candidate> {
  readonly chosen: C
  /** The executor that counts as chosen before at the next choice. */
  readonly previous: number
  /** The candidates whose marks are new, and these. */
  readonly marked: readonly C[]
  readonly marks: readonly number[]
}

/**
 * Chooses an executor as the policy says: of the highest priority first, by its strategy among equals. Null: nobody can take it now.
 * `candidates` may be full and in order of `executorId`; where the strategy names one, that it is full means waiting for it.
 */
export function chooseExecutor<C extends Candidate>(policy: RoutePolicy, choice: RouteChoice<C>): Choice<C> | null {
  const waits = namesOne(policy) && !failsOver(policy)
  const able = waits ? choice.candidates : choice.candidates.filter(({ held, capacity }) => held < capacity)
  if (able.length === 0) return null
  const candidates = ofHighestPriority(able)
  const { index, marks } = ROUTES[policy.strategy]({ ...choice, candidates })
  const chosen = candidates[index]!
  return { chosen, previous: homeAfter(policy, choice, chosen), marked: marks ? candidates : [], marks: marks ?? [] }
}

/** A home that is only full stays the home; what another took meanwhile was an exception. */
function homeAfter({ strategy }: RoutePolicy, { candidates, previous }: RouteChoice, chosen: Candidate): number {
  const stays = strategy === 'STICKY' && candidates.some(({ executorId }) => executorId === previous)
  return stays ? previous! : chosen.executorId
}

function ofHighestPriority<C extends Candidate>(candidates: readonly C[]): readonly C[] {
  const highest = candidates.reduce((most, { priority }) => Math.max(most, priority), -Infinity)
  return candidates.every(({ priority }) => priority === highest)
    ? candidates
    : candidates.filter(({ priority }) => priority === highest)
}
