import type { Beside } from './beside.ts'
import { NODE_HEIGHT, NODE_WIDTH, type EdgeId, type Places, type Point } from './model.ts'

/** What is in sight: a place of the graph is drawn at `x + k · place.x`. */
export interface View {
  readonly x: number
  readonly y: number
  readonly k: number
}

export interface Size {
  readonly width: number
  readonly height: number
}

export interface Box extends Point, Size {}

export const SMALLEST_SCALE = 0.02
export const LARGEST_SCALE = 2

export const toGraph = ({ x, y, k }: View, at: Point): Point => ({ x: (at.x - x) / k, y: (at.y - y) / k })

/** Zooms so that what is under `at` stays under it. */
export function zoomed(view: View, factor: number, at: Point): View {
  const k = Math.min(LARGEST_SCALE, Math.max(SMALLEST_SCALE, view.k * factor))
  const under = toGraph(view, at)
  return { k, x: at.x - under.x * k, y: at.y - under.y * k }
}

export function boundsOf(places: Places): Box {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const { x, y } of places.values()) {
    left = Math.min(left, x)
    top = Math.min(top, y)
    right = Math.max(right, x + NODE_WIDTH)
    bottom = Math.max(bottom, y + NODE_HEIGHT)
  }
  return places.size === 0 ? { x: 0, y: 0, width: 0, height: 0 } : { x: left, y: top, width: right - left, height: bottom - top }
}

const MARGIN = 24

/** All of it in sight, in the middle, never larger than life. */
export function fitted(bounds: Box, size: Size): View {
  const width = Math.max(1, size.width - 2 * MARGIN)
  const height = Math.max(1, size.height - 2 * MARGIN)
  const k = Math.max(SMALLEST_SCALE, Math.min(1, width / Math.max(1, bounds.width), height / Math.max(1, bounds.height)))
  return {
    k,
    x: size.width / 2 - (bounds.x + bounds.width / 2) * k,
    y: size.height / 2 - (bounds.y + bounds.height / 2) * k,
  }
}

/** Moved as little as brings the node into sight; the same view when it is. */
export function revealing(view: View, { x, y }: Point, size: Size): View {
  const shift = (from: number, to: number, length: number) => {
    if (from < MARGIN) return MARGIN - from
    return to > length - MARGIN ? length - MARGIN - to : 0
  }
  const left = view.x + x * view.k
  const top = view.y + y * view.k
  const dx = shift(left, left + NODE_WIDTH * view.k, size.width)
  const dy = shift(top, top + NODE_HEIGHT * view.k, size.height)
  return dx === 0 && dy === 0 ? view : { ...view, x: view.x + dx, y: view.y + dy }
}

/** At this scale a node's card says all that it has to. */
const READABLE_SCALE = 0.75

/** The node in the middle, not smaller than it can be read. */
export function approaching({ k }: View, { x, y }: Point, size: Size): View {
  const scale = Math.max(k, READABLE_SCALE)
  return {
    k: scale,
    x: size.width / 2 - (x + NODE_WIDTH / 2) * scale,
    y: size.height / 2 - (y + NODE_HEIGHT / 2) * scale,
  }
}

/** The topmost node there: the one that is drawn last. */
export function nodeAt(places: Places, { x, y }: Point): string | null {
  let found: string | null = null
  for (const [id, place] of places) {
    if (x >= place.x && x <= place.x + NODE_WIDTH && y >= place.y && y <= place.y + NODE_HEIGHT) found = id
  }
  return found
}

/** From the right of one node to the left of the other, as the four points of a Bézier curve. */
export type Curve = readonly [Point, Point, Point, Point]

export function curveOf(from: Point, to: Point): Curve {
  const start = { x: from.x + NODE_WIDTH, y: from.y + NODE_HEIGHT / 2 }
  const end = { x: to.x, y: to.y + NODE_HEIGHT / 2 }
  const bend = Math.max(30, Math.min(160, Math.abs(end.x - start.x) / 2))
  return [start, { x: start.x + bend, y: start.y }, { x: end.x - bend, y: end.y }, end]
}

export function pointOn([a, b, c, d]: Curve, t: number): Point {
  const u = 1 - t
  const at = (p: number, q: number, r: number, s: number) => u * u * u * p + 3 * u * u * t * q + 3 * u * t * t * r + t * t * t * s
  return { x: at(a.x, b.x, c.x, d.x), y: at(a.y, b.y, c.y, d.y) }
}

const STEPS = 24

/** The edge whose curve passes within `reach` of a place. */
export function edgeAt<E extends EdgeId>(edges: readonly E[], places: Places, at: Point, reach: number): E | null {
  let nearest: E | null = null
  let least = reach
  for (const edge of edges) {
    const from = places.get(edge.from)
    const to = places.get(edge.to)
    if (!from || !to) continue
    // No curve leaves the heights of its ends.
    const middle = at.y - NODE_HEIGHT / 2
    if (middle < Math.min(from.y, to.y) - least || middle > Math.max(from.y, to.y) + least) continue
    const curve = curveOf(from, to)
    let last = curve[0]
    for (let step = 1; step <= STEPS; step++) {
      const point = pointOn(curve, step / STEPS)
      const distance = distanceTo(last, point, at)
      if (distance < least) [nearest, least] = [edge, distance]
      last = point
    }
  }
  return nearest
}

export type Direction = 'left' | 'right' | 'up' | 'down'

/** Of a place from a stretch between two others. */
function distanceTo(a: Point, b: Point, at: Point): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y]
  const length = dx * dx + dy * dy
  const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((at.x - a.x) * dx + (at.y - a.y) * dy) / length))
  return Math.hypot(a.x + t * dx - at.x, a.y + t * dy - at.y)
}

/**
 * Where an arrow key leads: right and left along edges, to the end that stands nearest in height; up and down to the next node of the same
 * column. Null: nowhere.
 */
export function neighbour(
  id: string,
  direction: Direction,
  graph: { readonly places: Places; readonly before: Beside; readonly after: Beside },
): string | null {
  const here = graph.places.get(id)
  if (!here) return null
  const candidates =
    direction === 'right'
      ? (graph.after.get(id)?.map(({ to }) => to) ?? [])
      : direction === 'left'
        ? (graph.before.get(id)?.map(({ from }) => from) ?? [])
        : [...graph.places.keys()].filter((other) => inColumn(here, graph.places.get(other)!, direction))
  let best: string | null = null
  let least = Infinity
  for (const other of candidates) {
    const place = graph.places.get(other)
    if (!place || other === id) continue
    const distance = Math.abs(place.y - here.y) + Math.abs(place.x - here.x) / 1_000
    if (distance < least) [best, least] = [other, distance]
  }
  return best
}

function inColumn(here: Point, there: Point, direction: 'up' | 'down'): boolean {
  const overlaps = Math.abs(there.x - here.x) < NODE_WIDTH
  return overlaps && (direction === 'up' ? there.y < here.y : there.y > here.y)
}
