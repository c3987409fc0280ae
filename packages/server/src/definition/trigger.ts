import { CarillonError, type Plan, type Role } from '@carillon/core'
import { planOfShare, shareKey } from '../lifecycle/plan-share.ts'
import type { PlanCache } from '../lifecycle/plan-cache.ts'
import type { RunStart, RunTarget } from '../lifecycle/start-runs.ts'
import { selectTriggerableDags, type TriggerableDag } from '../storage/dag.ts'
import { selectPlansOfVersions } from '../storage/dag-version.ts'
import type { Transaction } from '../storage/database.ts'
import { selectTriggerableTasks, type TriggerableTask } from '../storage/task.ts'
import type { KnownTasks } from '../lifecycle/known-tasks.ts'
import { noSuchVersion } from './dag-version.ts'
import { invalid, invalidFields } from './invalid.ts'
import { assertParamsSize, computedProblems, referenceProblems } from './params-schema.ts'
import { judgeOverrides, secretsBeside } from './secret.ts'
import { noSuch } from './versioned-object.ts'

export interface TriggerAsk {
  /** One of the two, by identifier or code. */
  readonly task?: string | undefined
  readonly dag?: string | undefined
  readonly params?: Record<string, unknown> | undefined
  /** Of a DAG: the version, and the key for the share of a gray release: see `shareKey`. */
  readonly version?: number | undefined
  readonly runKey?: string | undefined
}

export interface Asker {
  readonly tenantId: number
  readonly role: Role
  readonly plans: PlanCache
  readonly tasks: KnownTasks
  readonly paramsBytes: number
}

export type PreparedTrigger<Ask> =
  /** `planId`: of the version that is named. `expects`: the task as it was remembered. `nodes`: how many a run has. */
  | {
      readonly ask: Ask
      readonly target: RunTarget
      readonly planId: number | null
      readonly nodes: number
      readonly expects?: RunStart['expects'] & {}
    }
  | { readonly ask: Ask; readonly refusal: CarillonError }

/**
 * What was asked for, with its task or DAG found and its parameters checked, under each version that the run may get; or the refusal. In the
 * order of the input, and with as many look-ups for a thousand as for one.
 */
export async function prepareTriggers<Ask extends TriggerAsk>(
  tx: Transaction,
  asker: Asker,
  asks: readonly Ask[],
): Promise<PreparedTrigger<Ask>[]> {
  const { tenantId } = asker
  const [tasks, dags] = await Promise.all([
    findTriggerable(
      tx,
      tenantId,
      asks.flatMap((ask) => ask.task ?? []),
      selectTriggerableTasks,
    ),
    findTriggerable(
      tx,
      tenantId,
      asks.flatMap((ask) => ask.dag ?? []),
      selectTriggerableDags,
    ),
  ])
  const versions = await findVersions(tx, tenantId, asks, dags)
  const planIds = [
    ...[...tasks.values()].map((task) => task.planId),
    ...[...dags.values()].flatMap((dag) => [dag.planId, dag.grayPlanId]),
    ...versions.values(),
  ].filter((id) => id !== null)
  const planOf = await asker.plans.load(
    tx,
    [...new Set(planIds)].map((planId) => ({ tenantId, planId })),
  )
  for (const [ref, task] of tasks) asker.tasks.set(tenantId, ref, task)
  const found: Found = { tasks, dags, versions, planOf: (planId) => planOf({ tenantId, planId }) }
  const judge = await judgeOverrides(
    tx,
    asker,
    asks.flatMap((ask) => secretsBesideAsk(found, ask)),
  )
  return asks.map((ask) => {
    try {
      const target = targetOf(asker, found, ask)
      const refusal = judge(secretsBesideAsk(found, ask))
      return refusal ? { ask, refusal } : { ask, ...target }
    } catch (error) {
      if (error instanceof CarillonError) return { ask, refusal: error }
      throw error
    }
  })
}

/** A DAG says itself where its parameters go. */
function secretsBesideAsk({ tasks, planOf }: Found, { task: ref, params }: TriggerAsk): string[] {
  const task = ref === undefined ? undefined : tasks.get(ref)
  return task ? secretsBeside(planOf(task.planId).nodes[0]!, params) : []
}

/** The same from memory alone; null: something is not known, or would be refused, which only what stands now may decide. */
export function recallTrigger<Ask extends TriggerAsk>(asker: Asker, ask: Ask): PreparedTrigger<Ask> | null {
  const { tenantId, plans, tasks } = asker
  const task = ask.task === undefined || ask.dag !== undefined ? undefined : tasks.get(tenantId, ask.task)
  const plan = task && plans.get({ tenantId, planId: task.planId })
  if (!plan) return null
  const found: Found = { tasks: new Map([[ask.task!, task]]), dags: new Map(), versions: new Map(), planOf: () => plan }
  if (secretsBesideAsk(found, ask).length > 0) return null
  try {
    return { ask, ...taskOf(asker, found, ask), expects: { version: task.version, planId: task.planId } }
  } catch (error) {
    if (error instanceof CarillonError) return null
    throw error
  }
}

interface Found {
  readonly tasks: ReadonlyMap<string, TriggerableTask>
  readonly dags: ReadonlyMap<string, TriggerableDag>
  /** The plans of versions that are named, as `dagId@number`; null: it has none any more. */
  readonly versions: ReadonlyMap<string, number | null>
  readonly planOf: (planId: number) => Plan
}

/** Objects by what they were called: identifiers or codes. */
export async function findTriggerable<Row extends { readonly id: number; readonly code: string }>(
  tx: Transaction,
  tenantId: number,
  named: readonly string[],
  select: (tx: Transaction, tenantId: number, ids: readonly number[], codes: readonly string[]) => Promise<Row[]>,
): Promise<Map<string, Row>> {
  const refs = [...new Set(named)]
  const isId = (ref: string) => /^[0-9]+$/.test(ref)
  const rows = await select(
    tx,
    tenantId,
    refs.filter(isId).map(Number),
    refs.filter((ref) => !isId(ref)),
  )
  return new Map(rows.flatMap((row) => [[String(row.id), row] as const, [row.code, row] as const]))
}

async function findVersions(
  tx: Transaction,
  tenantId: number,
  asks: readonly TriggerAsk[],
  dags: Found['dags'],
): Promise<Map<string, number | null>> {
  const named = asks.flatMap(({ dag, version }) => {
    const dagId = dag === undefined ? undefined : dags.get(dag)?.id
    return dagId === undefined || version === undefined ? [] : [{ tenantId, dagId, number: version }]
  })
  const rows = named.length === 0 ? [] : await selectPlansOfVersions(tx, named)
  return new Map(rows.map(({ dagId, number, planId }) => [`${dagId}@${number}`, planId]))
}

function targetOf(
  asker: Asker,
  found: Found,
  ask: TriggerAsk,
): Pick<Extract<PreparedTrigger<TriggerAsk>, { target: unknown }>, 'target' | 'planId' | 'nodes'> {
  if ((ask.task === undefined) === (ask.dag === undefined)) throw invalid('/body', 'must name a task or a DAG, and not both')
  return ask.dag === undefined ? taskOf(asker, found, ask) : dagOf(asker, found, ask)
}

function taskOf(asker: Asker, { tasks, planOf }: Found, { task: ref, params, version, runKey }: TriggerAsk) {
  if (version !== undefined) throw invalid('/body/version', 'is for DAGs: a task has one plan')
  if (runKey !== undefined) throw invalid('/body/key', 'is for DAGs: a task has one plan')
  const task = tasks.get(ref!)
  if (!task) throw noSuch('task')
  assertMayRun(task.runnableBy, asker.role, 'task')
  const { nodes } = planOf(task.planId)
  assertParams(asker, nodes[0]!, params)
  return { target: { kind: 'TASK', id: task.id }, planId: null, nodes: nodes.length } as const
}

function dagOf(asker: Asker, { dags, versions, planOf }: Found, ask: TriggerAsk) {
  const dag = dags.get(ask.dag!)
  if (!dag) throw noSuch('DAG')
  assertMayRun(dag.runnableBy, asker.role, 'DAG')
  const named = ask.version === undefined ? null : planOfNamed(versions.get(`${dag.id}@${ask.version}`), ask.version)
  const plans = (named === null ? plansInTraffic(dag, planOf, ask) : [named]).map(planOf)
  for (const plan of plans) assertParams(asker, plan.dag!, ask.params)
  const nodes = Math.max(1, ...plans.map((plan) => plan.nodes.length))
  return { target: { kind: 'DAG', id: dag.id }, planId: named, nodes } as const
}

function planOfNamed(planId: number | null | undefined, number: number): number {
  if (planId === undefined) throw noSuchVersion(number, 'that has been activated')
  if (planId !== null) return planId
  throw new CarillonError(
    'STATE_CONFLICT',
    `Version ${number} is archived, and a task of it has changed since. Activate it, or copy it to a new version.`,
  )
}

/** The plans that a run which names no version may get: without a key it is chosen only as the run starts. */
function plansInTraffic(dag: TriggerableDag, planOf: Found['planOf'], { runKey, params = {} }: TriggerAsk): number[] {
  // Without an active version the start itself is refused.
  if (dag.planId === null) return []
  if (dag.grayPlanId === null) return [dag.planId]
  const shares = { planId: dag.planId, grayPlanId: dag.grayPlanId, grayPercent: dag.grayPercent }
  const chosenBy = shareKey(planOf(dag.planId), { ...(runKey === undefined ? {} : { runKey }), params })
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
  const problems = [...referenceProblems(params, '/body/params'), ...computedProblems(paramsSchema, merged, '/body/params')]
  if (problems.length > 0) throw invalidFields(problems)
}

export function mayRun(runnableBy: readonly string[] | null, role: Role): boolean {
  return runnableBy === null || runnableBy.includes(role)
}
