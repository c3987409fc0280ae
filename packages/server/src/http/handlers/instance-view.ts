import type { Attempt, Instance, Wait, Why } from '@carillon/contract'
import type { Plan } from '@carillon/core'
import { staysOf, stretchesOf, waitHistory, type KeptWait } from '../../definition/wait-history.ts'
import { reasonsOf } from '../../definition/waiting-reasons.ts'
import type { Transaction } from '../../storage/database.ts'
import type { AttemptRow, InstanceRow, WaitedRow } from '../../storage/instance-list.ts'
import { waitsOfStays } from '../../storage/queue-wait.ts'
import { codesOfTasks } from '../../storage/task.ts'
import type { Context } from '../context.ts'

/** Why those of these instances wait that do: they came from the tenant's own list. */
export function reasonsFor(
  { services, tenantId }: Context,
  instances: readonly Pick<InstanceRow, 'id' | 'state'>[],
): Promise<Map<number, Why>> {
  return reasonsOf(
    services,
    instances.map(({ id, state }) => ({ tenantId, id, state })),
  )
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

/** How an instance has waited, with what held up the queues in which it stood. */
export async function waitsOf(
  context: Context,
  row: InstanceRow,
  attempts: readonly Attempt[],
  why: Why | null,
  { queueId, waits, now }: WaitedRow,
): Promise<Wait[]> {
  const stretches = stretchesOf({ ...row, queueId, waits: waits as readonly KeptWait[] | null, now }, attempts, why)
  const ofStays = await context.read((tx) => waitsOfStays(tx, context.tenantId, staysOf(stretches, now)))
  return waitHistory(stretches, ofStays)
}

function executorRef(id: number | null, instance: string | null): Instance['executor'] {
  return id === null ? null : { id, instance }
}
