import type { DagDefinition } from './definition.ts'
import { topologicalOrder } from './topological-order.ts'

/** What lies upstream of what, in a definition without cycles. */
export interface Upstream {
  readonly codes: ReadonlyMap<string, number>
  /** Whether some way leads from one node to the other. */
  readonly leads: (from: string, to: string) => boolean
}

export function upstreamOf({ nodes, edges }: Pick<DagDefinition, 'nodes' | 'edges'>): Upstream {
  const codes = new Map(nodes.map(({ code }, index) => [code, index]))
  const pairs = edges.map(({ from, to }) => ({ from: codes.get(from)!, to: codes.get(to)! }))
  const parents: number[][] = nodes.map(() => [])
  for (const { from, to } of pairs) parents[to]!.push(from)
  // Mostly a node reads what leads straight to it; the rest is computed for all nodes at once, when first asked for.
  let ancestors: readonly Uint32Array[] | null = null
  return {
    codes,
    leads(from, to) {
      const [source, target] = [codes.get(from), codes.get(to)]
      if (source === undefined || target === undefined) return false
      if (parents[target]!.includes(source)) return true
      ancestors ??= allAncestors(parents, pairs)
      return (ancestors[target]![source >>> 5]! & (1 << (source & 31))) !== 0
    },
  }
}

/** One bit for each node, so 10,000 nodes take 12 MB and a few million operations. */
function allAncestors(
  parents: readonly (readonly number[])[],
  edges: readonly { readonly from: number; readonly to: number }[],
): readonly Uint32Array[] {
  const size = parents.length
  const bits = Array.from({ length: size }, () => new Uint32Array((size >>> 5) + 1))
  const sorted = topologicalOrder({ size, edges })
  if (sorted.kind === 'CYCLE') return bits
  for (const node of sorted.order) {
    const own = bits[node]!
    for (const parent of parents[node]!) {
      const theirs = bits[parent]!
      for (let word = 0; word < own.length; word++) own[word] = own[word]! | theirs[word]!
      own[parent >>> 5] = own[parent >>> 5]! | (1 << (parent & 31))
    }
  }
  return bits
}
