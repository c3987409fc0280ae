import type { EffectivePolicies } from '@carillon/contract'
import { CarillonError, forEachShard, isPlaced, laneOf, type CapacityRule, type NodeControl, type Plan } from '@carillon/core'
import { apps, BUILTIN_APP } from '../storage/app.ts'
import { insertPlans } from '../storage/plan.ts'
import { internQueues, type QueueInput } from '../storage/queue.ts'
import { setRate } from '../storage/rate-bucket.ts'
import type { DownstreamRef, TaskFields } from '../storage/task.ts'
import type { TaskTypeFields } from '../storage/task-type.ts'
import type { Edit } from './edit.ts'
import { KINDS } from './kinds/index.ts'
import { resolvePolicies } from './policies.ts'

/** A task with what its plan is made of. */
export interface PlannedTask {
  readonly id: number
  readonly version: number
  readonly fields: Omit<TaskFields, 'planId'>
  readonly downstream: readonly Pick<DownstreamRef, 'taskId' | 'outcomes'>[]
}

/**
 * Compiles tasks of one type into plans and stores them, with the queues and rates they need; the new plans by task.
 * Set-based, because an edit of a type does this for all its tasks at once.
 */
export async function makePlans(edit: Edit, type: TaskTypeFields, tasks: readonly PlannedTask[]): Promise<Map<number, number>> {
  const { tx, tenantId } = edit
  const rules = await capacityRulesOf(edit, type)
  const effective = tasks.map((task) => resolvePolicies(type.defaults, task.fields.policies))
  const queues = await internQueues(
    tx,
    tasks.map((task, index) => queueOf(tenantId, type, task, effective[index]!, checkedLane(rules, task))),
  )
  const plans = tasks.map((task, index) => planOf(tenantId, type, task, effective[index]!, queues[index]!))
  // By identifier, as all rows of a kind are locked.
  const rates = tasks.map((task, index) => ({ id: task.id, perSecond: effective[index]!.ratePerSecond }))
  for (const { id, perSecond } of rates.sort((a, b) => a.id - b.id)) {
    if (perSecond !== null) await setRate(tx, tenantId, rateKey(id), perSecond)
  }
  return insertPlans(tx, tenantId, plans)
}

function rateKey(taskId: number): string {
  return `task:${taskId}`
}

function queueOf(
  tenantId: number,
  type: TaskTypeFields,
  task: PlannedTask,
  policies: EffectivePolicies,
  lane: readonly string[],
): QueueInput {
  return {
    appTenantId: type.appTenantId ?? BUILTIN_APP.tenantId,
    appId: type.appId ?? BUILTIN_APP.id,
    handler: handlerOf(type),
    selector: task.fields.environment.selector ?? {},
    // A task with a rate of its own gets a queue of its own, so that a closed rate closes only its lane.
    rateTenantId: policies.ratePerSecond === null ? null : tenantId,
    rateKey: policies.ratePerSecond === null ? null : rateKey(task.id),
    // One of its own too where each instance is placed with an executor, so that what finds none holds nobody else up.
    routeKey: isPlaced(policies.route) ? `task:${task.id}` : null,
    // And where rules divide the app's places, so that what they hold back stands in nobody's way.
    lane,
  }
}

/** How the app of a type divides its places among tasks, held; in an app that tenants share it is divided among them alone. */
export async function capacityRulesOf({ tx, tenantId }: Edit, type: TaskTypeFields): Promise<readonly CapacityRule[]> {
  if (type.appId === null || type.appTenantId !== tenantId) return []
  return (await apps.hold(tx, tenantId, String(type.appId)))?.capacity ?? []
}

/** As the table bounds it: it stands in the key of queues. */
const LANE_BYTES = 512

function checkedLane(rules: readonly CapacityRule[], { fields }: PlannedTask): readonly string[] {
  const lane = laneOf(rules, fields)
  if (Buffer.byteLength(JSON.stringify(lane)) + lane.length <= LANE_BYTES) return lane
  throw new CarillonError(
    'VALIDATION_FAILED',
    `The task ${fields.code} falls under ${lane.length} capacity rules of its app, and their labels are too long together. Use fewer, or shorter ones.`,
  )
}

function handlerOf(type: TaskTypeFields): string {
  const kind = KINDS.get(type.kind)
  if (!kind) throw new Error(`A task type of the unknown kind ${type.kind} is stored.`)
  return kind.handlerOf(type.settings)
}

/** Of a type that leaves its settings to its tasks, and of a handler of the platform, which does whatever it is told. */
function paramsAreWork(tenantId: number, { kind, settings, appTenantId }: TaskTypeFields): boolean {
  const isElsewhere = typeof appTenantId === 'number' && appTenantId !== tenantId
  return settings['fromParams'] === true || (kind === 'handler' && isElsewhere)
}

/** Pure: everything that is inherited is resolved here, once, and never looked up again while a run goes on. */
function planOf(tenantId: number, type: TaskTypeFields, task: PlannedTask, policies: EffectivePolicies, queueId: number): Plan {
  const { code, params, environment } = task.fields
  const { timeoutMs, retry, delivery, route, concurrency, priority, searchable, shards } = policies
  const node = {
    code,
    kind: type.kind,
    handler: handlerOf(type),
    queueId,
    settings: type.settings,
    params,
    paramsSchema: type.paramsSchema,
    ...(paramsAreWork(tenantId, type) ? { paramsAreWork: true as const } : {}),
    variables: environment.variables ?? {},
    ...{ timeoutMs, retry, delivery, route },
    ...(shards ? { control: controlOfShards(task.id, shards) } : {}),
  }
  const downstream = task.downstream.map(({ taskId, outcomes }) => ({ taskId, outcomes }))
  const target = { targetKind: 'TASK', targetId: task.id, code, version: task.version } as const
  return { ...target, concurrency, priority, nodes: [node], downstream, searchable }
}

/** A sharded task is a DAG of one node, which waits for nothing and falls apart as it begins. */
function controlOfShards(taskId: number, shards: NonNullable<EffectivePolicies['shards']>): NodeControl {
  return {
    does: { kind: 'TASK', taskId },
    ...{ triggerRule: 'ALL_SUCCESS', mayFail: false, priority: null, parents: 0, edges: [] },
    forEach: forEachShard(shards),
  }
}
