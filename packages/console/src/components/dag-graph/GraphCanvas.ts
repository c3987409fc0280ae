import { approaching, boundsOf, edgeAt, fitted, nodeAt, revealing, toGraph, zoomed, type Size, type View } from './geometry.ts'
import type { Glyph } from './glyphs.ts'
import { NODE_HEIGHT, NODE_WIDTH, NOTHING_SELECTED, selectEdge, selectNode, type GraphSelection, type Point } from './model.ts'
import { HANDLE_RADIUS, ICON_FROM, paint, type Scene } from './paint.ts'
import { paletteOf, type Palette } from './palette.ts'

/** What people do on the canvas. Places are the graph's own. */
export interface CanvasEvents {
  readonly onSelect: (selection: GraphSelection) => void
  readonly onOpen: (id: string) => void
  /** A pointer went down anywhere: the graph takes the focus. */
  readonly onPress: () => void
  readonly onMove: (moves: ReadonlyMap<string, Point>) => void
  readonly refuses: (from: string, to: string) => boolean
  readonly onConnect: (from: string, to: string) => void
  readonly onConnectNew: (from: string, at: Point) => void
}

/** Where a pointer went down, and what it does. */
type Gesture =
  | { readonly kind: 'PAN'; readonly at: Point; readonly view: View; readonly on: GraphSelection; moved: boolean }
  | { readonly kind: 'DRAG'; readonly at: Point; readonly ids: readonly string[]; moved: boolean }
  | { readonly kind: 'CONNECT'; readonly from: string }
  | { readonly kind: 'PINCH'; readonly view: View; readonly distance: number; readonly middle: Point }

const TURN_MS = 100
/** From afar nothing is seen to turn. */
const TURNS_A_LOOK = 10
const SMALLEST_MOVE = 4

/**
 * Keeps a canvas painted and turns pointers into gestures. It lives as long as its element: a thousand nodes are a few milliseconds to paint
 * and would be hundreds as elements of the document.
 */
export class GraphCanvas {
  readonly #canvas: HTMLCanvasElement
  readonly #context: CanvasRenderingContext2D
  readonly #stop = new AbortController()
  readonly #pointers = new Map<number, Point>()
  readonly #still = matchMedia('(prefers-reduced-motion: reduce)')
  #scene: Scene | null = null
  #events: CanvasEvents
  #palette: Palette
  #glyphs: ReadonlyMap<string, Glyph>
  #view: View = { x: 0, y: 0, k: 1 }
  #size: Size = { width: 0, height: 0 }
  /** Nobody has moved the view yet: it follows the graph and the window. */
  #follows = true
  #fittedTo: Scene['places'] | null = null
  #gesture: Gesture | null = null
  #dragged: ReadonlyMap<string, Point> | null = null
  #drawing: Scene['drawing'] = null
  #hovered: string | null = null
  #asked = false
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(canvas: HTMLCanvasElement, events: CanvasEvents, glyphs: ReadonlyMap<string, Glyph>) {
    this.#canvas = canvas
    this.#context = canvas.getContext('2d')!
    this.#events = events
    this.#palette = paletteOf(canvas)
    this.#glyphs = glyphs
    const on = <K extends keyof HTMLElementEventMap>(type: K, listener: (event: HTMLElementEventMap[K]) => void) =>
      canvas.addEventListener(type, listener, { signal: this.#stop.signal, passive: false })
    on('pointerdown', (event) => this.#down(event))
    on('pointermove', (event) => this.#move(event))
    on('pointerup', (event) => this.#up(event))
    on('pointercancel', (event) => this.#up(event))
    on('pointerleave', () => this.#hover(null))
    on('dblclick', (event) => this.#open(event))
    on('wheel', (event) => this.#wheel(event))
  }

  dispose(): void {
    this.#stop.abort()
    clearInterval(this.#timer)
  }

  show(scene: Scene, events: CanvasEvents): void {
    this.#scene = scene
    this.#events = events
    // Dropped: what was dragged stands in the new scene.
    if (this.#gesture?.kind !== 'DRAG') this.#dragged = null
    if (this.#follows && scene.places !== this.#fittedTo) this.fit()
    this.#animate()
    this.#repaint()
  }

  resize(size: Size): void {
    this.#size = size
    const ratio = window.devicePixelRatio
    this.#canvas.width = Math.round(size.width * ratio)
    this.#canvas.height = Math.round(size.height * ratio)
    if (this.#follows) this.fit()
    // Now, not with the next frame: setting its size has emptied it.
    this.#paint()
  }

  recolour(): void {
    this.#palette = paletteOf(this.#canvas)
    this.#repaint()
  }

  fit(): void {
    if (!this.#scene || this.#scene.places.size === 0 || this.#size.width === 0) return
    this.#follows = true
    this.#fittedTo = this.#scene.places
    this.#look(fitted(boundsOf(this.#scene.places), this.#size))
  }

  zoom(factor: number): void {
    this.#follows = false
    this.#look(zoomed(this.#view, factor, { x: this.#size.width / 2, y: this.#size.height / 2 }))
  }

  reveal(id: string): void {
    const place = this.#scene?.places.get(id)
    if (place) this.#look(revealing(this.#view, place, this.#size))
  }

  approach(id: string): void {
    const place = this.#scene?.places.get(id)
    if (!place) return
    this.#follows = false
    this.#look(approaching(this.#view, place, this.#size))
  }

  /** The middle of what is in sight. */
  centre(): Point {
    return toGraph(this.#view, { x: this.#size.width / 2, y: this.#size.height / 2 })
  }

  #look(view: View): void {
    this.#view = view
    this.#repaint()
  }

  #repaint(): void {
    if (this.#asked) return
    this.#asked = true
    requestAnimationFrame(() => {
      this.#asked = false
      this.#paint()
    })
  }

  #paint(): void {
    const scene = this.#scene
    if (!scene || this.#size.width === 0 || this.#stop.signal.aborted) return
    paint(
      {
        context: this.#context,
        size: this.#size,
        view: this.#view,
        ratio: window.devicePixelRatio,
        palette: this.#palette,
        glyphs: this.#glyphs,
        now: Date.now(),
        turn: this.#still.matches ? 0 : ((performance.now() % 1_200) / 1_200) * 2 * Math.PI,
      },
      { ...scene, places: this.#places(scene), hovered: this.#hovered, drawing: this.#drawing },
    )
  }

  #places(scene: Scene): Scene['places'] {
    return this.#dragged === null ? scene.places : new Map([...scene.places, ...this.#dragged])
  }

  /** While something runs its ring turns and its time grows. */
  #animate(): void {
    const runs = this.#scene!.nodes.some(
      ({ state, tally }) => state === 'RUNNING' || tally?.some((count) => count.state === 'RUNNING') === true,
    )
    if (!runs) {
      clearInterval(this.#timer)
      this.#timer = undefined
      return
    }
    let turns = 0
    this.#timer ??= setInterval(() => {
      if (!document.hidden && (this.#view.k >= ICON_FROM || turns++ % TURNS_A_LOOK === 0)) this.#repaint()
    }, TURN_MS)
  }

  #at(event: MouseEvent): Point {
    const box = this.#canvas.getBoundingClientRect()
    return { x: event.clientX - box.x, y: event.clientY - box.y }
  }

  #down(event: PointerEvent): void {
    const scene = this.#scene
    if (!scene || event.button > 1) return
    const at = this.#at(event)
    this.#follows = false
    this.#pointers.set(event.pointerId, at)
    this.#canvas.setPointerCapture(event.pointerId)
    // Else the browser would move the focus to nothing afterwards.
    event.preventDefault()
    this.#events.onPress()
    if (this.#pointers.size === 2) {
      const [a, b] = [...this.#pointers.values()] as [Point, Point]
      this.#gesture = { kind: 'PINCH', view: this.#view, distance: apart(a, b), middle: between(a, b) }
      return
    }
    const place = toGraph(this.#view, at)
    const handle = scene.handles && event.button === 0 ? this.#handleAt(scene, place) : null
    if (handle !== null) {
      this.#gesture = { kind: 'CONNECT', from: handle }
      return
    }
    const node = event.button === 0 ? nodeAt(scene.places, place) : null
    if (node !== null) {
      const added = event.shiftKey || event.ctrlKey || event.metaKey
      const chosen = scene.selection.nodes.includes(node)
      const nodes = added
        ? chosen
          ? scene.selection.nodes.filter((id) => id !== node)
          : [...scene.selection.nodes, node]
        : chosen
          ? [...scene.selection.nodes.filter((id) => id !== node), node]
          : [node]
      const on = { nodes, edge: null }
      if (scene.handles) this.#events.onSelect(on)
      this.#gesture = scene.handles
        ? { kind: 'DRAG', at: place, ids: nodes, moved: false }
        : { kind: 'PAN', at, view: this.#view, on, moved: false }
      return
    }
    const edge = event.button === 0 ? edgeAt(scene.edges, scene.places, place, 8 / this.#view.k) : null
    this.#gesture = { kind: 'PAN', at, view: this.#view, on: edge ? selectEdge(edge) : NOTHING_SELECTED, moved: false }
  }

  #handleAt(scene: Scene, at: Point): string | null {
    const near = (id: string) => {
      const place = scene.places.get(id)
      return place && apart({ x: place.x + NODE_WIDTH, y: place.y + NODE_HEIGHT / 2 }, at) <= HANDLE_RADIUS + 6 / this.#view.k
    }
    return [this.#hovered, ...scene.selection.nodes].find((id) => id !== null && near(id)) ?? null
  }

  #move(event: PointerEvent): void {
    const scene = this.#scene
    if (!scene) return
    const at = this.#at(event)
    if (this.#pointers.has(event.pointerId)) this.#pointers.set(event.pointerId, at)
    const gesture = this.#gesture
    const place = toGraph(this.#view, at)
    if (gesture === null) {
      const node = nodeAt(scene.places, place)
      const handle = scene.handles ? this.#handleAt(scene, place) : null
      // A node keeps its handle while the pointer is on the half that stands out.
      this.#hover(handle ?? node)
      const edge = node === null && handle === null && edgeAt(scene.edges, scene.places, place, 8 / this.#view.k) !== null
      this.#canvas.style.cursor = handle !== null ? 'crosshair' : node !== null || edge ? 'pointer' : 'grab'
    } else if (gesture.kind === 'PAN') {
      gesture.moved ||= apart(at, gesture.at) > SMALLEST_MOVE
      this.#look({ ...gesture.view, x: gesture.view.x + at.x - gesture.at.x, y: gesture.view.y + at.y - gesture.at.y })
    } else if (gesture.kind === 'DRAG') {
      gesture.moved ||= apart(place, gesture.at) * this.#view.k > SMALLEST_MOVE
      if (gesture.moved) this.#drag(scene, gesture.ids, { x: place.x - gesture.at.x, y: place.y - gesture.at.y })
    } else if (gesture.kind === 'CONNECT') {
      const target = nodeAt(scene.places, place)
      const refused = target !== null && (target === gesture.from || this.#events.refuses(gesture.from, target))
      this.#drawing = { from: gesture.from, to: place, refused }
      this.#canvas.style.cursor = refused ? 'not-allowed' : 'crosshair'
      this.#repaint()
    } else if (this.#pointers.size === 2) {
      const [a, b] = [...this.#pointers.values()] as [Point, Point]
      const scaled = zoomed(gesture.view, apart(a, b) / Math.max(1, gesture.distance), gesture.middle)
      const middle = between(a, b)
      this.#look({ ...scaled, x: scaled.x + middle.x - gesture.middle.x, y: scaled.y + middle.y - gesture.middle.y })
    }
  }

  #drag(scene: Scene, ids: readonly string[], by: Point): void {
    this.#dragged = new Map(
      ids.flatMap((id) => {
        const place = scene.places.get(id)
        return place ? [[id, { x: Math.round(place.x + by.x), y: Math.round(place.y + by.y) }] as const] : []
      }),
    )
    this.#repaint()
  }

  #up(event: PointerEvent): void {
    this.#pointers.delete(event.pointerId)
    const gesture = this.#gesture
    const scene = this.#scene
    if (this.#pointers.size > 0 || gesture === null || !scene) return
    this.#gesture = null
    const cancelled = event.type === 'pointercancel'
    if (gesture.kind === 'DRAG' && gesture.moved) {
      if (cancelled) this.#dragged = null
      else this.#events.onMove(this.#dragged ?? new Map())
    } else if (gesture.kind === 'CONNECT') {
      const to = this.#drawing?.to
      this.#drawing = null
      if (to && !cancelled) this.#connect(scene, gesture.from, to)
    } else if (gesture.kind === 'PAN' && !gesture.moved && !cancelled) {
      // Who moves the picture by a node has not chosen it.
      this.#events.onSelect(gesture.on)
    }
    this.#repaint()
  }

  #connect(scene: Scene, from: string, at: Point): void {
    const target = nodeAt(scene.places, at)
    if (target === null) this.#events.onConnectNew(from, { x: at.x, y: at.y - NODE_HEIGHT / 2 })
    else if (target !== from && !this.#events.refuses(from, target)) this.#events.onConnect(from, target)
  }

  #hover(id: string | null): void {
    if (id === this.#hovered) return
    this.#hovered = id
    const node = this.#scene?.nodes.find((candidate) => candidate.id === id)
    // The whole of what the card has no room for.
    this.#canvas.title = node ? [node.name, node.detail, node.note].filter(Boolean).join('\n') : ''
    if (this.#scene?.handles) this.#repaint()
  }

  #open(event: MouseEvent): void {
    const id = this.#scene && nodeAt(this.#scene.places, toGraph(this.#view, this.#at(event)))
    if (id !== null) {
      this.#events.onSelect(selectNode(id))
      this.#events.onOpen(id)
    }
  }

  /** Zooms with a modifier, or in a graph that has the focus; else the page scrolls on as people expect. */
  #wheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey && !this.#scene?.focused) return
    event.preventDefault()
    this.#follows = false
    this.#look(zoomed(this.#view, Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), this.#at(event)))
  }
}

const apart = (a: Point, b: Point) => Math.hypot(a.x - b.x, a.y - b.y)
const between = (a: Point, b: Point): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 })
