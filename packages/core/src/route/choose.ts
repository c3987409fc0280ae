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

export interface RouteRequest<C extends Candidate> extends RouteChoice<C> {
  /** The executor that comes last, whatever the strategy says; null: none. */
  readonly avoid: number | null
}

/**
 * Chooses an executor as the policy says: of the highest priority first, by its strategy among equals. Null: nobody can take it now.
 * `candidates` may be full and in order of `executorId`; where the strategy names one, that it is full means waiting for it.
 */
export function chooseExecutor<C extends Candidate>(policy: RoutePolicy, choice: RouteRequest<C>): Choice<C> | null {
  const waits = namesOne(policy) && !failsOver(policy)
  const elsewhere = choice.avoid === null ? [] : ablestOf(withoutOne(choice.candidates, choice.avoid), waits)
  const candidates = elsewhere.length > 0 ? elsewhere : ablestOf(choice.candidates, waits)
  if (candidates.length === 0) return null
  const { index, mark, marks } = ROUTES[policy.strategy]({ ...choice, candidates })
  const chosen = candidates[index]!
  const noted = marks ? { marked: candidates, marks } : mark === undefined ? NOTHING_NOTED : { marked: [chosen], marks: [mark] }
  return { chosen, previous: homeAfter(policy, choice, chosen), ...noted }
}

const NOTHING_NOTED = { marked: [], marks: [] }

const withoutOne = <C extends Candidate>(candidates: readonly C[], id: number) =>
  candidates.filter(({ executorId }) => executorId !== id)

/** A home that is only full stays the home; what another took meanwhile was an exception. */
function homeAfter({ strategy }: RoutePolicy, { candidates, previous }: RouteChoice, chosen: Candidate): number {
  const stays = strategy === 'STICKY' && candidates.some(({ executorId }) => executorId === previous)
  return stays ? previous! : chosen.executorId
}

/** Those of the highest priority among the ones that can take it, or wait for a place. Nearly always these are all: then nothing is copied. */
function ablestOf<C extends Candidate>(candidates: readonly C[], waits: boolean): readonly C[] {
  let highest = -Infinity
  let count = 0
  for (const { held, capacity, priority } of candidates) {
    if ((!waits && held >= capacity) || priority < highest) continue
    count = priority > highest ? 1 : count + 1
    highest = priority
  }
  if (count === candidates.length) return candidates
  return candidates.filter(({ held, capacity, priority }) => priority === highest && (waits || held < capacity))
}
