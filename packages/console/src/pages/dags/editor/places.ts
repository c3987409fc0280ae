import type { DagDefinition, NodeDefinition } from '@carillon/core'
import { NODE_HEIGHT, NODE_WIDTH, type Places, type Point } from '../../../components/dag-graph/model.ts'
import type { Edit } from './document.ts'

const COLUMN = NODE_WIDTH + 100
const ROW = NODE_HEIGHT + 40

/** Where nodes are drawn at present: by hand, or by the layout. */
export interface Drawn {
  readonly places: Places | null
  /** The middle of what is in sight. */
  readonly centre: Point
}

/** Where a new node is drawn: where it was dropped, beside the one that it follows, or in sight. A graph that is laid out finds its place itself. */
export function placeFor(
  { nodes }: DagDefinition,
  { places, centre }: Drawn,
  at: Point | null,
  after: string | null,
): Point | undefined {
  if (at !== null) return rounded(at)
  if (nodes.every(({ position }) => position === undefined)) return undefined
  const before = after === null ? undefined : places?.get(after)
  let place = before ? { x: before.x + COLUMN, y: before.y } : rounded(centre)
  const isTaken = ({ x, y }: Point) =>
    [...(places?.values() ?? [])].some((other) => Math.abs(other.x - x) < NODE_WIDTH && Math.abs(other.y - y) < NODE_HEIGHT)
  while (isTaken(place)) place = { ...place, y: place.y + ROW }
  return place
}

/** Moves nodes to places. Once one is placed by hand all are: else the layout would draw the others around it anew with every edge. */
export function movesOf(nodes: readonly NodeDefinition[], places: Places | null, moves: ReadonlyMap<string, Point>): Edit {
  const stand = nodes.flatMap(({ code, position }) => {
    const place = position === undefined ? places?.get(code) : undefined
    return place && !moves.has(code) ? [[code, place] as const] : []
  })
  return { kind: 'MOVE', places: [...moves, ...stand] }
}

/** Where some nodes come to stand when they are moved by so much. */
export function shifted(codes: readonly string[], places: Places | null, by: Point): ReadonlyMap<string, Point> {
  return new Map(
    codes.flatMap((code) => {
      const place = places?.get(code)
      return place ? [[code, { x: place.x + by.x, y: place.y + by.y }] as const] : []
    }),
  )
}

const rounded = ({ x, y }: Point): Point => ({ x: Math.round(x), y: Math.round(y) })
