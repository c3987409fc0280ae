import type { Assignment } from '@carillon/contract'
import type { Plan } from '@carillon/core'
import type { Claimable } from '../storage/instance.ts'

/** What an executor is told about a reserved instance. `token` is the one of the reservation. */
export function assignmentOf(instance: Claimable, plan: Plan, token: number): Assignment {
  const node = plan.nodes[instance.node]!
  return {
    instance: instance.id,
    token,
    run: instance.runId,
    tenant: instance.tenantId,
    task: plan.code,
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
