import type { Attempt, Instance, Why } from '@carillon/contract'
import { explain } from '../../definition/explain.ts'
import type { AttemptRow, InstanceRow } from '../../storage/instance-list.ts'
import { waitingFacts } from '../../storage/waiting.ts'
import type { Context } from '../context.ts'

const UNSTARTED = new Set(['WAITING', 'PENDING', 'RESERVED'])

/** Why those of these instances wait that do. The tenant has been checked: they came from its own list. */
export async function reasonsFor(
  { services, tenantId }: Context,
  instances: readonly Pick<InstanceRow, 'id' | 'state'>[],
): Promise<Map<number, Why>> {
  const ids = instances.filter(({ state }) => UNSTARTED.has(state)).map(({ id }) => id)
  if (ids.length === 0) return new Map()
  const facts = await services.db.engine((tx) => waitingFacts(tx, tenantId, ids))
  return new Map(facts.map((row) => [row.id, explain(row)]))
}

export function instanceView({ targetId, taskCode, executorId, executorInstance, ...row }: InstanceRow): Instance {
  return { ...row, task: { id: targetId, code: taskCode }, executor: executorRef(executorId, executorInstance) }
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
