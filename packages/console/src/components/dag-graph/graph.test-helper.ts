import type { Shape } from './ranks.ts'

/** Layers of nodes, each led to by a few of the layer before: what large DAGs look like. The same for the same numbers. */
export function layers(count: number, width: number): Shape {
  let seed = 1
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
  const ids: string[] = []
  const edges: { from: string; to: string }[] = []
  for (let layer = 0; layer < count; layer++) {
    for (let row = 0; row < width; row++) {
      ids.push(`n${layer}-${row}`)
      if (layer === 0) continue
      const sources = new Set([Math.floor(random() * width), ...(random() < 0.3 ? [Math.floor(random() * width)] : [])])
      for (const source of sources) edges.push({ from: `n${layer - 1}-${source}`, to: `n${layer}-${row}` })
    }
  }
  return { ids, edges }
}

/** "a>b b>c" */
export function shape(text: string): Shape {
  const edges = text.split(' ').map((pair) => {
    const [from, to] = pair.split('>') as [string, string]
    return { from, to }
  })
  return { ids: [...new Set(edges.flatMap(({ from, to }) => [from, to]))], edges }
}
