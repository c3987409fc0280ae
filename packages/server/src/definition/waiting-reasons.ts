import type { Why } from '@carillon/contract'
import { wordOf, type CapacityRule, type Plan, type PlanEdge } from '@carillon/core'
import { groupBy } from '../lifecycle/group.ts'
import type { PlanCache } from '../lifecycle/plan-cache.ts'
import { countDivision } from '../lifecycle/shares.ts'
import { findHolder } from '../storage/capacity.ts'
import type { Database, Transaction } from '../storage/database.ts'
import type { InstanceKey } from '../storage/instance.ts'
import { liveNodesOf, waitingFacts, type WaitingFacts } from '../storage/waiting.ts'
import { explain, type ClosedBy } from './explain.ts'

const UNSTARTED = new Set(['WAITING', 'PENDING', 'RESERVED'])

export interface ReasonsDeps {
  readonly db: Pick<Database, 'survey'>
  readonly plans: PlanCache
  readonly shardGoneMs: number
}

/** Why those of these instances wait that do. The caller has checked whose they are. */
export async function reasonsOf(
  { db, plans, shardGoneMs }: ReasonsDeps,
  instances: readonly (InstanceKey & { readonly state: string })[],
): Promise<Map<number, Why>> {
  const unstarted = instances.filter(({ state }) => UNSTARTED.has(state))
  if (unstarted.length === 0) return new Map()
  // As the engine, whose executors may be the platform's, and in the way of nobody but who looks at such things.
  return db.survey(async (tx) => {
    const facts = await waitingFacts(tx, unstarted)
    const planOf = await plans.load(tx, facts)
    const dependent = facts.filter((row) => row.waitReason === 'DEPENDENCY')
    const live = await liveNodesOf(
      tx,
      dependent.map(({ tenantId, runId }) => ({ tenantId, id: runId })),
    )
    const closed = await capacityReasons(tx, facts)
    const open = new Map([...live].map(([runId, nodes]) => [runId, openEdges(nodes)]))
    return new Map(
      facts.map((row) => {
        const plan = planOf(row)
        const waitsFor = (open.get(row.runId)?.(plan).get(row.node) ?? []).map(({ from }) => plan.nodes[from]!.code)
        const closedBy = closed.get(row.id) ?? null
        return [row.id, explain(row, { node: plan.nodes[row.node]!, waitsFor, closedBy, shardGoneMs })]
      }),
    )
  })
}

/** Of those that are PENDING, the rule of their app that keeps each from every executor that could take it now. */
async function capacityReasons(tx: Transaction, facts: readonly WaitingFacts[]): Promise<Map<number, ClosedBy>> {
  const reasons = new Map<number, ClosedBy>()
  const divided = facts.filter(
    ({ state, freeIds, capacityRules }) => state === 'PENDING' && freeIds.length > 0 && capacityRules.length > 0,
  )
  for (const rows of groupBy(divided, ({ appId }) => appId).values()) {
    const app = { ...rows[0]!, tenantId: rows[0]!.appTenantId }
    const { division } = await countDivision(tx, app, null)
    const holders = new Map<string, number | null>()
    for (const { tenantId, id, lane, tenantCode: tenant, freeIds } of rows) {
      const rules = freeIds.map((executorId) => ({ executorId, rule: division.closedBy({ lane, tenant }, executorId) }))
      const [first] = rules
      if (first!.rule === null || rules.some(({ rule }) => rule === null)) continue
      const { rule, executorId } = first as { rule: CapacityRule; executorId: number }
      const word = wordOf(rule)
      const isOver = rule.limit !== undefined && (lane.includes(word) || rule.tenant === tenant)
      const name = `${tenantId} ${word} ${rule.executor === undefined ? '' : executorId}`
      if (isOver && !holders.has(name)) {
        const where = rule.executor === undefined ? null : executorId
        holders.set(name, await findHolder(tx, tenantId, app, rule.tenant === undefined ? word : null, where))
      }
      reasons.set(id, isOver ? { rule, by: 'LIMIT', holder: holders.get(name)! } : { rule, by: 'RESERVATION', holder: null })
    }
  }
  return reasons
}

/** The edges of a plan by the nodes to which they lead, as far as they leave nodes that have not ended. */
function openEdges(live: ReadonlySet<number>): (plan: Plan) => ReadonlyMap<number, readonly PlanEdge[]> {
  let edges: ReadonlyMap<number, readonly PlanEdge[]> | undefined
  return (plan) => {
    const open = () => (plan.edges ?? []).filter((edge) => live.has(edge.from))
    return (edges ??= groupBy(open(), (edge) => edge.to))
  }
}
