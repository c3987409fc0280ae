import { groupBy } from './group.ts'

/** When a node ran. */
export interface Span {
  readonly code: string
  readonly startedAt: number | null
  /** null: it is still under way. */
  readonly endedAt: number | null
}

interface Edge {
  readonly from: string
  readonly to: string
}

/**
 * The nodes that a run's length came from, first to last: from the one that ended last, back over whichever of those before it ended last. Had
 * one of them been faster, the run could have been. While the run goes on, what is under way counts as ending now.
 */
export function criticalPath(spans: readonly Span[], edges: readonly Edge[], now: number): readonly string[] {
  const ran = new Map(spans.flatMap((span) => (span.startedAt === null ? [] : [[span.code, span.endedAt ?? now] as const])))
  const into = groupBy(edges, ({ to }) => to)
  const last = (codes: Iterable<string>): string | undefined => {
    let found: string | undefined
    for (const code of codes) {
      if (ran.has(code) && (found === undefined || ran.get(code)! > ran.get(found)!)) found = code
    }
    return found
  }
  const path: string[] = []
  for (let code = last(ran.keys()); code !== undefined;) {
    path.unshift(code)
    // A path is no longer than its graph, also where what is given is no DAG.
    ran.delete(code)
    code = last((into.get(code) ?? []).map(({ from }) => from))
  }
  return path
}
