import { Graph, layout } from '@dagrejs/dagre'
import { edgesBy } from './beside.ts'
import { NODE_HEIGHT, NODE_WIDTH, type Point } from './model.ts'
import { ranksOf, type Shape } from './ranks.ts'

const COLUMN_GAP = 80
/** An edge's label stands between the columns. */
const LABELLED_COLUMN_GAP = 150
const ROW_GAP = 28

/**
 * dagre draws the better picture, in a second for a thousand nodes on an idle machine, in seconds on a busy one, in minutes for ten thousand:
 * beyond this many, where nobody follows single lines any more, the quick layout is used.
 */
const MOST_FOR_DAGRE = 400

/** From left to right, the same for the same graph. Edges to nodes that do not exist are left out; a cycle does not hurt. */
export function layOut(input: Shape): Map<string, Point> {
  const known = new Set(input.ids)
  const edges = input.edges.filter(({ from, to }) => known.has(from) && known.has(to) && from !== to)
  return input.ids.length > MOST_FOR_DAGRE || edges.length > 4 * MOST_FOR_DAGRE
    ? layOutInColumns({ ...input, edges })
    : layOutByDagre({ ...input, edges })
}

const gapOf = ({ labelled }: Shape) => (labelled ? LABELLED_COLUMN_GAP : COLUMN_GAP)

function layOutByDagre(shape: Shape): Map<string, Point> {
  const { ids, edges } = shape
  const graph = new Graph()
  graph.setGraph({ rankdir: 'LR', ranker: 'tight-tree', nodesep: ROW_GAP, ranksep: gapOf(shape) })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const id of ids) graph.setNode(id, { width: NODE_WIDTH, height: NODE_HEIGHT })
  for (const { from, to } of edges) graph.setEdge(from, to)
  layout(graph)
  return new Map(
    ids.map((id) => {
      const { x, y } = graph.node(id) as unknown as Point
      return [id, { x: Math.round(x - NODE_WIDTH / 2), y: Math.round(y - NODE_HEIGHT / 2) }]
    }),
  )
}

const SWEEPS = 4

/** A column for each rank; in it nodes stand in the order of the middle of what leads to them. Linear, so fit for any number of nodes. */
export function layOutInColumns(shape: Shape): Map<string, Point> {
  const { ids, edges } = shape
  const ranks = ranksOf({ ids, edges })
  const columns: string[][] = []
  for (const id of ids) (columns[ranks.get(id)!] ??= []).push(id)
  const before = edgesBy(edges, 'to')
  const after = edgesBy(edges, 'from')
  const rows = new Map<string, number>()
  const settle = (column: string[]) => column.forEach((id, row) => rows.set(id, row - column.length / 2))
  columns.forEach(settle)
  const sort = (column: string[], beside: (id: string) => readonly string[]) => {
    const middles = new Map(column.map((id) => [id, middle(beside(id).map((other) => rows.get(other)!)) ?? rows.get(id)!]))
    column.sort((a, b) => middles.get(a)! - middles.get(b)!)
    settle(column)
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const column of columns) sort(column, (id) => before.get(id)?.map(({ from }) => from) ?? [])
    for (const column of columns.toReversed()) sort(column, (id) => after.get(id)?.map(({ to }) => to) ?? [])
  }
  return new Map(
    ids.map((id) => [
      id,
      { x: ranks.get(id)! * (NODE_WIDTH + gapOf(shape)), y: Math.round(rows.get(id)! * (NODE_HEIGHT + ROW_GAP)) },
    ]),
  )
}

function middle(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length
}
