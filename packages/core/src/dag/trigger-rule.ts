import type { TriggerRule } from './definition.ts'

/** What the edges that lead to a node have passed on so far. `total` counts them all, so `total - ok - failed - skipped` are not in yet. */
export interface ParentCounters {
  readonly total: number
  readonly ok: number
  readonly failed: number
  readonly skipped: number
}

export type RuleVerdict = 'WAIT' | 'RUN' | 'SKIP'

type Rule = (parents: ParentCounters) => RuleVerdict

/** A rule that can tell only when all edges are in. */
const onceAllAreIn =
  (runs: (parents: ParentCounters) => boolean): Rule =>
  (parents) =>
    !allAreIn(parents) ? 'WAIT' : runs(parents) ? 'RUN' : 'SKIP'

/** A rule that runs at once when the first edge of a kind comes in, whatever the others will pass on. */
const atOnce =
  (seen: (parents: ParentCounters) => boolean): Rule =>
  (parents) =>
    seen(parents) ? 'RUN' : allAreIn(parents) ? 'SKIP' : 'WAIT'

/** The table of docs/decisions/0004-dag-engine.md. */
const RULES: Readonly<Record<TriggerRule, Rule>> = {
  ALL_SUCCESS: onceAllAreIn(({ total, ok }) => ok === total),
  ALL_DONE: onceAllAreIn(({ total, skipped }) => skipped < total),
  ONE_SUCCESS: atOnce(({ ok }) => ok > 0),
  ONE_FAILED: atOnce(({ failed }) => failed > 0),
  NONE_FAILED: onceAllAreIn(({ ok, failed }) => failed === 0 && ok > 0),
  ALWAYS: onceAllAreIn(() => true),
}

/** Whether a waiting node runs, is skipped or goes on waiting. A node without upstream runs, whatever its rule. */
export function applyTriggerRule(rule: TriggerRule, parents: ParentCounters): RuleVerdict {
  return parents.total === 0 ? 'RUN' : RULES[rule](parents)
}

function allAreIn({ total, ok, failed, skipped }: ParentCounters): boolean {
  return ok + failed + skipped >= total
}
