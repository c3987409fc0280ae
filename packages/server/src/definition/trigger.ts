import { CarillonError, type Plan, type Role } from '@carillon/core'
import type { PlanCache } from '../lifecycle/plan-cache.ts'
import type { Transaction } from '../storage/database.ts'
import { selectTriggerableTasks, type TriggerableTask } from '../storage/task.ts'
import { invalidFields } from './invalid.ts'
import { assertParamsSize, paramsProblems, referenceProblems } from './params-schema.ts'
import { noSuch } from './versioned-object.ts'

export interface TriggerAsk {
  readonly task: string
  readonly params?: Record<string, unknown>
  readonly [more: string]: unknown
}

export interface Asker {
  readonly tenantId: number
  readonly role: Role
  readonly plans: PlanCache
  readonly paramsBytes: number
}

/** What was asked for, with its task found and its parameters checked, or the refusal; in the order of the input. */
export async function prepareTriggers<Ask extends TriggerAsk>(
  tx: Transaction,
  asker: Asker,
  asks: readonly Ask[],
): Promise<({ ask: Ask; taskId: number } | { ask: Ask; refusal: CarillonError })[]> {
  const tasks = await findTasks(tx, asker.tenantId, asks)
  const found = [...new Set(tasks.values())].map(({ planId }) => ({ tenantId: asker.tenantId, planId }))
  const planOf = await asker.plans.load(tx, found)
  return asks.map((ask) => {
    const task = tasks.get(ask.task)
    const refusal = task ? refusalOf(asker, task, planOf({ tenantId: asker.tenantId, planId: task.planId }), ask) : noSuch('task')
    return refusal ? { ask, refusal } : { ask, taskId: task!.id }
  })
}

async function findTasks(tx: Transaction, tenantId: number, asks: readonly TriggerAsk[]): Promise<Map<string, TriggerableTask>> {
  const refs = [...new Set(asks.map((ask) => ask.task))]
  const isId = (ref: string) => /^[0-9]+$/.test(ref)
  const rows = await selectTriggerableTasks(
    tx,
    tenantId,
    refs.filter(isId).map(Number),
    refs.filter((ref) => !isId(ref)),
  )
  return new Map(rows.flatMap((row) => [[String(row.id), row] as const, [row.code, row] as const]))
}

function refusalOf(asker: Asker, task: TriggerableTask, plan: Plan, { params = {} }: TriggerAsk): CarillonError | null {
  if (!mayRun(task.runnableBy, asker.role))
    return new CarillonError(
      'FORBIDDEN',
      `This task may be run by the roles ${task.runnableBy!.join(', ')}; yours is ${asker.role}.`,
    )
  const node = plan.nodes[0]!
  try {
    const merged = { ...node.params, ...params }
    assertParamsSize(merged, asker.paramsBytes)
    const problems = [...referenceProblems(params, '/body/params'), ...paramsProblems(node.paramsSchema, merged, '/body/params')]
    return problems.length > 0 ? invalidFields(problems) : null
  } catch (error) {
    if (error instanceof CarillonError) return error
    throw error
  }
}

export function mayRun(runnableBy: readonly string[] | null, role: Role): boolean {
  return runnableBy === null || runnableBy.includes(role)
}
