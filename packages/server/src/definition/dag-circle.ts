import { DEEPEST_SUB_DAG, type DagDefinition, type FieldProblem } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { dagUses } from '../storage/dag-use.ts'
import type { DagReferences } from './dag-references.ts'

/**
 * DAGs that would run each other for ever, or too deep in each other. Seen over all versions that can run, since which of them is active
 * changes; the caller holds the lock on uses.
 */
export async function circleProblems(
  tx: Transaction,
  tenantId: number,
  dag: { readonly id: number; readonly code: string },
  definition: DagDefinition,
  references: DagReferences,
): Promise<FieldProblem[]> {
  if (!definition.nodes.some((node) => node.dag !== undefined)) return []
  const below = new Map<number, { id: number; code: string }[]>()
  const depthAbove = new Map<number, number[]>()
  for (const { from, to, toCode } of await dagUses(tx, tenantId)) {
    if (from !== dag.id) below.set(from, [...(below.get(from) ?? []), { id: to, code: toCode }])
    depthAbove.set(to, [...(depthAbove.get(to) ?? []), from])
  }
  const above = heightAbove(dag.id, depthAbove)
  return definition.nodes.flatMap((node, index) => {
    const used = node.dag === undefined ? undefined : references.version(node.dag, node.dagVersion)
    if (!used) return []
    const way = longestWay(used.dagId, dag.id, below, [dag.code, used.code])
    const path = `/nodes/${index}/dag`
    if (way.back) return [{ path, node: node.code, message: `leads back to this DAG: ${way.codes.join(' → ')}` }]
    const depth = above + way.codes.length
    return depth > DEEPEST_SUB_DAG
      ? [
          {
            path,
            node: node.code,
            message: `stands ${depth} DAGs deep; ${DEEPEST_SUB_DAG} is the most: ${way.codes.join(' → ')}`,
          },
        ]
      : []
  })
}

interface Way {
  readonly codes: readonly string[]
  readonly back: boolean
}

function longestWay(
  id: number,
  target: number,
  below: Map<number, { id: number; code: string }[]>,
  codes: readonly string[],
): Way {
  if (id === target) return { codes, back: true }
  // Deeper than allowed is known to be wrong without walking on.
  if (codes.length > DEEPEST_SUB_DAG + 1) return { codes, back: false }
  const ways = (below.get(id) ?? []).map((next) => longestWay(next.id, target, below, [...codes, next.code]))
  return ways.reduce(better, { codes, back: false })
}

function better(a: Way, b: Way): Way {
  if (a.back !== b.back) return a.back ? a : b
  return b.codes.length > a.codes.length ? b : a
}

function heightAbove(id: number, above: Map<number, number[]>, deep = 0): number {
  if (deep > DEEPEST_SUB_DAG) return deep
  return Math.max(0, ...(above.get(id) ?? []).map((user) => 1 + heightAbove(user, above, deep + 1)))
}
