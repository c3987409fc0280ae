import {
  advance,
  isRunStop,
  namesInTemplate,
  outcomeOfRun,
  passOn,
  resolve,
  type Computed,
  type FinalRunState,
} from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import {
  countInstances,
  deleteEventWaits,
  endNodeInstances,
  passOnToNodes,
  selectRoots,
  selectRunFacts,
  selectUnsuccessfulNodes,
  type EndedElement,
  type PassedOn,
  type RunFacts,
  type WaitingNode,
} from '../storage/node.ts'
import { markRunsStarted, type RunKey } from '../storage/run.ts'
import { TooMuchAtOnce } from '../runtime/isolate.ts'
import { TenantMap } from '../storage/tenant-map.ts'
import { beginNodes } from './begin-nodes.ts'
import { skippedNode, type AdvancingRun, type EndedNode } from './ended-node.ts'
import type { Engine } from './engine.ts'
import { stateOfNode } from './end-of-node.ts'
import { elementsOf, settleElements, type WholeEnd } from './fan-out.ts'
import { groupBy } from './group.ts'
import { contextsOf } from './node-context.ts'
import { finishLargeRuns, type EndedRun } from './finish-runs.ts'

/**
 * Lets runs of several instances go on after some of these have ended: what has ended moves to history, its outcome travels along the
 * edges, what that makes ready begins, what it rules out is skipped and travels on in its turn. A run with nothing left ends. Any number of
 * runs in one transaction, a statement for each step of the wave and not for each run; what a run reads is what has changed.
 *
 * @param known what runs said when they were locked in this transaction, in which nothing of them has ended since
 */
export async function advanceRuns(
  tx: Transaction,
  engine: Engine,
  ended: readonly EndedNode[],
  now: number,
  known?: readonly RunFacts[],
): Promise<void> {
  if (ended.length === 0) return
  const runs = await withPlans(tx, engine, known ?? (await selectRunFacts(tx, runsOf(ended))))
  const more = new TenantMap<number, { tenantId: number; id: number; more: number }>()
  const count = (tenantId: number, id: number, by: number) => {
    const entry = more.get(tenantId, id)
    if (entry) entry.more += by
    else more.set(tenantId, id, { tenantId, id, more: by })
  }
  for (let wave = ended; wave.length > 0;) {
    endNodeInstances(tx, wave, now)
    deleteEventWaits(
      tx,
      wave.filter((node) => waitsForEvent(runs, node)),
    )
    for (const node of wave) count(node.tenantId, node.runId, -1)
    const whole = await settleElements(tx, engine, runs, wave)
    const waiting = await passOnToNodes(tx, whatIsPassedOn(runs, whole))
    const { ready, skipped } = decide(runs, waiting)
    const begun = await beginNodes(tx, engine, runs, ready, now)
    for (const { tenantId, runId, added } of begun.added) count(tenantId, runId, added)
    wave = [...skipped, ...begun.ended]
  }
  countInstances(tx, more.values(), now)
  await endRuns(
    tx,
    engine,
    runs.values().filter(({ tenantId, id, instances }) => instances + (more.get(tenantId, id)?.more ?? 0) === 0),
    now,
  )
}

/** Begins runs of several: with the nodes that wait for nothing upstream, or for nothing that has yet to run. */
export async function beginRuns(tx: Transaction, engine: Engine, runs: readonly RunKey[], now: number): Promise<void> {
  if (runs.length === 0) return
  const roots = await selectRoots(tx, runs)
  if (runs.length > 1 && roots.length > engine.settings.startNodes)
    throw new TooMuchAtOnce(`${runs.length} runs with ${roots.length} nodes are too many to begin at once.`)
  await decideWaiting(tx, engine, await loadRuns(tx, engine, roots), roots, now)
}

/** Lets nodes that wait begin, or be skipped, or go on waiting, as their rules say. */
export async function decideWaiting(
  tx: Transaction,
  engine: Engine,
  runs: Runs,
  waiting: readonly WaitingNode[],
  now: number,
): Promise<void> {
  const { ready, skipped } = decide(runs, waiting)
  const begun = await beginNodes(tx, engine, runs, ready, now)
  // Each run once, however many of its nodes fell apart: an UPDATE takes one of two rows for the same.
  const more = [...groupBy(begun.added, (each) => runs.get(each.tenantId, each.runId)!)].map(([{ tenantId, id }, added]) => {
    return { tenantId, id, more: added.reduce((sum, each) => sum + each.added, 0) }
  })
  if (more.length > 0) countInstances(tx, more, now)
  await advanceRuns(tx, engine, [...skipped, ...begun.ended], now)
}

function runsOf(nodes: readonly { readonly tenantId: number; readonly runId: number }[]): RunKey[] {
  return TenantMap.of(nodes, (node) => node.runId)
    .values()
    .map(({ tenantId, runId }) => ({ tenantId, id: runId }))
}

export async function loadRuns(
  tx: Transaction,
  engine: Engine,
  of: readonly { readonly tenantId: number; readonly runId: number }[],
): Promise<Runs> {
  return withPlans(tx, engine, await selectRunFacts(tx, runsOf(of)))
}

async function withPlans(tx: Transaction, engine: Engine, facts: readonly RunFacts[]): Promise<Runs> {
  const planOf = await engine.plans.load(tx, facts)
  return TenantMap.of(
    facts.map((run) => ({ ...run, plan: planOf(run) })),
    (run) => run.id,
  )
}

type Runs = TenantMap<number, AdvancingRun>

function waitsForEvent(runs: Runs, { tenantId, runId, node }: EndedNode): boolean {
  const { does } = runs.get(tenantId, runId)!.plan.nodes[node]!.control!
  return does.kind === 'WAIT' && does.wait.event !== undefined
}

/** What the ends of whole nodes pass on along their edges, added up for each node that it is passed to. */
function whatIsPassedOn(runs: Runs, ended: readonly WholeEnd[]): PassedOn[] {
  const sums = new Map<string, { -readonly [K in keyof PassedOn]: PassedOn[K] }>()
  for (const end of ended) {
    const run = runs.get(end.tenantId, end.runId)!
    for (const { node, outcome, problem = null } of passOn(run.plan, end.node, end.end, { params: run.params })) {
      const name = `${end.runId}:${node}`
      const sum = sums.get(name) ?? { tenantId: end.tenantId, runId: end.runId, node, ok: 0, failed: 0, skipped: 0, problem }
      sums.set(name, sum)
      if (outcome === 'OK') sum.ok++
      else if (outcome === 'FAILED') sum.failed++
      else sum.skipped++
      sum.problem ??= problem
    }
  }
  return [...sums.values()].sort((a, b) => a.tenantId - b.tenantId || a.runId - b.runId || a.node - b.node)
}

/** What is ready in a run that waits for its slot stays as it is: its counters lead to it when the run begins. */
function decide(runs: Runs, waiting: readonly WaitingNode[]): { ready: WaitingNode[]; skipped: EndedNode[] } {
  const ready: WaitingNode[] = []
  const skipped: EndedNode[] = []
  for (const [run, nodes] of groupBy(waiting, (node) => runs.get(node.tenantId, node.runId)!)) {
    const byNode = new Map(nodes.map((node) => [node.node, node]))
    const touched = nodes.map((node) => ({ node: node.node, parents: node }))
    for (const decision of advance(run.plan, touched)) {
      const node = byNode.get(decision.node)!
      if (decision.kind === 'SKIP') skipped.push(skippedNode(node, decision.because))
      else if (run.admitted) ready.push(node)
    }
  }
  return { ready, skipped }
}

/** Of a fan-out some elements may fail, and of a repeated node the last time counts: so each node is looked at as a whole. */
function outcomeOf({ plan, reason }: AdvancingRun, unsuccessful: readonly EndedElement[]): FinalRunState {
  const outcomes = groupBy(unsuccessful, (each) => each.node)
  const states = plan.nodes.map((_, node) => {
    const elements = outcomes.get(node)
    return elements ? stateOfNode(plan, node, elementsOf(elements)) : 'SUCCESS'
  })
  return outcomeOfRun(plan, states, isRunStop(reason) ? reason : null)
}

/** What runs answer that have succeeded. */
async function outputsOf(tx: Transaction, runs: readonly AdvancingRun[]): Promise<(run: AdvancingRun) => Computed> {
  const answering = new Set(runs.filter((run) => run.plan.dag?.output != null))
  const contexts = await contextsOf(
    tx,
    [...answering].map((run) => ({ run, reads: namesInTemplate(run.plan.dag!.output) })),
  )
  return (run) => (answering.has(run) ? resolve(run.plan.dag!.output, contexts(run)) : { kind: 'VALUE', value: null })
}

/** A large output may have as many problems. */
const LONGEST_PROBLEM = 1_000

/** New runs that have taken over every node of another one: what they answer is all that is left to find out. */
export async function endEmptyRuns(tx: Transaction, engine: Engine, runs: readonly RunKey[], now: number): Promise<void> {
  if (runs.length === 0) return
  markRunsStarted(tx, runs, now)
  await endRuns(tx, engine, (await withPlans(tx, engine, await selectRunFacts(tx, runs))).values(), now)
}

/** Runs of which nothing is left. One that has succeeded but cannot say what it was to answer has failed after all. */
export async function endRuns(tx: Transaction, engine: Engine, runs: readonly AdvancingRun[], now: number): Promise<void> {
  if (runs.length === 0) return
  const unsuccessful = groupBy(await selectUnsuccessfulNodes(tx, runs), (each) => each.runId)
  const outcomes = new Map(runs.map((run) => [run, outcomeOf(run, unsuccessful.get(run.id) ?? [])]))
  const outputOf = await outputsOf(
    tx,
    runs.filter((run) => outcomes.get(run) === 'SUCCESS'),
  )
  const ended = runs.map((run): EndedRun => {
    const output = outputOf(run)
    const common = { ...run, runId: run.id }
    if (output.kind === 'ERROR') {
      const why = output.message.slice(0, LONGEST_PROBLEM)
      const problem = `its output cannot be computed: ${why}`
      return { ...common, runState: 'FAILED', runReason: `OUTPUT:${why}`, problem }
    }
    return { ...common, runState: outcomes.get(run)!, runReason: isRunStop(run.reason) ? run.reason : null, output: output.value }
  })
  await finishLargeRuns(tx, engine, ended, now)
}
