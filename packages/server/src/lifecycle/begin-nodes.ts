import {
  dueBy,
  namesInExpression,
  namesInTemplate,
  nodeElements,
  nodeWait,
  resolve,
  sortKey,
  type Computed,
  type FieldProblem,
  type NodeContext,
  type NodeForEach,
  type PlanNode,
  type WaitDefinition,
} from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { beginInstances, insertEventWaits, insertNodes, type NewNode, type NodeBegin, type WaitingNode } from '../storage/node.ts'
import { internPinnedQueues } from '../storage/queue.ts'
import { nextIds } from '../storage/run.ts'
import { storableJson, storableText } from '../storage/storable-json.ts'
import type { TenantMap } from '../storage/tenant-map.ts'
import { announcePending } from './announce-pending.ts'
import { jsonOrNull, keysOf, type AdvancingRun, type EndedNode } from './ended-node.ts'
import type { Engine } from './engine.ts'
import { groupBy } from './group.ts'
import { contextsOf } from './node-context.ts'
import { startPartsLater, type PartToStart } from './start-parts-later.ts'

export interface Begun {
  /** Instances that runs have more now: the elements of fan-outs. */
  readonly added: readonly { readonly tenantId: number; readonly runId: number; readonly added: number }[]
  /** Nodes that ended as they began: their parameters could not be computed, or their list is empty. */
  readonly ended: readonly EndedNode[]
}

/** What becomes of a node that is ready. */
type Beginning =
  | { readonly kind: 'RUN'; readonly params: unknown }
  | { readonly kind: 'ELEMENTS'; readonly elements: readonly Element[]; readonly maxParallel: number }
  | { readonly kind: 'PART'; readonly dagId: number; readonly dagVersion: number | null; readonly params: unknown }
  | { readonly kind: 'APPROVAL'; readonly dueAt: number | null }
  | { readonly kind: 'TIME'; readonly dueAt: number }
  | { readonly kind: 'EVENT'; readonly name: string; readonly key: string; readonly dueAt: number | null }
  | {
      readonly kind: 'END'
      readonly state: 'SUCCESS' | 'FAILED'
      readonly output: unknown
      readonly error: { code: string; message: string } | null
    }

/** What one element of a fan-out is given, and who may take it. */
interface Element {
  readonly params: unknown
  readonly queueId: number
}

interface ReadyNode {
  readonly waiting: WaitingNode
  readonly run: AdvancingRun
  readonly node: PlanNode
  readonly beginning: Beginning
}

/** Begins nodes that are ready: their parameters are computed now, from what stands upstream of them. */
export async function beginNodes(
  tx: Transaction,
  engine: Engine,
  runs: TenantMap<number, AdvancingRun>,
  waiting: readonly WaitingNode[],
  now: number,
): Promise<Begun> {
  if (waiting.length === 0) return { added: [], ended: [] }
  const contexts = await contextsOf(
    tx,
    waiting.map(({ tenantId, runId, node }) => {
      const run = runs.get(tenantId, runId)!
      return { run, reads: nodesReadBy(run.plan.nodes[node]!) }
    }),
  )
  const pinned = await pinnedQueuesOf(tx, runs, waiting)
  const ready = waiting.map((each): ReadyNode => {
    const run = runs.get(each.tenantId, each.runId)!
    const node = run.plan.nodes[each.node]!
    const beginning = beginningOf({ run, node, context: contexts(run), pinned, now })
    const changed = each.changed ? withChanged(beginning, each.changed) : beginning
    return { waiting: each, run, node, beginning: withFitParams(engine, node, changed) }
  })
  const elements = await insertElements(tx, engine, ready, now)
  beginInstances(
    tx,
    ready.flatMap((each) => beginOf(each, engine.settings.agingMs, now)),
  )
  insertEventWaits(
    tx,
    ready.flatMap(({ waiting: { tenantId, id }, beginning }) =>
      beginning.kind === 'EVENT' ? [{ tenantId, id, name: beginning.name, key: beginning.key }] : [],
    ),
  )
  startParts(tx, engine, ready)
  await announcePending(tx, engine, ready.flatMap(queuesOf))
  return { added: elements, ended: ready.flatMap(endOf) }
}

/** The texts of a node that are computed when it begins. */
function nodesReadBy({ params, control }: PlanNode): readonly string[] {
  const { does, forEach } = control!
  const expressions = [
    forEach?.over.kind === 'ITEMS' ? forEach.over.items : null,
    does.kind === 'WAIT' ? does.wait.until : null,
    does.kind === 'WAIT' ? does.wait.event?.key : null,
  ]
  return [...namesInTemplate(params), ...expressions.flatMap((text) => (text ? namesInExpression(text) : []))]
}

type PinnedQueues = (queueId: number) => readonly number[]

/** Of nodes that run once on every executor, the queues of the executors that are live now. */
async function pinnedQueuesOf(
  tx: Transaction,
  runs: TenantMap<number, AdvancingRun>,
  waiting: readonly WaitingNode[],
): Promise<PinnedQueues> {
  const nodes = waiting.map(({ tenantId, runId, node }) => runs.get(tenantId, runId)!.plan.nodes[node]!)
  const broadcast = nodes.filter((node) => node.control!.forEach?.over.kind === 'EXECUTORS')
  const pinned = groupBy(
    await internPinnedQueues(tx, [...new Set(broadcast.map((node) => node.queueId))]),
    (each) => each.queueId,
  )
  return (queueId) => (pinned.get(queueId) ?? []).map((each) => each.id)
}

// ───────────────────────────────────────────────────────────────── decide

interface Beginner {
  readonly run: AdvancingRun
  readonly node: PlanNode
  readonly context: NodeContext
  readonly pinned: PinnedQueues
  readonly now: number
}

function beginningOf(beginner: Beginner): Beginning {
  const { node, context, now } = beginner
  const { does, forEach } = node.control!
  // Saving refuses it; a version from before that would wait for ever.
  if (forEach && does.kind === 'DAG') return failed('A DAG is not repeated for each element.')
  if (forEach) return elementsBeginning(beginner, forEach)
  switch (does.kind) {
    case 'TASK': {
      const params = resolve(node.params, context)
      return params.kind === 'ERROR' ? failed(params.message) : { kind: 'RUN', params: params.value }
    }
    case 'DAG': {
      const params = resolve(node.params, context)
      return params.kind === 'ERROR'
        ? failed(params.message)
        : { kind: 'PART', dagId: does.dagId, dagVersion: does.dagVersion, params: params.value }
    }
    case 'APPROVAL':
      return { kind: 'APPROVAL', dueAt: dueBy(does.approval.timeoutMs, now) }
    case 'WAIT':
      return waitBeginning(does.wait, context, now)
  }
}

function withChanged(beginning: Beginning, changed: Readonly<Record<string, unknown>>): Beginning {
  const over = (params: unknown) => ({ ...(params as object), ...changed })
  switch (beginning.kind) {
    case 'RUN':
    case 'PART':
      return { ...beginning, params: over(beginning.params) }
    case 'ELEMENTS':
      return { ...beginning, elements: beginning.elements.map((each) => ({ ...each, params: over(each.params) })) }
    default:
      return beginning
  }
}

/** Computed parameters are held against the schema of the task before an attempt is spent on them; those of a sub-DAG as its run starts. */
function withFitParams(engine: Engine, { paramsSchema }: PlanNode, beginning: Beginning): Beginning {
  const problemOf = (params: unknown) => engine.paramsProblems(paramsSchema, params as Readonly<Record<string, unknown>>)[0]
  switch (beginning.kind) {
    case 'RUN': {
      const problem = problemOf(beginning.params)
      return problem ? unfit(problem) : beginning
    }
    case 'ELEMENTS': {
      for (const [place, { params }] of beginning.elements.entries()) {
        const problem = problemOf(params)
        if (problem) return unfit(problem, `Of element ${place}: `)
      }
      return beginning
    }
    default:
      return beginning
  }
}

function unfit({ path, message }: FieldProblem, of = ''): Beginning {
  return ended('FAILED', 'PARAMS_INVALID', `${of}params${path} ${message}.`)
}

/** What the column and its index take. */
const MOST_KEY_BYTES = 1_024

function waitBeginning(definition: WaitDefinition, context: NodeContext, now: number): Beginning {
  const wait = nodeWait(definition, context, now)
  if (wait.kind === 'ERROR') return failed(wait.message)
  if (wait.value.kind === 'TIME') return wait.value
  const key = storableText(wait.value.key)
  const bytes = Buffer.byteLength(key)
  if (bytes > MOST_KEY_BYTES)
    return failed(`"${definition.event!.key}" gives a key of ${bytes} bytes; ${MOST_KEY_BYTES} are allowed.`)
  return { ...wait.value, key }
}

function elementsBeginning({ run, node, context, pinned }: Beginner, { over, maxParallel }: NodeForEach): Beginning {
  switch (over.kind) {
    case 'ITEMS':
      return itemsBeginning(node, over.items, maxParallel, context)
    case 'SHARDS':
      return shardsBeginning(run, node, over.params, maxParallel, context)
    case 'EXECUTORS':
      return broadcastBeginning(run, node, pinned(node.queueId), maxParallel, context)
  }
}

function itemsBeginning(node: PlanNode, items: string, maxParallel: number, context: NodeContext): Beginning {
  const each = nodeElements(items, node.params, context)
  if (each.kind === 'ERROR') return failed(each.message)
  if (each.value.length === 0) return { kind: 'END', state: 'SUCCESS', output: [], error: null }
  return { kind: 'ELEMENTS', elements: each.value.map((params) => ({ params, queueId: node.queueId })), maxParallel }
}

/** Parameters that every shard has: a task's own are no templates, and the run's lie over them already. */
function commonParams(run: AdvancingRun, node: PlanNode, context: NodeContext): Computed {
  return run.plan.targetKind === 'TASK' ? { kind: 'VALUE', value: run.params } : resolve(node.params, context)
}

function shardsBeginning(
  run: AdvancingRun,
  node: PlanNode,
  shards: readonly Readonly<Record<string, unknown>>[],
  maxParallel: number,
  context: NodeContext,
): Beginning {
  const common = commonParams(run, node, context)
  if (common.kind === 'ERROR') return failed(common.message)
  const elements = shards.map((own) => ({ params: { ...(common.value as object), ...own }, queueId: node.queueId }))
  return { kind: 'ELEMENTS', elements, maxParallel }
}

function broadcastBeginning(
  run: AdvancingRun,
  node: PlanNode,
  queueIds: readonly number[],
  maxParallel: number,
  context: NodeContext,
): Beginning {
  if (queueIds.length === 0) return ended('FAILED', 'NO_EXECUTOR', `No executor that offers ${node.handler} is live.`)
  const common = commonParams(run, node, context)
  if (common.kind === 'ERROR') return failed(common.message)
  return { kind: 'ELEMENTS', elements: queueIds.map((queueId) => ({ params: common.value, queueId })), maxParallel }
}

function failed(message: string): Beginning {
  return ended('FAILED', 'EXPRESSION_FAILED', message)
}

function ended(state: 'FAILED', code: string, message: string): Beginning {
  return { kind: 'END', state, output: null, error: { code, message } }
}

// ───────────────────────────────────────────────────────────────── write

function beginOf({ waiting, run, node, beginning }: ReadyNode, agingMs: number, now: number): NodeBegin[] {
  const { tenantId, id } = waiting
  const at = sortKey(now, node.control!.priority ?? run.priority, agingMs)
  const held = run.state === 'PAUSED' ? ('PAUSED' as const) : null
  // All fields: to copy and replace is cheap, to copy and add is not.
  const common: NodeBegin = {
    tenantId,
    id,
    queueId: node.queueId,
    sortKey: at,
    waitReason: held,
    shardTotal: 1,
    dueAt: null,
    params: null,
  }
  switch (beginning.kind) {
    case 'RUN':
      return [{ ...common, params: storableJson(beginning.params) }]
    case 'ELEMENTS':
      return [{ ...common, ...firstOf(beginning.elements) }]
    case 'PART':
      return [{ ...common, waitReason: held ?? 'SUB_DAG', params: storableJson(beginning.params) }]
    case 'APPROVAL':
    case 'EVENT':
    case 'TIME':
      return [{ ...common, waitReason: beginning.kind, dueAt: beginning.dueAt }]
    case 'END':
      return []
  }
}

function firstOf(elements: readonly Element[]): Pick<NodeBegin, 'params' | 'queueId' | 'shardTotal'> {
  const { params, queueId } = elements[0]!
  return { params: storableJson(params), queueId, shardTotal: elements.length }
}

/** The elements of fan-outs but the first, which takes the place of its node. */
async function insertElements(
  tx: Transaction,
  engine: Engine,
  ready: readonly ReadyNode[],
  now: number,
): Promise<Begun['added']> {
  const fanOuts = ready.flatMap((each) => (each.beginning.kind === 'ELEMENTS' ? [{ ...each, beginning: each.beginning }] : []))
  const count = fanOuts.reduce((sum, each) => sum + each.beginning.elements.length - 1, 0)
  if (count === 0) return []
  const ids = await nextIds(tx, count)
  let next = 0
  const inserted = fanOuts.flatMap(({ waiting, run, node, beginning: { elements, maxParallel } }) =>
    elements.slice(1).map(({ params, queueId }, place): NewNode => {
      const shardIndex = place + 1
      const beyond = maxParallel > 0 && shardIndex >= maxParallel
      return {
        tenantId: waiting.tenantId,
        id: ids[next++]!,
        runId: waiting.runId,
        planId: waiting.planId,
        node: waiting.node,
        shardIndex,
        shardTotal: elements.length,
        waitReason: beyond ? 'SLOT' : run.state === 'PAUSED' ? 'PAUSED' : null,
        queueId,
        sortKey: sortKey(now, node.control!.priority ?? run.priority, engine.settings.agingMs),
        parents: 0,
        ok: 0,
        failed: 0,
        skipped: 0,
        params: storableJson(params),
      }
    }),
  )
  insertNodes(tx, inserted, now)
  return fanOuts.map(({ waiting, beginning }) => ({ ...waiting, added: beginning.elements.length - 1 }))
}

/** Those of a paused run start when it is resumed. */
function startParts(tx: Transaction, engine: Engine, ready: readonly ReadyNode[]): void {
  const parts = ready.flatMap(({ waiting, run, beginning }) => {
    if (beginning.kind !== 'PART' || run.state === 'PAUSED') return []
    const params = beginning.params as PartToStart['params']
    return [{ ...waiting, ...beginning, params, depth: run.depth + 1 }]
  })
  startPartsLater(tx, engine, parts)
}

function queuesOf({ node, beginning }: ReadyNode): number[] {
  const pending = beginning.kind === 'ELEMENTS' ? beginning.elements : beginning.kind === 'RUN' ? [node] : []
  return pending.map(({ queueId }) => queueId)
}

function endOf({ waiting, beginning }: ReadyNode): EndedNode[] {
  if (beginning.kind !== 'END') return []
  const { state, output, error } = beginning
  return [{ ...keysOf(waiting), state, because: null, output: jsonOrNull(output), error: jsonOrNull(error), startedAt: null }]
}
