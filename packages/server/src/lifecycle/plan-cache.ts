import type { Plan } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { selectPlans, type PlanKey } from '../storage/plan.ts'

/** Plans never change, so what has been read once is right for ever; only its size is bounded. */
export interface PlanCache {
  /** The plans of these keys, reading those that are not known yet in one statement. */
  load(tx: Transaction, keys: readonly PlanKey[]): Promise<(key: PlanKey) => Plan>
}

const MOST_PLANS = 20_000

const nameOf = (key: PlanKey) => `${key.tenantId}:${key.planId}`

export function createPlanCache(): PlanCache {
  const known = new Map<string, Plan>()
  return {
    async load(tx, keys) {
      const wanted = new Map(keys.map((key) => [nameOf(key), key]))
      const missing = [...wanted].filter(([name]) => !known.has(name)).map(([, key]) => key)
      const found = new Map<string, Plan>()
      for (const name of wanted.keys()) {
        const plan = known.get(name)
        if (plan) found.set(name, plan)
      }
      if (missing.length > 0) {
        for (const row of await selectPlans(tx, missing)) {
          const name = nameOf({ tenantId: row.tenantId, planId: row.id })
          found.set(name, row.body)
          known.set(name, row.body)
        }
        dropOldest(known)
      }
      return (key) => {
        const plan = found.get(nameOf(key))
        if (!plan) throw new Error(`Plan ${key.planId} of tenant ${key.tenantId} does not exist.`)
        return plan
      }
    },
  }
}

function dropOldest(known: Map<string, Plan>): void {
  for (const name of known.keys()) {
    if (known.size <= MOST_PLANS) return
    known.delete(name)
  }
}
