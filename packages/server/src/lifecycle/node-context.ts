import type { NodeContext } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { selectNodeOutcomes, type NodeKey, type NodeOutcome } from '../storage/node.ts'
import type { AdvancingRun } from './ended-node.ts'
import { elementsOf, withOutput } from './fan-out.ts'
import { groupBy } from './group.ts'

/** The contexts of runs, each with the outcomes of the nodes that are read there. */
export async function contextsOf(
  tx: Transaction,
  wanted: readonly { readonly run: AdvancingRun; readonly reads: readonly string[] }[],
): Promise<(run: AdvancingRun) => NodeContext> {
  const keys = new Map<string, NodeKey>()
  for (const { run, reads } of wanted) {
    for (const code of reads) {
      const node = run.plan.nodes.findIndex((each) => each.code === code)
      if (node >= 0) keys.set(`${run.id}:${node}`, { tenantId: run.tenantId, runId: run.id, node })
    }
  }
  const outcomes = groupBy(await selectNodeOutcomes(tx, [...keys.values()]), (each) => each.runId)
  return (run) => ({
    params: run.params,
    run: { id: run.id, fireAt: run.fireAt, key: run.concurrencyKey },
    nodes: nodesOf(run, outcomes.get(run.id) ?? []),
  })
}

function nodesOf({ plan }: AdvancingRun, outcomes: readonly NodeOutcome[]): NodeContext {
  const nodes = [...groupBy(outcomes, (each) => each.node)].map(([node, each]) => {
    const { code, control } = plan.nodes[node]!
    const elements = elementsOf(each)
    const last = elements.at(-1)!
    const end = { state: last.state, error: last.error ?? null }
    return [code, control?.forEach ? withOutput(end, elements) : { ...end, output: last.output ?? null }]
  })
  return Object.fromEntries(nodes)
}
