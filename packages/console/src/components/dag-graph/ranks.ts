import { edgesBy } from './beside.ts'
import type { EdgeId } from './model.ts'

export interface Shape {
  readonly ids: readonly string[]
  readonly edges: readonly EdgeId[]
  /** Edges have labels, which need room. */
  readonly labelled?: boolean
}

/**
 * How many edges the longest way to each node has. A draft may hold a cycle: its nodes, which have no such way, stand one after what leads
 * to them from outside.
 */
export function ranksOf({ ids, edges }: Shape): Map<string, number> {
  const ranks = new Map(ids.map((id) => [id, 0]))
  const after = edgesBy(edges, 'from')
  const missing = new Map(ids.map((id) => [id, 0]))
  for (const { to } of edges) if (missing.has(to)) missing.set(to, missing.get(to)! + 1)
  const ready = ids.filter((id) => missing.get(id) === 0)
  for (const id of ready) {
    for (const { to } of after.get(id) ?? []) {
      if (!missing.has(to)) continue
      ranks.set(to, Math.max(ranks.get(to)!, ranks.get(id)! + 1))
      missing.set(to, missing.get(to)! - 1)
      if (missing.get(to) === 0) ready.push(to)
    }
  }
  return ranks
}
