import type { DagDefinition } from './definition.ts'
import { topologicalOrder } from './topological-order.ts'

/** What lies upstream of what, in a definition without cycles. */
export interface Upstream {
  readonly codes: ReadonlyMap<string, number>
  /** Whether some way leads from one node to the other. */
  readonly leads: (from: string, to: string) => boolean
}

/**
 * Answers are computed for 32 nodes at a time, when one of them is first asked about: a bit each, carried along all edges once. So a DAG
 * whose nodes read a few others costs a few passes over its edges, and the worst, 10,000 nodes that are all read, 313.
 */
export function upstreamOf({ nodes, edges }: Pick<DagDefinition, 'nodes' | 'edges'>): Upstream {
  const codes = new Map(nodes.map(({ code }, index) => [code, index]))
  const parents: number[][] = nodes.map(() => [])
  const pairs = edges.map(({ from, to }) => ({ from: codes.get(from)!, to: codes.get(to)! }))
  for (const { from, to } of pairs) parents[to]!.push(from)
  const sorted = topologicalOrder({ size: nodes.length, edges: pairs })
  const order = sorted.kind === 'ORDER' ? sorted.order : []
  const blocks = new Map<number, Uint32Array>()

  function blockOf(source: number): Uint32Array {
    const known = blocks.get(source >>> 5)
    if (known) return known
    const block = reachedFrom(source >>> 5, order, parents)
    blocks.set(source >>> 5, block)
    return block
  }

  return {
    codes,
    leads(from, to) {
      const [source, target] = [codes.get(from), codes.get(to)]
      if (source === undefined || target === undefined) return false
      return (blockOf(source)[target]! & (1 << (source & 31))) !== 0
    },
  }
}

/** Of each node: which of the 32 nodes from `block * 32` on lead to it. */
function reachedFrom(block: number, order: readonly number[], parents: readonly (readonly number[])[]): Uint32Array {
  const reached = new Uint32Array(parents.length)
  for (const node of order) {
    let bits = 0
    for (const parent of parents[node]!) bits |= reached[parent]! | (parent >>> 5 === block ? 1 << (parent & 31) : 0)
    reached[node] = bits
  }
  return reached
}
