import type { Plan } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { createBoundedMap } from '../runtime/bounded-map.ts'
import { selectPlans, type PlanKey } from '../storage/plan.ts'

/** Plans never change, so what has been read once is right for ever; only its size is bounded. */
export interface PlanCache {
  /** The plan, if it is known already. */
  get(key: PlanKey): Plan | undefined
  /** The plans of these keys, reading those that are not known yet in one statement. */
  load(tx: Transaction, keys: readonly PlanKey[]): Promise<(key: PlanKey) => Plan>
}

/** Plans are as large as they have nodes: of one, like a task's, some 20,000 are kept, and of the largest DAGs a few. */
const MOST_NODES = 20_000

export function createPlanCache(): PlanCache {
  /** By their ids, which are unique over all tenants; whose a plan is stands with it. */
  const known = createBoundedMap<number, KnownPlan>(MOST_NODES, ({ body }) => body.nodes.length)
  const find = ({ tenantId, planId }: PlanKey, among: Pick<ReadonlyMap<number, KnownPlan>, 'get'>) => {
    const plan = among.get(planId)
    return plan?.tenantId === tenantId ? plan.body : undefined
  }
  return {
    get: (key) => find(key, known),
    async load(tx, keys) {
      // Kept apart, because later batches may drop plans while this one is still at work.
      const needed = new Map<number, KnownPlan>()
      const missing = new Map<number, PlanKey>()
      for (const key of keys) {
        const plan = needed.get(key.planId) ?? known.get(key.planId)
        if (plan) needed.set(key.planId, plan)
        else missing.set(key.planId, key)
      }
      if (missing.size > 0) {
        for (const { tenantId, id, body } of await selectPlans(tx, [...missing.values()])) {
          needed.set(id, { tenantId, body })
          known.set(id, { tenantId, body })
        }
      }
      return (key) => {
        const plan = find(key, needed)
        if (!plan) throw new Error(`Plan ${key.planId} of tenant ${key.tenantId} does not exist.`)
        return plan
      }
    },
  }
}

interface KnownPlan {
  readonly tenantId: number
  readonly body: Plan
}
