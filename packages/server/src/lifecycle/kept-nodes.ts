import { countIn, passOn, type ParentCounters, type Plan } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { copyNodes, selectNodeOutcomes, type NodeOutcome } from '../storage/node.ts'
import { nextIds } from '../storage/run.ts'
import { endOfNode } from './end-of-node.ts'
import { elementsOf } from './fan-out.ts'
import { groupBy } from './group.ts'

/** What a run that repeats another from what failed takes over from it: the nodes that had succeeded or been marked as done. */
export interface KeptNodes {
  readonly nodes: ReadonlySet<number>
  /** What these pass on to nodes that run again; under the parameters of the new run. */
  readonly counters: ReadonlyMap<number, ParentCounters>
  readonly instances: readonly NodeOutcome[]
}

export async function loadKeptNodes(
  tx: Transaction,
  plan: Plan,
  from: { readonly tenantId: number; readonly runId: number },
  params: unknown,
): Promise<KeptNodes> {
  const keys = plan.nodes.map((_, node) => ({ ...from, node }))
  const ended = [...groupBy(await selectNodeOutcomes(tx, keys), (each) => each.node)].map(([node, outcomes]) => {
    const instances = elementsOf(outcomes)
    return { node, instances, end: endOfNode(plan, node, instances) }
  })
  const kept = ended.filter(({ end }) => end.state === 'SUCCESS' || end.skippedBecause === 'DONE')
  const counters = new Map<number, ParentCounters>()
  for (const { node, end } of kept) {
    for (const passed of passOn(plan, node, end, { params })) {
      counters.set(passed.node, countIn(counters.get(passed.node) ?? NONE, passed.outcome))
    }
  }
  return { nodes: new Set(kept.map(({ node }) => node)), counters, instances: kept.flatMap(({ instances }) => instances) }
}

const NONE: ParentCounters = { total: 0, ok: 0, failed: 0, skipped: 0 }

/** They stand in the history of the new run from its first moment, under identifiers of its own. */
export async function writeKeptNodes(tx: Transaction, runId: number, { instances }: KeptNodes): Promise<void> {
  const ids = await nextIds(tx, instances.length)
  copyNodes(
    tx,
    instances.map(({ tenantId, id }, place) => ({ tenantId, id, newId: ids[place]!, runId })),
  )
}
