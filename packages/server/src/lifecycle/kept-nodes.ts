import { countIn, passOn, type ParentCounters, type Plan } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { copyNodes, selectEndedElements, selectNodeOutcomes, type EndedElement } from '../storage/node.ts'
import { nextIds } from '../storage/run.ts'
import { endOfNode, skippedBecause, stateOfNode } from './end-of-node.ts'
import { elementsOf, isLookedAt } from './fan-out.ts'
import { groupBy } from './group.ts'

/** What a run that repeats another from what failed takes over from it: the nodes that had succeeded or been marked as done. */
export interface KeptNodes {
  readonly nodes: ReadonlySet<number>
  /** What these pass on to nodes that run again; under the parameters of the new run. */
  readonly counters: ReadonlyMap<number, ParentCounters>
  readonly instances: readonly EndedElement[]
}

/** An ended run, and what the one that repeats it has of its own. */
export interface RepeatedRun {
  readonly tenantId: number
  readonly runId: number
  readonly plan: Plan
  readonly params: unknown
}

/** What is kept of each of these runs, in their order. */
export async function loadKeptNodes(tx: Transaction, repeated: readonly RepeatedRun[]): Promise<KeptNodes[]> {
  if (repeated.length === 0) return []
  const runs = [...new Map(repeated.map(({ tenantId, runId }) => [runId, { tenantId, id: runId }])).values()]
  const ended = groupBy(await selectEndedElements(tx, runs), (each) => each.runId)
  const kept = repeated.map((run) => ({ run, nodes: succeeded(run.plan, ended.get(run.runId) ?? []) }))
  const outcomesOf = await outcomesForConditions(tx, kept)
  return kept.map(({ run: { runId, plan, params }, nodes }) => {
    const counters = new Map<number, ParentCounters>()
    for (const { node, end } of nodes) {
      const outcomes = outcomesOf(runId, node)
      for (const passed of passOn(plan, node, outcomes ? endOfNode(plan, node, elementsOf(outcomes)) : end, { params })) {
        counters.set(passed.node, countIn(counters.get(passed.node) ?? NONE, passed.outcome))
      }
    }
    const instances = nodes.flatMap(({ elements }) => elements)
    return { nodes: new Set(nodes.map(({ node }) => node)), counters, instances }
  })
}

const NONE: ParentCounters = { total: 0, ok: 0, failed: 0, skipped: 0 }

function succeeded(plan: Plan, ended: Awaited<ReturnType<typeof selectEndedElements>>) {
  const nodes = [...groupBy(ended, (each) => each.node)].map(([node, instances]) => {
    const elements = elementsOf(instances)
    const state = stateOfNode(plan, node, elements)
    const because = state === 'SKIPPED' ? skippedBecause(elements[0]!.code) : null
    return { node, elements, end: { state, skippedBecause: because, output: null, error: null } }
  })
  return nodes.filter(({ end }) => end.state === 'SUCCESS' || end.skippedBecause === 'DONE')
}

/** Outputs may be large: of the nodes that are kept, conditions alone look at them. */
async function outcomesForConditions(
  tx: Transaction,
  kept: readonly { readonly run: RepeatedRun; readonly nodes: readonly { readonly node: number }[] }[],
) {
  const keys = kept.flatMap(({ run: { tenantId, runId, plan }, nodes }) =>
    nodes
      .filter(({ node }) => isLookedAt(plan, node))
      .map(({ node }): [string, { tenantId: number; runId: number; node: number }] => [
        `${runId}:${node}`,
        { tenantId, runId, node },
      ]),
  )
  const found = groupBy(await selectNodeOutcomes(tx, [...new Map(keys).values()]), ({ runId, node }) => `${runId}:${node}`)
  return (runId: number, node: number) => found.get(`${runId}:${node}`)
}

/** They stand in the history of the new runs from their first moment, under identifiers of their own. */
export async function writeKeptNodes(
  tx: Transaction,
  runs: readonly { readonly id: number; readonly kept: KeptNodes }[],
): Promise<void> {
  const copies = runs.flatMap(({ id, kept }) => kept.instances.map((instance) => ({ ...instance, runId: id })))
  if (copies.length === 0) return
  const ids = await nextIds(tx, copies.length)
  copyNodes(
    tx,
    copies.map(({ tenantId, id, runId }, place) => ({ tenantId, id, newId: ids[place]!, runId })),
  )
}
