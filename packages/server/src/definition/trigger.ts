import { CarillonError, type Plan, type Role } from '@carillon/core'
import { planOfShare, shareKey } from '../lifecycle/plan-share.ts'
import type { PlanCache } from '../lifecycle/plan-cache.ts'
import { dags, selectStartableDags } from '../storage/dag.ts'
import { selectPlansOfVersions } from '../storage/dag-version.ts'
import type { Transaction } from '../storage/database.ts'
import { selectTriggerableTasks, type TriggerableTask } from '../storage/task.ts'
import { noSuchVersion } from './dag-version.ts'
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
  try {
    assertMayRun(task.runnableBy, asker.role, 'task')
    assertParams(asker, plan.nodes[0]!, params)
    return null
  } catch (error) {
    if (error instanceof CarillonError) return error
    throw error
  }
}

interface DagTriggerAsk {
  readonly params?: Record<string, unknown>
  /** Of a version. */
  readonly version?: number
  /** For the share of a gray release: see `shareKey`. */
  readonly key?: string
}

/** The DAG that is asked for, its parameters checked under each version that the run may get; with the plan of the version that is named. */
export async function prepareDagTrigger(
  tx: Transaction,
  asker: Asker,
  ref: string,
  ask: DagTriggerAsk,
): Promise<{ dagId: number; planId: number | null }> {
  const { tenantId, plans } = asker
  const dag = await dags.find(tx, tenantId, ref)
  if (!dag) throw noSuch('DAG')
  assertMayRun(dag.runnableBy, asker.role, 'DAG')
  const named = ask.version === undefined ? null : await planOfVersion(tx, tenantId, dag.id, ask.version)
  const possible = named === null ? await plansInTraffic(tx, asker, dag.id, ask) : [named]
  const planOf = await plans.load(
    tx,
    possible.map((planId) => ({ tenantId, planId })),
  )
  for (const planId of possible) assertParams(asker, planOf({ tenantId, planId }).dag!, ask.params)
  return { dagId: dag.id, planId: named }
}

async function planOfVersion(tx: Transaction, tenantId: number, dagId: number, number: number): Promise<number> {
  const [version] = await selectPlansOfVersions(tx, [{ tenantId, dagId, number }])
  if (!version) throw noSuchVersion(number, 'that has been activated')
  if (version.planId === null) {
    throw new CarillonError(
      'STATE_CONFLICT',
      `Version ${number} is archived, and a task of it has changed since. Activate it, or copy it to a new version.`,
    )
  }
  return version.planId
}

/** The plans that a run which names no version may get: without a key it is chosen only as the run starts. */
async function plansInTraffic(
  tx: Transaction,
  { tenantId, plans }: Asker,
  dagId: number,
  { key, params = {} }: DagTriggerAsk,
): Promise<number[]> {
  const [dag] = await selectStartableDags(tx, [{ tenantId, id: dagId }])
  // Without an active version the start itself is refused.
  if (!dag || dag.planId === null) return []
  const shares = { ...dag, planId: dag.planId }
  if (dag.grayPlanId === null) return [dag.planId]
  const active = (await plans.load(tx, [{ tenantId, planId: dag.planId }]))({ tenantId, planId: dag.planId })
  const chosenBy = shareKey(active, { runKey: key, params })
  return chosenBy === null ? [dag.planId, dag.grayPlanId] : [planOfShare(shares, chosenBy)]
}

function assertMayRun(runnableBy: readonly string[] | null, role: Role, noun: 'task' | 'DAG'): void {
  if (mayRun(runnableBy, role)) return
  throw new CarillonError('FORBIDDEN', `This ${noun} may be run by the roles ${runnableBy!.join(', ')}; yours is ${role}.`)
}

/** Parameters of a run over its defaults, by size and schema. */
export function assertParams(
  { paramsBytes }: Pick<Asker, 'paramsBytes'>,
  { params: defaults, paramsSchema }: Pick<Plan['nodes'][number], 'params' | 'paramsSchema'>,
  params: Record<string, unknown> = {},
): void {
  const merged = { ...defaults, ...params }
  assertParamsSize(merged, paramsBytes)
  const problems = [...referenceProblems(params, '/body/params'), ...paramsProblems(paramsSchema, merged, '/body/params')]
  if (problems.length > 0) throw invalidFields(problems)
}

export function mayRun(runnableBy: readonly string[] | null, role: Role): boolean {
  return runnableBy === null || runnableBy.includes(role)
}
