import { MOST_ELEMENTS, sortKey, type PlanNode } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { beginInstances, insertEventWaits, insertNodes, type NewNode, type NodeBegin, type WaitingNode } from '../storage/node.ts'
import { insertOutbox } from '../storage/outbox.ts'
import { nextIds } from '../storage/run.ts'
import type { TenantMap } from '../storage/tenant-map.ts'
import { continueTopic, queueTopic } from '../runtime/wake-hub.ts'
import { keysOf, type AdvancingRun, type EndedNode } from './ended-node.ts'
import type { Engine } from './engine.ts'
import { contextsOf, evaluate, namesInExpression, namesInTemplate, resolve, type Context } from './node-context.ts'

export interface Begun {
  /** Instances that runs have more now: the elements of fan-outs. */
  readonly added: readonly { readonly tenantId: number; readonly runId: number; readonly added: number }[]
  /** Nodes that ended as they began: their parameters could not be computed, or their list is empty. */
  readonly ended: readonly EndedNode[]
}

/** What becomes of a node that is ready. */
type Beginning =
  | { readonly kind: 'RUN'; readonly params: unknown }
  | { readonly kind: 'ELEMENTS'; readonly params: readonly unknown[]; readonly maxParallel: number }
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
  const ready = waiting.map((each): ReadyNode => {
    const run = runs.get(each.tenantId, each.runId)!
    const node = run.plan.nodes[each.node]!
    return { waiting: each, run, node, beginning: beginningOf(node, contexts(run), now) }
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
  wakeQueues(tx, engine, ready)
  return { added: elements, ended: ready.flatMap(endOf) }
}

/** The texts of a node that are computed when it begins. */
function nodesReadBy({ params, control }: PlanNode): readonly string[] {
  const { does, forEach } = control!
  const expressions = [
    forEach?.items,
    does.kind === 'WAIT' ? does.wait.until : null,
    does.kind === 'WAIT' ? does.wait.event?.key : null,
  ]
  return [...namesInTemplate(params), ...expressions.flatMap((text) => (text ? namesInExpression(text) : []))]
}

// ───────────────────────────────────────────────────────────────── decide

function beginningOf(node: PlanNode, context: Context, now: number): Beginning {
  const { does, forEach } = node.control!
  if (forEach) return elementsBeginning(node, forEach, context)
  switch (does.kind) {
    case 'TASK': {
      const params = resolve(node.params, context)
      return 'failed' in params ? failed(params.failed) : { kind: 'RUN', params: params.value }
    }
    case 'DAG': {
      const params = resolve(node.params, context)
      return 'failed' in params
        ? failed(params.failed)
        : { kind: 'PART', dagId: does.dagId, dagVersion: does.dagVersion, params: params.value }
    }
    case 'APPROVAL':
      return { kind: 'APPROVAL', dueAt: laterBy(does.approval.timeoutMs, now) }
    case 'WAIT':
      return waitBeginning(does.wait, context, now)
  }
}

const laterBy = (ms: number | undefined, now: number) => (ms === undefined || ms === 0 ? null : now + ms)

function waitBeginning(
  wait: Extract<NonNullable<PlanNode['control']>['does'], { kind: 'WAIT' }>['wait'],
  context: Context,
  now: number,
): Beginning {
  if (wait.ms !== undefined) return { kind: 'TIME', dueAt: now + wait.ms }
  if (wait.until !== undefined) {
    const until = evaluate(wait.until, context)
    if ('failed' in until) return failed(until.failed)
    const dueAt = typeof until.value === 'number' ? until.value : Date.parse(String(until.value))
    return Number.isFinite(dueAt)
      ? { kind: 'TIME', dueAt }
      : failed(`"${wait.until}" gives ${String(until.value)}, which is no instant.`)
  }
  const { name, key: expression, timeoutMs } = wait.event!
  const key = evaluate(expression, context)
  if ('failed' in key) return failed(key.failed)
  if (typeof key.value !== 'string' && typeof key.value !== 'number')
    return failed(`"${expression}" gives no text or number for a key.`)
  return { kind: 'EVENT', name, key: String(key.value), dueAt: laterBy(timeoutMs, now) }
}

function elementsBeginning(
  node: PlanNode,
  { items, maxParallel }: NonNullable<NonNullable<PlanNode['control']>['forEach']>,
  context: Context,
): Beginning {
  const list = evaluate(items, context)
  if ('failed' in list) return failed(list.failed)
  if (!Array.isArray(list.value)) return failed(`"${items}" gives no list.`)
  if (list.value.length > MOST_ELEMENTS)
    return failed(`"${items}" gives ${list.value.length} elements; ${MOST_ELEMENTS} are allowed.`)
  if (list.value.length === 0) return { kind: 'END', state: 'SUCCESS', output: [], error: null }
  const params: unknown[] = []
  for (const [index, item] of list.value.entries()) {
    const resolved = resolve(node.params, { ...context, item, index })
    if ('failed' in resolved) return failed(`Element ${index}: ${resolved.failed}`)
    params.push(resolved.value)
  }
  return { kind: 'ELEMENTS', params, maxParallel }
}

function failed(message: string): Beginning {
  return { kind: 'END', state: 'FAILED', output: null, error: { code: 'EXPRESSION_FAILED', message } }
}

// ───────────────────────────────────────────────────────────────── write

function beginOf({ waiting, run, node, beginning }: ReadyNode, agingMs: number, now: number): NodeBegin[] {
  const { tenantId, id } = waiting
  const at = sortKey(now, node.control!.priority ?? run.priority, agingMs)
  const common = { tenantId, id, sortKey: at, shardTotal: 1, dueAt: null, params: null }
  const held = run.state === 'PAUSED' ? ('PAUSED' as const) : null
  switch (beginning.kind) {
    case 'RUN':
      return [{ ...common, waitReason: held, params: JSON.stringify(beginning.params) }]
    case 'ELEMENTS':
      return [{ ...common, waitReason: held, params: JSON.stringify(beginning.params[0]), shardTotal: beginning.params.length }]
    case 'PART':
      return [{ ...common, waitReason: 'SUB_DAG', params: JSON.stringify(beginning.params) }]
    case 'APPROVAL':
    case 'EVENT':
    case 'TIME':
      return [{ ...common, waitReason: beginning.kind, dueAt: beginning.dueAt }]
    case 'END':
      return []
  }
}

/** The elements of fan-outs but the first, which takes the place of its node. */
async function insertElements(
  tx: Transaction,
  engine: Engine,
  ready: readonly ReadyNode[],
  now: number,
): Promise<Begun['added']> {
  const fanOuts = ready.flatMap((each) => (each.beginning.kind === 'ELEMENTS' ? [{ ...each, beginning: each.beginning }] : []))
  const count = fanOuts.reduce((sum, each) => sum + each.beginning.params.length - 1, 0)
  if (count === 0) return []
  const ids = await nextIds(tx, count)
  let next = 0
  const elements = fanOuts.flatMap(({ waiting, run, node, beginning: { params, maxParallel } }) =>
    params.slice(1).map((each, place): NewNode => {
      const shardIndex = place + 1
      const beyond = maxParallel > 0 && shardIndex >= maxParallel
      return {
        tenantId: waiting.tenantId,
        id: ids[next++]!,
        runId: waiting.runId,
        planId: waiting.planId,
        node: waiting.node,
        shardIndex,
        shardTotal: params.length,
        waitReason: beyond ? 'SLOT' : run.state === 'PAUSED' ? 'PAUSED' : null,
        queueId: node.queueId,
        sortKey: sortKey(now, node.control!.priority ?? run.priority, engine.settings.agingMs),
        parents: 0,
        ok: 0,
        failed: 0,
        skipped: 0,
        params: JSON.stringify(each),
      }
    }),
  )
  insertNodes(tx, elements, now)
  return fanOuts.map(({ waiting, beginning }) => ({ ...waiting, added: beginning.params.length - 1 }))
}

/** The run of another DAG begins in a transaction of its own: its gate may stand before the locks that are held here. */
function startParts(tx: Transaction, engine: Engine, ready: readonly ReadyNode[]): void {
  const parts = ready.flatMap(({ waiting: { tenantId, id, runId }, run, beginning }) => {
    if (beginning.kind !== 'PART') return []
    const { dagId, dagVersion, params } = beginning
    return [
      {
        tenantId,
        kind: 'START_PART' as const,
        runId,
        payload: { instanceId: id, dagId, dagVersion, params, depth: run.depth + 1 },
      },
    ]
  })
  if (parts.length === 0) return
  insertOutbox(tx, parts)
  tx.afterCommit(() => engine.hub.wake(continueTopic))
}

function wakeQueues(tx: Transaction, engine: Engine, ready: readonly ReadyNode[]): void {
  for (const { node, beginning } of ready) {
    const count = beginning.kind === 'RUN' ? 1 : beginning.kind === 'ELEMENTS' ? beginning.params.length : 0
    if (count > 0) tx.afterCommit(() => engine.hub.wake(queueTopic(node.queueId), count))
  }
}

function endOf({ waiting, beginning }: ReadyNode): EndedNode[] {
  if (beginning.kind !== 'END') return []
  const { state, output, error } = beginning
  const json = (value: unknown) => (value === null ? null : JSON.stringify(value))
  return [{ ...keysOf(waiting), state, because: null, output: json(output), error: json(error), startedAt: null }]
}
