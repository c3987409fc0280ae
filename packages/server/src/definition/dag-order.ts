import type { DagDefinition, NodeDefinition } from '@carillon/core'

/** The nodes, each behind everything that leads to it, otherwise as they are written. Of a definition without cycles. */
export function topologicalOrder({ nodes, edges }: DagDefinition): NodeDefinition[] {
  const open = new Map(nodes.map(({ code }) => [code, 0]))
  const below = new Map(nodes.map(({ code }) => [code, [] as string[]]))
  for (const { from, to } of edges) {
    open.set(to, open.get(to)! + 1)
    below.get(from)!.push(to)
  }
  const byCode = new Map(nodes.map((node) => [node.code, node]))
  const order = nodes.filter(({ code }) => open.get(code) === 0)
  for (const { code } of order) {
    for (const to of below.get(code)!) {
      open.set(to, open.get(to)! - 1)
      if (open.get(to) === 0) order.push(byCode.get(to)!)
    }
  }
  return order
}
