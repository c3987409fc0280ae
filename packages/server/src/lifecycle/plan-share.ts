import { chooseVersion, concurrencyKey, grayHash, type Plan } from '@carillon/core'

/** The plans that new runs of a target start with: one, or, while a second version of a DAG takes a share of them, two. */
export interface PlanShares {
  readonly planId: number
  readonly grayPlanId: number | null
  readonly grayPercent: number | null
}

/** The plan of the run with this key. */
export function planOfShare({ planId, grayPlanId, grayPercent }: PlanShares, key: string): number {
  return chooseVersion({ active: planId, gray: grayPlanId, percent: grayPercent }, grayHash(key))
}

/**
 * The key of a run under which it goes where others with that key go: as it was asked for, or the value by which its DAG keys its
 * concurrency. Null: none, so that each run is shared out by itself. Both versions of a DAG have its one concurrency policy.
 */
export function shareKey(
  plan: Plan,
  start: {
    readonly runKey?: string | undefined
    readonly params: Readonly<Record<string, unknown>>
    readonly fireAt?: number | undefined
  },
): string | null {
  const { runKey, params, fireAt = null } = start
  if (runKey !== undefined) return runKey
  if (plan.concurrency.policy !== 'KEYED') return null
  const context = { params: { ...plan.dag?.params, ...params }, run: { fireAt } }
  const key = concurrencyKey(plan.concurrency, plan.targetId, context)
  // Without a key it is not started at all, whichever plan it would have had.
  return key.kind === 'VALUE' ? key.value : null
}
