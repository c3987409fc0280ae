import { compileExpression, compileTemplate } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { selectNodeOutcomes, type NodeKey, type NodeOutcome } from '../storage/node.ts'
import type { AdvancingRun } from './advance-runs.ts'
import { elementsOf } from './fan-out.ts'
import { groupBy } from './group.ts'

/** What expressions of a node see: `params` and `run` of its run, and `nodes` upstream of it that have ended. */
export type Context = Readonly<Record<string, unknown>>

/** The contexts of runs, each with the outcomes of the nodes that are read there. */
export async function contextsOf(
  tx: Transaction,
  wanted: readonly { readonly run: AdvancingRun; readonly reads: readonly string[] }[],
): Promise<(run: AdvancingRun) => Context> {
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

function nodesOf({ plan }: AdvancingRun, outcomes: readonly NodeOutcome[]): Context {
  const nodes = [...groupBy(outcomes, (each) => each.node)].map(([node, each]) => {
    const { code, control } = plan.nodes[node]!
    const elements = elementsOf(each)
    const last = elements.at(-1)!
    const output = control?.forEach ? elements.map((element) => element.output ?? null) : (last.output ?? null)
    return [code, { state: last.state, output, error: last.error ?? null }]
  })
  return Object.fromEntries(nodes)
}

export type Resolved = { readonly value: unknown } | { readonly failed: string }

export function evaluate(expression: string, context: Context): Resolved {
  const compiled = compileExpression(expression)
  if (compiled.kind === 'INVALID') return { failed: compiled.problem.message }
  const result = compiled.evaluate(context)
  return result.kind === 'VALUE' ? { value: result.value } : { failed: `"${expression}": ${result.message}` }
}
