import {
  FINAL_INSTANCE_STATES,
  isRunStop,
  readToWithdraw,
  sortKey,
  withdraw,
  type EndedNode,
  type NodeStanding,
  type ParentsLeft,
} from '@carillon/core'
import { queueTopic } from '../runtime/wake-hub.ts'
import type { Transaction } from '../storage/database.ts'
import { isOnly } from '../storage/instance.ts'
import { countInstances, insertNodes, selectNodeOutcomes, type NewNode, type WaitingNode } from '../storage/node.ts'
import {
  avoidExecutor,
  findEndedInstance,
  selectStandings,
  setParents,
  type EndedInstance,
  type InstanceStanding,
} from '../storage/node-again.ts'
import { nextIds } from '../storage/run.ts'
import { TenantMap } from '../storage/tenant-map.ts'
import { decideWaiting, loadRuns } from './advance-runs.ts'
import { endOfNode } from './end-of-node.ts'
import type { AdvancingRun } from './ended-node.ts'
import { ELSEWHERE_MS, elsewhereFor } from './elsewhere.ts'
import type { Engine } from './engine.ts'
import { elementsOf } from './fan-out.ts'
import { groupBy } from './group.ts'
import type { NodeControlled } from './lifecycle.ts'
import { lockLargeRun } from './lock-instances.ts'

export interface NodeRetry {
  readonly tenantId: number
  readonly instanceId: number
  /** Over those that the node is given when it begins; of an element, over its own. */
  readonly params?: Readonly<Record<string, unknown>>
}

type Refused = Extract<NodeControlled, { kind: 'REFUSED' }>

/**
 * Lets a node that has ended without success run again in its run, which has not ended: as a new instance, beside the one that failed.
 * What was skipped because of it waits again. An element of a fan-out, or a shard, runs again alone.
 */
export async function retryNode(
  tx: Transaction,
  engine: Engine,
  { tenantId, instanceId, params }: NodeRetry,
): Promise<NodeControlled> {
  const ended = await findEndedInstance(tx, { tenantId, id: instanceId })
  if (!ended) return refused('It has not ended. Cancel it first, or wait for its end.')
  if (isOnly(ended)) return refused('It is the run of a task: retry the run instead.')
  if (!RETRIABLE.has(ended.state)) return refused(`Only what failed is retried; it ended ${ended.state}.`)
  await lockLargeRun(tx, { tenantId, id: ended.runId })
  const runs = await loadRuns(tx, engine, [ended])
  const run = runs.get(tenantId, ended.runId)
  if (!run) return refused('Its run has ended: retry the run from FAILED, which keeps what succeeded.')
  if (isRunStop(run.reason)) return refused('Its run is being stopped.')
  const rows = await selectStandings(tx, tenantId, run.id)
  const last = rows.findLast(({ node, shardIndex }) => node === ended.node && shardIndex === ended.shardIndex)!
  if (last.id !== ended.id) return refused(`It has been retried already, as instance ${last.id}.`)
  const again = { run, ended, rows, params, now: await tx.now() }
  return isElement(run, ended) ? retryElement(tx, engine, again) : retryWhole(tx, engine, again)
}

const RETRIABLE: ReadonlySet<string> = new Set(['FAILED', 'TIMEOUT', 'CANCELLED', 'LOST'])

interface Again {
  readonly run: AdvancingRun
  readonly ended: EndedInstance
  readonly rows: readonly InstanceStanding[]
  readonly params: NodeRetry['params']
  readonly now: number
}

function isElement({ plan }: AdvancingRun, { node, params }: EndedInstance): boolean {
  return plan.nodes[node]!.control!.forEach !== null && params !== null
}

/** While others of its fan-out are at work, nothing has been passed on: then there is nothing to take back. */
async function retryElement(tx: Transaction, engine: Engine, again: Again): Promise<NodeControlled> {
  const { run, ended, rows, params, now } = again
  const siblings = rows.filter((row) => row.node === ended.node && isLive(row))
  const taken = siblings.length > 0 ? [] : await takeBack(tx, engine, again)
  if ('kind' in taken) return taken
  const [id] = await nextIds(tx, 1)
  const { queueId: ofNode, control } = run.plan.nodes[ended.node]!
  const { maxParallel, over } = control!.forEach!
  const full = maxParallel > 0 && siblings.filter((row) => row.waitReason !== 'SLOT').length >= maxParallel
  const waitReason = full ? 'SLOT' : run.state === 'PAUSED' ? 'PAUSED' : null
  const { shardIndex, shardTotal } = ended
  // That of a broadcast belongs to its executor; another may have been placed with one that is gone.
  const queueId = over.kind === 'EXECUTORS' ? ended.queueId : ofNode
  const element = { shardIndex, shardTotal, queueId, waitReason, params: JSON.stringify({ ...ended.params, ...params }) } as const
  insertNodes(tx, [{ ...newNode(engine, again, id!, ended.node, NONE), ...element }, ...taken], now)
  countInstances(tx, [{ tenantId: run.tenantId, id: run.id, more: 1 + taken.length }], now)
  const elsewhere = (await elsewhereFor(tx, [ended]))(ended)
  if (elsewhere) avoidExecutor(tx, { tenantId: run.tenantId, id: id! }, ended.executorId!, now + ELSEWHERE_MS)
  if (waitReason === null) tx.afterCommit(() => engine.hub.wake(queueTopic(queueId), elsewhere ? 2 : 1))
  return { kind: 'DONE', runId: run.id, instanceId: id! }
}

/** It waits like any node and begins by its rule, at once where it had begun before: its parameters are computed anew. */
async function retryWhole(tx: Transaction, engine: Engine, again: Again): Promise<NodeControlled> {
  const { run, ended, params, now } = again
  const { kind } = run.plan.nodes[ended.node]!.control!.does
  if (params && kind !== 'TASK' && kind !== 'DAG') return refused('It takes no parameters.')
  const taken = await takeBack(tx, engine, again)
  if ('kind' in taken) return taken
  const own = taken.find(({ node }) => node === ended.node)!
  insertNodes(tx, taken, now)
  countInstances(tx, [{ tenantId: run.tenantId, id: run.id, more: taken.length }], now)
  if (run.admitted) {
    const waiting: WaitingNode = { ...own, token: 0, total: own.parents, ...(params ? { changed: params } : {}) }
    await decideWaiting(
      tx,
      engine,
      TenantMap.of([run], (each) => each.id),
      [waiting],
      now,
    )
  }
  return { kind: 'DONE', runId: run.id, instanceId: own.id }
}

/** What the end of a node has done to others is undone. Answers what waits again, with the node itself unless it is a fan-out that fell apart. */
async function takeBack(tx: Transaction, engine: Engine, again: Again): Promise<NewNode[] | Refused> {
  const { run, ended, rows } = again
  const { tenantId, id: runId, plan } = run
  const standingOf = standings(rows)
  const keys = readToWithdraw(plan, ended.node, standingOf).map((node) => ({ tenantId, runId, node }))
  const live = new Set(rows.filter(isLive).map((row) => row.node))
  const outcomes = groupBy(
    await selectNodeOutcomes(
      tx,
      keys.filter(({ node }) => !live.has(node)),
    ),
    (each) => each.node,
  )
  const endOf = (node: number): EndedNode | null => {
    const found = outcomes.get(node)
    return found ? endOfNode(plan, node, elementsOf(found)) : null
  }
  const result = withdraw(plan, ended.node, standingOf, endOf, { params: run.params })
  if (result.kind === 'RELIED_ON') {
    const codes = result.nodes.map((node) => plan.nodes[node]!.code).join(', ')
    return refused(
      `It cannot be taken back: ${codes} began because of how it ended. When the run has ended, retry it from FAILED.`,
    )
  }
  const waiting = rows.filter((row) => row.state === 'WAITING' && row.shardIndex === 0)
  setParents(
    tx,
    waiting.flatMap(({ id, node }) => {
      const parents = result.parents.get(node)
      return parents ? [{ tenantId, id, ...parents }] : []
    }),
  )
  const nodes = isElement(run, ended) ? result.again : [ended.node, ...result.again]
  const ids = await nextIds(tx, nodes.length)
  return nodes.map((node, place) => newNode(engine, again, ids[place]!, node, result.parents.get(node)!))
}

/** The last instance of each node says where it stands; one of which nothing has ever run may have been cancelled before its turn. */
function standings(rows: readonly InstanceStanding[]): (node: number) => NodeStanding {
  const last = new Map(rows.map((row) => [row.node, row]))
  const started = new Set(rows.filter((row) => row.started).map((row) => row.node))
  return (node) => {
    const { state, waitReason, code } = last.get(node)!
    if (state === 'SKIPPED') return code === 'DONE' ? 'SETTLED' : 'SKIPPED'
    if (state === 'CANCELLED' && !started.has(node)) return 'SETTLED'
    return waitReason === 'DEPENDENCY' ? 'WAITING' : 'BEGUN'
  }
}

const isLive = (row: InstanceStanding) => !(FINAL_INSTANCE_STATES as readonly string[]).includes(row.state)

const NONE = { ok: 0, failed: 0, skipped: 0 }

function newNode(
  engine: Engine,
  { run, now }: Again,
  id: number,
  node: number,
  { ok, failed, skipped }: Pick<ParentsLeft, 'ok' | 'failed' | 'skipped'>,
): NewNode {
  const { queueId, control } = run.plan.nodes[node]!
  const { parents, priority } = control!
  return {
    ...{ tenantId: run.tenantId, id, runId: run.id, planId: run.planId, node, shardIndex: 0, shardTotal: 1, queueId },
    ...{ parents, ok, failed, skipped, params: null },
    waitReason: parents === 0 && !run.admitted ? 'SLOT' : 'DEPENDENCY',
    sortKey: sortKey(now, priority ?? run.priority, engine.settings.agingMs),
  }
}

const refused = (detail: string): Refused => ({ kind: 'REFUSED', detail })
