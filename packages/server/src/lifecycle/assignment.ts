import type { Assignment } from '@carillon/contract'
import type { Plan, PlanNode } from '@carillon/core'
import type { Claimable } from '../storage/instance.ts'

/** An instance on its way to an executor, its secrets still names. */
export interface Given {
  readonly assignment: Assignment
  readonly plan: Plan
  readonly node: PlanNode
}

/** `token` is the one of the reservation. */
export function givenOf(instance: Claimable, plan: Plan, token: number): Given {
  const node = plan.nodes[instance.node]!
  return { assignment: assignmentOf(instance, plan, node, token), plan, node }
}

/** What an executor is told about a reserved instance. */
function assignmentOf(instance: Claimable, plan: Plan, node: PlanNode, token: number): Assignment {
  return {
    instance: instance.id,
    token,
    run: instance.runId,
    tenant: instance.tenantId,
    task: node.task ?? plan.code,
    handler: node.handler,
    kind: node.kind,
    settings: node.settings,
    params: instance.params,
    variables: node.variables,
    attempt: instance.attempt,
    fireAt: instance.fireAt,
    timeoutMs: node.timeoutMs,
    shard: { index: instance.shardIndex, total: instance.shardTotal },
    idempotencyKey: `${instance.tenantId}-${instance.id}`,
  }
}
