import { DEFAULT_CONCURRENCY, DEFAULT_MISFIRE, DEFAULT_PRIORITY, DEFAULT_RETRY, isPlaced, topologicalOrder } from '@carillon/core'
import type { DagDefinition, NodeControl, NodeDefinition, NodeForEach, Plan, PlanEdge, PlanNode } from '@carillon/core'
import type { DagPolicies, EffectiveDagPolicies } from '@carillon/contract'
import { replaceUses } from '../storage/dag-use.ts'
import { insertVersionPlans } from '../storage/plan.ts'
import type { DagReferences } from './dag-references.ts'
import type { Edit } from './edit.ts'

/** A version that is to run, its definition known to be valid under the references. */
export interface PlannedVersion {
  readonly dag: { readonly id: number; readonly code: string; readonly policies: DagPolicies }
  readonly versionId: number
  readonly number: number
  readonly definition: DagDefinition
}

export function effectiveDagPolicies(policies: DagPolicies): EffectiveDagPolicies {
  const defaults = { concurrency: DEFAULT_CONCURRENCY, misfire: DEFAULT_MISFIRE, priority: DEFAULT_PRIORITY, searchable: [] }
  return { ...defaults, ...policies } as EffectiveDagPolicies
}

/**
 * Compiles versions of DAGs into plans and stores these, with what each version uses; the new plans by version. Set-based, because an
 * edit of a task does this for every version that uses it.
 */
export async function makeVersionPlans(
  { tx, tenantId }: Edit,
  versions: readonly PlannedVersion[],
  references: DagReferences,
): Promise<Map<number, number>> {
  await replaceUses(
    tx,
    tenantId,
    versions.map(({ versionId, definition }) => ({ versionId, ...usesOf(definition, references) })),
  )
  return insertVersionPlans(
    tx,
    tenantId,
    versions.map((version) => planOfVersion(version, references)),
  )
}

function usesOf({ nodes }: DagDefinition, references: DagReferences) {
  const taskIds = new Set(nodes.flatMap(({ task }) => (task === undefined ? [] : [references.task(task)!.id])))
  const dags = nodes.flatMap(({ dag, dagVersion }) => (dag === undefined ? [] : [references.version(dag, dagVersion)!]))
  const distinct = new Map(dags.map(({ dagId, number }) => [`${dagId}@${number}`, { dagId, number }]))
  return { taskIds: [...taskIds], dags: [...distinct.values()] }
}

/** Pure: everything that is inherited is resolved here, once, and never looked up again while a run goes on. */
export function planOfVersion({ dag, versionId, number, definition }: PlannedVersion, references: DagReferences): Plan {
  const order = inOrder(definition)
  const place = new Map(order.map((node, index) => [node.code, index]))
  const edges: PlanEdge[] = definition.edges
    .map(({ from, to, condition }) => ({ from: place.get(from)!, to: place.get(to)!, condition: condition ?? null }))
    .sort((a, b) => a.from - b.from || a.to - b.to)
  const leaving = order.map((): number[] => [])
  const parents = order.map(() => 0)
  for (const [index, { from, to }] of edges.entries()) {
    leaving[from]!.push(index)
    parents[to]! += 1
  }
  const nodes = order.map((node, index) => nodeOf(node, references, { parents: parents[index]!, edges: leaving[index]! }))
  const { concurrency, priority, searchable } = effectiveDagPolicies(dag.policies)
  const { params = {}, paramsSchema = null, output = null, timeoutMs = 0 } = definition
  return {
    ...{ targetKind: 'DAG', targetId: dag.id, code: dag.code, version: number },
    ...{ concurrency, priority, searchable },
    ...{ nodes, edges, dag: { versionId, params, paramsSchema, output, timeoutMs }, downstream: [] },
  }
}

function inOrder({ nodes, edges }: DagDefinition): NodeDefinition[] {
  const place = new Map(nodes.map(({ code }, index) => [code, index]))
  const ends = edges.map(({ from, to }) => ({ from: place.get(from)!, to: place.get(to)! }))
  const found = topologicalOrder({ size: nodes.length, edges: ends })
  if (found.kind === 'CYCLE') throw new Error('A definition with a cycle is not compiled: it has been checked before.')
  return found.order.map((index) => nodes[index]!)
}

type Links = Pick<NodeControl, 'parents' | 'edges'>

function nodeOf(node: NodeDefinition, references: DagReferences, links: Links): PlanNode {
  const base = baseOf(node, references)
  const { timeoutMs = base.timeoutMs } = node
  // Where the task's instances are not placed (any more), neither are those of its nodes: they are in its queue.
  const route = node.route === undefined || (isPlaced(node.route) && !isPlaced(base.route)) ? base.route : node.route
  return {
    ...base,
    ...{ code: node.code, timeoutMs, route },
    ...(node.task === undefined ? {} : { task: base.code }),
    params: { ...base.params, ...node.params },
    retry: { ...base.retry, ...node.retry },
    control: controlOf(node, references, links, base.control?.forEach ?? null),
  }
}

/** What a node has before its own overrides: its task's, or, where no executor has to do anything, next to nothing. */
function baseOf(node: NodeDefinition, references: DagReferences): PlanNode {
  if (node.task !== undefined) return references.task(node.task)!.node
  return {
    ...{ code: node.code, kind: node.dag !== undefined ? 'dag' : node.wait ? 'wait' : 'approval', handler: '' },
    // Never given to an executor: no queue has this number.
    queueId: 0,
    ...{ settings: {}, params: {}, paramsSchema: null, variables: {}, timeoutMs: 0 },
    retry: { ...DEFAULT_RETRY, maxRetries: 0 },
    ...{ delivery: 'AT_LEAST_ONCE', route: 'ROUND_ROBIN' },
  }
}

/** A node's own list takes the place of its task's shards. */
function controlOf(node: NodeDefinition, references: DagReferences, links: Links, shards: NodeControl['forEach']): NodeControl {
  const { triggerRule = 'ALL_SUCCESS', mayFail = false, forEach, priority = null } = node
  return {
    does: whatItDoes(node, references),
    ...{ triggerRule, mayFail, priority },
    forEach: forEach ? forEachItem(forEach) : shards,
    ...links,
  }
}

function forEachItem({ items, maxParallel = 0, successShare = 1 }: NonNullable<NodeDefinition['forEach']>): NodeForEach {
  return { over: { kind: 'ITEMS', items }, maxParallel, successShare }
}

function whatItDoes({ task, dag, dagVersion, wait, approval }: NodeDefinition, references: DagReferences): NodeControl['does'] {
  if (task !== undefined) return { kind: 'TASK', taskId: references.task(task)!.id }
  if (dag !== undefined) {
    return { kind: 'DAG', dagId: references.version(dag, dagVersion)!.dagId, dagVersion: dagVersion ?? null }
  }
  if (wait !== undefined) return { kind: 'WAIT', wait }
  return { kind: 'APPROVAL', approval: approval ?? {} }
}
