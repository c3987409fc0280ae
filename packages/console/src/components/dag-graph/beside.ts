import type { EdgeId } from './model.ts'

/** Edges by the node at one of their ends. */
export type Beside<E extends EdgeId = EdgeId> = ReadonlyMap<string, readonly E[]>

export function edgesBy<E extends EdgeId>(edges: readonly E[], end: 'from' | 'to'): Beside<E> {
  const lists = new Map<string, E[]>()
  for (const edge of edges) {
    const list = lists.get(edge[end])
    if (list) list.push(edge)
    else lists.set(edge[end], [edge])
  }
  return lists
}
