import { durationText } from '../moments.ts'
import { STATE_LOOKS } from '../states.ts'
import { curveOf, pointOn, type Size, type View } from './geometry.ts'
import type { Glyph } from './glyphs.ts'
import {
  NODE_HEIGHT,
  NODE_WIDTH,
  type EdgeId,
  type GraphEdge,
  type GraphNode,
  type GraphSelection,
  type Mark,
  type Places,
  type Point,
} from './model.ts'
import type { Palette } from './palette.ts'

/** All that a picture is made of. */
export interface Scene {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
  readonly places: Places
  readonly selection: GraphSelection
  /** Nodes that stand out; the rest is pale. Null: all. */
  readonly highlighted: ReadonlySet<string> | null
  /** Where an edge can be drawn from, and the one that is being drawn. */
  readonly handles: boolean
  readonly hovered: string | null
  readonly drawing: { readonly from: string; readonly to: Point; readonly refused: boolean } | null
  readonly focused: boolean
}

export interface Frame {
  readonly context: CanvasRenderingContext2D
  readonly size: Size
  readonly view: View
  readonly ratio: number
  readonly palette: Palette
  readonly glyphs: ReadonlyMap<string, Glyph>
  readonly now: number
  /** Angle of what turns; 0 where motion is unwelcome. */
  readonly turn: number
}

/** Below this scale a node is a box with its icon and its name in larger letters, below the other one a coloured box. */
const CARD_FROM = 0.6
const LABEL_FROM = 0.45
export const ICON_FROM = 0.16

/** Draws what is in sight: first edges, then nodes, so that no line crosses a name. */
export function paint(frame: Frame, scene: Scene): void {
  const { context, size, view, ratio } = frame
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.clearRect(0, 0, size.width, size.height)
  context.setTransform(ratio * view.k, 0, 0, ratio * view.k, ratio * view.x, ratio * view.y)
  const inSight = sight(frame)
  const paleEdge = ({ from, to }: EdgeId) =>
    scene.highlighted !== null && !(scene.highlighted.has(from) && scene.highlighted.has(to))
  if (view.k < ICON_FROM) paintFarEdges(frame, scene, inSight)
  for (const edge of scene.edges) {
    const selected = isSelected(scene.selection, edge)
    if (view.k < ICON_FROM && !selected && !edge.mark) continue
    const from = scene.places.get(edge.from)
    const to = scene.places.get(edge.to)
    if (!from || !to || !inSight(from, to)) continue
    context.globalAlpha = paleEdge(edge) ? 0.25 : 1
    paintEdge(frame, edge, from, to, selected)
  }
  context.globalAlpha = 1
  if (view.k >= LABEL_FROM) {
    for (const edge of scene.edges) {
      const from = scene.places.get(edge.from)
      const to = scene.places.get(edge.to)
      if (edge.label && from && to && inSight(from, to)) paintLabel(frame, edge, pointOn(curveOf(from, to), 0.5))
    }
  }
  const selected = new Set(scene.selection.nodes)
  for (const node of scene.nodes) {
    const place = scene.places.get(node.id)
    if (!place || !inSight(place, place)) continue
    context.globalAlpha = scene.highlighted === null || scene.highlighted.has(node.id) ? 1 : 0.3
    paintNode(frame, node, place)
    context.globalAlpha = 1
    if (selected.has(node.id)) paintRing(frame, place, scene.focused)
    if (scene.handles && (scene.hovered === node.id || selected.has(node.id))) paintHandle(frame, place)
  }
  if (scene.drawing) paintDrawing(frame, scene, scene.drawing)
}

function sight({ size, view }: Frame): (a: Point, b: Point) => boolean {
  const left = -view.x / view.k
  const top = -view.y / view.k
  const right = left + size.width / view.k
  const bottom = top + size.height / view.k
  return (a, b) =>
    Math.max(a.x, b.x) + NODE_WIDTH + 40 >= left &&
    Math.min(a.x, b.x) - 40 <= right &&
    Math.max(a.y, b.y) + NODE_HEIGHT + 40 >= top &&
    Math.min(a.y, b.y) - 40 <= bottom
}

const isSelected = ({ edge }: GraphSelection, { from, to }: EdgeId) => edge?.from === from && edge.to === to

const MARK_TONES: Readonly<Record<Mark, string>> = {
  added: 'success',
  removed: 'failed',
  changed: 'retrying',
  problem: 'failed',
}
const MARK_SIGNS: Readonly<Record<Mark, string>> = { added: '+', removed: '−', changed: '≠', problem: '!' }

function paintEdge({ context, view, palette }: Frame, edge: GraphEdge, from: Point, to: Point, selected: boolean): void {
  const [start, first, second, end] = curveOf(from, to)
  const thin = 1 / Math.max(view.k, 0.2)
  const colour = edge.mark
    ? palette.tone(MARK_TONES[edge.mark]).ink
    : selected
      ? palette.accent
      : edge.taken
        ? palette.text
        : palette.line
  context.strokeStyle = colour
  context.fillStyle = colour
  context.lineWidth =
    selected || edge.mark ? Math.max(2.5, thin) : edge.taken ? Math.max(1.75, thin) : Math.max(1.25, Math.min(thin, 3))
  context.setLineDash(edge.taken === false || edge.mark === 'removed' ? [6, 5] : [])
  context.beginPath()
  context.moveTo(start.x, start.y)
  context.bezierCurveTo(first.x, first.y, second.x, second.y, end.x, end.y)
  context.stroke()
  context.setLineDash([])
  if (view.k < ICON_FROM) return
  context.beginPath()
  context.moveTo(end.x, end.y)
  context.lineTo(end.x - 9, end.y - 4.5)
  context.lineTo(end.x - 9, end.y + 4.5)
  context.fill()
}

/** From afar all edges are one line of one stroke: a thousand curves, half of them dashed, would be most of the picture's time. */
function paintFarEdges({ context, view, palette }: Frame, scene: Scene, inSight: (a: Point, b: Point) => boolean): void {
  context.beginPath()
  for (const edge of scene.edges) {
    const from = scene.places.get(edge.from)
    const to = scene.places.get(edge.to)
    if (!from || !to || !inSight(from, to)) continue
    context.moveTo(from.x + NODE_WIDTH, from.y + NODE_HEIGHT / 2)
    context.lineTo(to.x, to.y + NODE_HEIGHT / 2)
  }
  context.globalAlpha = scene.highlighted === null ? 0.6 : 0.2
  context.strokeStyle = palette.line
  context.lineWidth = 0.6 / view.k
  context.stroke()
  context.globalAlpha = 1
}

const LABEL_WIDTH = 130

function paintLabel(frame: Frame, edge: GraphEdge, at: Point): void {
  const { context, palette } = frame
  context.font = `12px ${palette.font}`
  const text = shortened(context, edge.label!, LABEL_WIDTH)
  const width = context.measureText(text).width + 12
  context.fillStyle = palette.page
  context.strokeStyle = edge.mark ? palette.tone(MARK_TONES[edge.mark]).ink : palette.line
  context.lineWidth = 1
  context.setLineDash(edge.taken === false ? [3, 3] : [])
  context.beginPath()
  context.roundRect(at.x - width / 2, at.y - 10, width, 20, 10)
  context.fill()
  context.stroke()
  context.setLineDash([])
  context.fillStyle = edge.taken === false ? palette.muted : palette.text
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  context.fillText(text, at.x, at.y + 0.5)
  context.textAlign = 'left'
}

function paintNode(frame: Frame, node: GraphNode, { x, y }: Point): void {
  const { context, view, palette } = frame
  const look = node.state ? STATE_LOOKS[node.state] : null
  const tone = look ? palette.tone(look.tone) : { ink: palette.line, tint: palette.raised }
  const far = view.k < ICON_FROM
  if (node.kind === 'group' && !far) paintStack(frame, { x, y }, tone)
  context.fillStyle = far ? tone.ink : tone.tint
  context.beginPath()
  if (far) context.rect(x, y, NODE_WIDTH, NODE_HEIGHT)
  else context.roundRect(x, y, NODE_WIDTH, NODE_HEIGHT, 6)
  context.fill()
  const marked = node.mark ? palette.tone(MARK_TONES[node.mark]).ink : null
  context.strokeStyle = marked ?? tone.ink
  context.lineWidth = marked ? 2.5 : far ? 4 : 1.25
  const outline = node.mark === 'removed' ? 'dashed' : (look?.outline ?? 'solid')
  // From afar a tint would not be told from the page, so the box is solid, and an outline only marks.
  if (far && !marked) return
  context.setLineDash(outline === 'dashed' ? [6, 4] : outline === 'dotted' ? [2, 3] : [])
  context.stroke()
  context.setLineDash([])
  if (far) return
  if (outline === 'thick') {
    context.fillStyle = tone.ink
    context.beginPath()
    context.roundRect(x, y, 5, NODE_HEIGHT, [6, 0, 0, 6])
    context.fill()
  }
  if (typeof node.progress === 'number') {
    context.fillStyle = tone.ink
    context.fillRect(x + 2, y + NODE_HEIGHT - 5, (NODE_WIDTH - 4) * Math.min(1, Math.max(0, node.progress)), 3)
  }
  const glyph = frame.glyphs.get(node.state ?? node.kind)
  const ink = look ? tone.ink : palette.muted
  if (view.k < CARD_FROM) {
    if (glyph) paintGlyph(frame, glyph, { x: x + 10, y: y + (NODE_HEIGHT - 28) / 2 }, 28, ink, look?.moves)
    paintName(frame, node, { x, y })
    if (node.mark) paintSign(frame, node.mark, { x: x + NODE_WIDTH - 8, y })
    return
  }
  if (glyph) paintGlyph(frame, glyph, { x: x + 12, y: y + (NODE_HEIGHT - 18) / 2 }, 18, ink, look?.moves)
  paintWords(frame, node, { x, y }, ink)
  if (node.mark) paintSign(frame, node.mark, { x: x + NODE_WIDTH - 8, y })
}

function paintGlyph(frame: Frame, glyph: Glyph, { x, y }: Point, size: number, ink: string, moves?: boolean): void {
  const { context } = frame
  context.save()
  context.translate(x + size / 2, y + size / 2)
  if (moves) context.rotate(frame.turn)
  context.scale(size / 24, size / 24)
  context.translate(-12, -12)
  context.strokeStyle = ink
  context.lineWidth = 2
  context.lineCap = 'round'
  context.lineJoin = 'round'
  context.stroke(glyph)
  context.restore()
}

/** The cards below the uppermost one. */
function paintStack({ context }: Frame, { x, y }: Point, tone: { readonly ink: string; readonly tint: string }): void {
  context.fillStyle = tone.tint
  context.strokeStyle = tone.ink
  context.lineWidth = 1
  for (const below of [8, 4]) {
    context.beginPath()
    context.roundRect(x + below, y - below, NODE_WIDTH, NODE_HEIGHT, 6)
    context.fill()
    context.stroke()
  }
}

const LEFT = 38

function paintWords(frame: Frame, node: GraphNode, { x, y }: Point, ink: string): void {
  const { context, palette, now } = frame
  const times = [
    node.elements === undefined ? '' : `[${node.elements}]`,
    node.attempt !== undefined && node.attempt > 1 ? `×${node.attempt}` : '',
    node.startedAt === undefined || node.startedAt === null ? '' : durationText((node.endedAt ?? now) - node.startedAt),
  ]
  context.textBaseline = 'middle'
  context.font = `12px ${palette.font}`
  const right = times.filter((text) => text !== '').join('  ')
  const taken = right === '' ? 0 : context.measureText(right).width + 8
  if (right !== '') {
    context.fillStyle = node.state ? ink : palette.muted
    context.textAlign = 'right'
    context.fillText(right, x + NODE_WIDTH - 10, y + 38)
    context.textAlign = 'left'
  }
  context.fillStyle = palette.muted
  const detail = node.detail ?? ''
  if (detail !== '') context.fillText(shortened(context, detail, NODE_WIDTH - LEFT - 10 - taken), x + LEFT, y + 38)
  if (node.tally) paintTally(frame, node.tally, { x: x + LEFT, y: y + 38 }, NODE_WIDTH - LEFT - 10 - taken)
  context.font = `600 13px ${palette.font}`
  context.fillStyle = palette.text
  const alone = detail === '' && right === ''
  context.fillText(shortened(context, node.name, NODE_WIDTH - LEFT - 14), x + LEFT, y + (alone ? NODE_HEIGHT / 2 : 19))
}

/** How many are in which state, as far as there is room. */
function paintTally(frame: Frame, tally: NonNullable<GraphNode['tally']>, from: Point, width: number): void {
  const { context, palette, glyphs } = frame
  let x = from.x
  context.font = `12px ${palette.font}`
  for (const { state, count } of tally) {
    const text = String(count)
    const wide = context.measureText(text).width + 16
    if (x + wide > from.x + width) return
    const { ink } = palette.tone(STATE_LOOKS[state].tone)
    const glyph = glyphs.get(state)
    if (glyph) paintGlyph(frame, glyph, { x, y: from.y - 6 }, 12, ink)
    context.fillStyle = ink
    context.fillText(text, x + 15, from.y)
    x += wide + 6
  }
}

const SMALLEST_LETTERS = 11
const LARGEST_LETTERS = 28

/** The name alone, as large as it can be read on the screen and still stands in its box. */
function paintName({ context, palette, view }: Frame, node: GraphNode, { x, y }: Point): void {
  const size = Math.round(Math.min(LARGEST_LETTERS, SMALLEST_LETTERS / view.k))
  context.font = `600 ${size}px ${palette.font}`
  context.textBaseline = 'middle'
  context.fillStyle = palette.text
  context.fillText(shortened(context, node.name, NODE_WIDTH - 56), x + 46, y + NODE_HEIGHT / 2)
}

function paintSign({ context, palette }: Frame, mark: Mark, { x, y }: Point): void {
  context.fillStyle = palette.tone(MARK_TONES[mark]).ink
  context.beginPath()
  context.arc(x, y, 10, 0, 2 * Math.PI)
  context.fill()
  context.fillStyle = palette.page
  context.font = `700 14px ${palette.font}`
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  context.fillText(MARK_SIGNS[mark], x, y + 0.5)
  context.textAlign = 'left'
}

function paintRing({ context, palette, view }: Frame, { x, y }: Point, focused: boolean): void {
  context.strokeStyle = palette.accent
  context.lineWidth = Math.max(focused ? 2.5 : 1.5, 1.5 / view.k)
  context.beginPath()
  context.roundRect(x - 4, y - 4, NODE_WIDTH + 8, NODE_HEIGHT + 8, 9)
  context.stroke()
}

export const HANDLE_RADIUS = 8

function paintHandle({ context, palette }: Frame, { x, y }: Point): void {
  context.fillStyle = palette.page
  context.strokeStyle = palette.accent
  context.lineWidth = 2
  context.beginPath()
  context.arc(x + NODE_WIDTH, y + NODE_HEIGHT / 2, HANDLE_RADIUS, 0, 2 * Math.PI)
  context.moveTo(x + NODE_WIDTH - 4, y + NODE_HEIGHT / 2)
  context.lineTo(x + NODE_WIDTH + 4, y + NODE_HEIGHT / 2)
  context.moveTo(x + NODE_WIDTH, y + NODE_HEIGHT / 2 - 4)
  context.lineTo(x + NODE_WIDTH, y + NODE_HEIGHT / 2 + 4)
  context.fill()
  context.stroke()
}

function paintDrawing({ context, palette }: Frame, scene: Scene, { from, to, refused }: NonNullable<Scene['drawing']>): void {
  const start = scene.places.get(from)
  if (!start) return
  const [a, b, c, d] = curveOf(start, { x: to.x, y: to.y - NODE_HEIGHT / 2 })
  context.strokeStyle = refused ? palette.failed : palette.accent
  context.lineWidth = 2
  context.setLineDash(refused ? [4, 4] : [])
  context.beginPath()
  context.moveTo(a.x, a.y)
  context.bezierCurveTo(b.x, b.y, c.x, c.y, d.x, d.y)
  context.stroke()
  context.setLineDash([])
}

const cut = new Map<string, string>()

/** Measuring text is the dearest part of a picture: what was cut once is known. */
function shortened(context: CanvasRenderingContext2D, text: string, width: number): string {
  const key = `${context.font} ${Math.round(width)} ${text}`
  const done = cut.get(key)
  if (done !== undefined) return done
  if (cut.size > 20_000) cut.clear()
  const result = cutTo(context, text, width)
  cut.set(key, result)
  return result
}

const graphemes = new Intl.Segmenter()

function cutTo(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text
  const letters = Array.from(graphemes.segment(text), ({ segment }) => segment)
  let [fits, tooLong] = [0, letters.length]
  while (tooLong - fits > 1) {
    const half = (fits + tooLong) >> 1
    if (context.measureText(`${letters.slice(0, half).join('')}…`).width <= width) fits = half
    else tooLong = half
  }
  return `${letters.slice(0, fits).join('')}…`
}
