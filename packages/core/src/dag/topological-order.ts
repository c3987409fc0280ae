/** Nodes and edges by index. */
export interface Graph {
  readonly size: number
  readonly edges: readonly { readonly from: number; readonly to: number }[]
}

export type TopologicalOrder =
  | { readonly kind: 'ORDER'; readonly order: readonly number[] }
  /** One of the cycles, each node before the one it leads to; the last leads to the first. */
  | { readonly kind: 'CYCLE'; readonly cycle: readonly number[] }

/** An order in which every edge leads forwards: first the nodes without upstream, as they are listed. */
export function topologicalOrder({ size, edges }: Graph): TopologicalOrder {
  const targets: number[][] = Array.from({ length: size }, () => [])
  const missing = new Array<number>(size).fill(0)
  for (const { from, to } of edges) {
    targets[from]!.push(to)
    missing[to]!++
  }
  const order = missing.flatMap((count, node) => (count === 0 ? [node] : []))
  // Grows while it is walked: a node is added by the last of the nodes that lead to it.
  for (let place = 0; place < order.length; place++) {
    for (const target of targets[order[place]!]!) if (--missing[target]! === 0) order.push(target)
  }
  return order.length === size ? { kind: 'ORDER', order } : { kind: 'CYCLE', cycle: findCycle(size, edges, missing) }
}

/** What is left always has something left that leads to it, so walking backwards must come round. */
function findCycle(size: number, edges: Graph['edges'], missing: readonly number[]): readonly number[] {
  const before = new Map(edges.filter(({ from }) => missing[from]! > 0).map(({ from, to }) => [to, from]))
  const seenAt = new Array<number>(size).fill(-1)
  const walked: number[] = []
  let node = missing.findIndex((count) => count > 0)
  while (seenAt[node] === -1) {
    seenAt[node] = walked.length
    walked.push(node)
    node = before.get(node)!
  }
  return walked.slice(seenAt[node]).reverse()
}
