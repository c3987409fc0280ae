import { DEEPEST_SUB_DAG, type DagDefinition, type FieldProblem } from '@carillon/core'
import type { DagUse } from '../storage/dag-use.ts'
import type { DagReferences } from './dag-references.ts'

/**
 * DAGs that would run each other for ever, or too deep in each other. `uses` are those of all versions that can run, since which of them
 * is active changes. However many ways lead through a DAG it is walked on from once: this runs in the server's process.
 */
export function circleProblems(
  uses: readonly DagUse[],
  dag: { readonly id: number; readonly code: string },
  definition: DagDefinition,
  references: DagReferences,
): FieldProblem[] {
  // The definition stands for what the DAG itself uses.
  const others = uses.filter(({ from }) => from !== dag.id)
  const wayBack = shortestWaysTo(dag.id, others)
  const wayDown = longestWays(others, 'from', 'to')
  const above = longestWays(others, 'to', 'from')(dag.id).length
  return definition.nodes.flatMap((node, index): FieldProblem[] => {
    const used = node.dag === undefined ? undefined : references.version(node.dag, node.dagVersion)
    if (!used) return []
    const printed = (way: readonly DagUse[]) => [dag.code, used.code, ...way.map(({ toCode }) => toCode)].join(' → ')
    const problem = (message: string) => [{ path: `/nodes/${index}/dag`, node: node.code, message }]
    const back = wayBack(used.dagId)
    if (back) return problem(`leads back to this DAG: ${printed(back)}`)
    const down = wayDown(used.dagId)
    const depth = above + 2 + down.length
    if (depth <= DEEPEST_SUB_DAG) return []
    return problem(`stands ${depth} DAGs deep; ${DEEPEST_SUB_DAG} is the most: ${printed(down)}`)
  })
}

type End = 'from' | 'to'

function usesBy(uses: readonly DagUse[], end: End): ReadonlyMap<number, readonly DagUse[]> {
  const found = new Map<number, DagUse[]>()
  for (const use of uses) {
    const known = found.get(use[end])
    if (known) known.push(use)
    else found.set(use[end], [use])
  }
  return found
}

/** The shortest way to a DAG, from those that lead there. */
function shortestWaysTo(target: number, uses: readonly DagUse[]): (from: number) => readonly DagUse[] | null {
  const users = usesBy(uses, 'to')
  const steps = new Map<number, DagUse>()
  const reached = [target]
  // Grows while it is walked.
  for (const id of reached) {
    for (const use of users.get(id) ?? []) {
      if (steps.has(use.from)) continue
      steps.set(use.from, use)
      reached.push(use.from)
    }
  }
  return (from) => {
    const way: DagUse[] = []
    for (let id = from; id !== target; id = way.at(-1)!.to) {
      const step = steps.get(id)
      if (!step) return null
      way.push(step)
    }
    return way
  }
}

/** The longest way from a DAG along its uses, or against them; of a circle that is there already, once round at most. */
function longestWays(uses: readonly DagUse[], near: End, far: End): (id: number) => readonly DagUse[] {
  const leaving = usesBy(uses, near)
  const known = new Map<number, readonly DagUse[]>()
  const longest = (id: number): readonly DagUse[] => {
    const found = known.get(id)
    if (found) return found
    known.set(id, [])
    let best: readonly DagUse[] = []
    for (const use of leaving.get(id) ?? []) {
      const way = longest(use[far])
      if (way.length + 1 > best.length) best = [use, ...way]
    }
    known.set(id, best)
    return best
  }
  return longest
}
