import type { Attempt, Instance, Why } from '@carillon/contract'
import { wordOf, type CapacityRule, type Plan, type PlanEdge } from '@carillon/core'
import { explain, type ClosedBy } from '../../definition/explain.ts'
import { groupBy } from '../../lifecycle/group.ts'
import { countDivision } from '../../lifecycle/shares.ts'
import { findHolder } from '../../storage/capacity.ts'
import type { Transaction } from '../../storage/database.ts'
import type { AttemptRow, InstanceRow } from '../../storage/instance-list.ts'
import { codesOfTasks } from '../../storage/task.ts'
import { liveNodesOf, waitingFacts, type WaitingFacts } from '../../storage/waiting.ts'
import type { Context } from '../context.ts'

const UNSTARTED = new Set(['WAITING', 'PENDING', 'RESERVED'])

/** Why those of these instances wait that do. The tenant has been checked: they came from its own list. */
export async function reasonsFor(
  { services, tenantId }: Context,
  instances: readonly Pick<InstanceRow, 'id' | 'state'>[],
): Promise<Map<number, Why>> {
  const ids = instances.filter(({ state }) => UNSTARTED.has(state)).map(({ id }) => id)
  if (ids.length === 0) return new Map()
  // As the engine, whose executors may be the platform's, and in the way of nobody but who looks at such things.
  return services.db.survey(async (tx) => {
    const facts = await waitingFacts(tx, tenantId, ids)
    const planOf = await services.plans.load(
      tx,
      facts.map(({ planId }) => ({ tenantId, planId })),
    )
    const dependent = facts.filter((row) => row.waitReason === 'DEPENDENCY')
    const live = await liveNodesOf(
      tx,
      tenantId,
      dependent.map((row) => row.runId),
    )
    const closed = await capacityReasons(tx, tenantId, facts)
    const open = new Map([...live].map(([runId, nodes]) => [runId, openEdges(nodes)]))
    return new Map(
      facts.map((row) => {
        const plan = planOf({ tenantId, planId: row.planId })
        const waitsFor = (open.get(row.runId)?.(plan).get(row.node) ?? []).map(({ from }) => plan.nodes[from]!.code)
        const { shardGoneMs } = services
        return [
          row.id,
          explain(row, { node: plan.nodes[row.node]!, waitsFor, closedBy: closed.get(row.id) ?? null, shardGoneMs }),
        ]
      }),
    )
  })
}

/** Of those that are PENDING, the rule of their app that keeps each from every executor that could take it now. */
async function capacityReasons(
  tx: Transaction,
  tenantId: number,
  facts: readonly WaitingFacts[],
): Promise<Map<number, ClosedBy>> {
  const reasons = new Map<number, ClosedBy>()
  const divided = facts.filter(
    ({ state, freeIds, capacityRules }) => state === 'PENDING' && freeIds.length > 0 && capacityRules.length > 0,
  )
  for (const rows of groupBy(divided, ({ appId }) => appId).values()) {
    const app = { ...rows[0]!, tenantId: rows[0]!.appTenantId }
    const { division } = await countDivision(tx, app, null)
    const holders = new Map<string, number | null>()
    for (const { id, lane, tenantCode: tenant, freeIds } of rows) {
      const rules = freeIds.map((executorId) => ({ executorId, rule: division.closedBy({ lane, tenant }, executorId) }))
      const [first] = rules
      if (first!.rule === null || rules.some(({ rule }) => rule === null)) continue
      const { rule, executorId } = first as { rule: CapacityRule; executorId: number }
      const word = wordOf(rule)
      const isOver = rule.limit !== undefined && (lane.includes(word) || rule.tenant === tenant)
      const name = `${word} ${rule.executor === undefined ? '' : executorId}`
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

/** Instances as people see them. What each runs is said by its plan, which is kept in memory: the plan of a large DAG is large. */
export async function instanceViews(
  tx: Transaction,
  { services, tenantId }: Pick<Context, 'services' | 'tenantId'>,
  rows: readonly InstanceRow[],
): Promise<Instance[]> {
  const planOf = await services.plans.load(
    tx,
    rows.map(({ planId }) => ({ tenantId, planId })),
  )
  const runs = rows.map((row) => whatItRuns(planOf({ tenantId, planId: row.planId }), row.node))
  const taskIds = [...new Set(runs.flatMap(({ taskId }) => (taskId === null ? [] : [taskId])))]
  const codes = await codesOfTasks(tx, tenantId, taskIds)
  return rows.map(({ planId: _, executorId, executorInstance, ...row }, place) => {
    const { nodeCode, taskId } = runs[place]!
    const task = taskId === null ? null : { id: taskId, code: codes.get(taskId) ?? null }
    return { ...row, nodeCode, task, executor: executorRef(executorId, executorInstance) }
  })
}

function whatItRuns(plan: Plan, index: number): { nodeCode: string | null; taskId: number | null } {
  if (plan.targetKind === 'TASK') return { nodeCode: null, taskId: plan.targetId }
  const node = plan.nodes[index]!
  const does = node.control!.does
  return { nodeCode: node.code, taskId: does.kind === 'TASK' ? does.taskId : null }
}

/** Attempts that were kept, and the last one, which stands in the instance's own row until it is. */
export function attemptViews(instance: InstanceRow, kept: readonly AttemptRow[]): Attempt[] {
  const earlier = kept.map(({ executorId, executorInstance, ...row }) => ({
    ...row,
    executor: executorRef(executorId, executorInstance),
  }))
  const isKept = kept.some((attempt) => attempt.number === instance.attempt)
  if (isKept || (instance.reservedAt === null && instance.endedAt === null)) return earlier
  const { attempt, executorId, executorInstance, reservedAt, startedAt, endedAt, error, state } = instance
  const outcome = endedAt === null ? null : (state as NonNullable<Attempt['outcome']>)
  const executor = executorRef(executorId, executorInstance)
  return [...earlier, { number: attempt, outcome, executor, reservedAt, startedAt, endedAt, error }]
}

function executorRef(id: number | null, instance: string | null): Instance['executor'] {
  return id === null ? null : { id, instance }
}
