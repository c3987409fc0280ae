import { useComputedColorScheme } from '@mantine/core'
import { Boxes, Hand, Hourglass, Maximize, Minus, Plus, SquareTerminal, Workflow, type LucideIcon } from 'lucide-react'
import {
  useEffect,
  useId,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
  type Ref,
} from 'react'
import { useTexts } from '../../i18n/texts.ts'
import { useKept } from '../kept.ts'
import { STATE_LOOKS } from '../states.ts'
import { edgesBy } from './beside.ts'
import classes from './DagGraph.module.css'
import { neighbour, type Direction } from './geometry.ts'
import { glyphsOf } from './glyphs.ts'
import { GraphCanvas, type CanvasEvents } from './GraphCanvas.ts'
import { GraphTool } from './GraphTool.tsx'
import { GraphTree } from './GraphTree.tsx'
import { ranksOf } from './ranks.ts'
import {
  NOTHING_SELECTED,
  selectNode,
  type GraphEdge,
  type GraphNode,
  type GraphSelection,
  type Places,
  type Point,
} from './model.ts'
import type { Scene } from './paint.ts'
import { graphTexts } from './text.ts'
import { usePlaces, type Placed } from './use-places.ts'

export interface DagGraphProps {
  /** What the graph is of, for screen readers: "Graph of nightly, version 3". */
  readonly label: string
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
  /** Any CSS height; 480 px unless given. */
  readonly height?: number | string
  readonly selection?: GraphSelection
  /** A node or an edge was chosen, by pointer or keyboard. */
  readonly onSelect?: (selection: GraphSelection) => void
  /** Enter or a double click. */
  readonly onOpen?: (node: string) => void
  /** Only these stand out, everything else is pale: a path, a search. */
  readonly highlighted?: ReadonlySet<string> | null
  /** Makes the graph editable: nodes can be moved, edges drawn. */
  readonly editing?: GraphEditing
  /** Keys that the graph leaves to its page. Return true when one was used. */
  readonly onKey?: (event: KeyboardEvent) => boolean
  /** Beside the zoom buttons. */
  readonly tools?: ReactNode
  readonly ref?: Ref<GraphHandle>
}

export interface GraphEditing {
  readonly onMove: (places: Places) => void
  /** Why no edge may lead from one node to the other (a cycle, there is one already); null: it may. Asked while an edge is drawn. */
  readonly refusal: (from: string, to: string) => string | null
  readonly onConnect: (from: string, to: string) => void
  /** An edge was drawn to where no node is: a new one belongs there. */
  readonly onConnectNew: (from: string, at: Point) => void
}

/** What pages can ask of a graph. */
export interface GraphHandle {
  readonly fit: () => void
  readonly reveal: (node: string) => void
  /** In the middle, large enough to be read. */
  readonly approach: (node: string) => void
  readonly focus: () => void
  /** The middle of what is in sight. */
  readonly centre: () => Point
  /** Where nodes are drawn: those without a position of their own as they are laid out. */
  readonly places: () => Places | null
}

const KINDS: Readonly<Record<GraphNode['kind'], LucideIcon>> = {
  task: SquareTerminal,
  dag: Workflow,
  approval: Hand,
  wait: Hourglass,
  group: Boxes,
}
const GLYPHS: readonly (readonly [string, LucideIcon])[] = [
  ...Object.entries(STATE_LOOKS).map(([state, { icon }]) => [state, icon] as const),
  ...Object.entries(KINDS),
]

const ARROWS: Readonly<Record<string, Direction>> = { ArrowLeft: 'left', ArrowRight: 'right', ArrowUp: 'up', ArrowDown: 'down' }
const ZOOM_STEP = 1.3
const idOf = ({ id }: Pick<GraphNode, 'id'>) => id

/**
 * The graph of a DAG or of a run: drawn on a canvas in levels of detail, so that thousands of nodes stay smooth, with a list of the same
 * nodes in words that has the focus.
 *
 * Keys: arrows move along edges (right, left) and in a column (up, down), Home and End to the first and last node, Enter opens, `+` `-` zoom,
 * `0` shows all, Shift with an arrow adds to the selection.
 *
 * @example
 * <DagGraph label={t('graphOf', { dag })} nodes={nodes} edges={edges} selection={selection} onSelect={setSelection} onOpen={openNode} />
 */
export function DagGraph(props: DagGraphProps) {
  const { label, nodes, edges, height = 480, selection = NOTHING_SELECTED, highlighted = null, editing, tools } = props
  const t = useTexts(graphTexts)
  const id = useId()
  const scheme = useComputedColorScheme('light')
  // States change all the time, the shape hardly ever: what follows from it alone is not worked out anew with each of them.
  const placed = useKept(
    nodes.map(({ id: node, position }) => ({ id: node, position })),
    idOf,
  )
  const ends = useKept(
    edges.map(({ from, to }) => ({ from, to })),
    ({ from, to }) => `${from} ${to}`,
  )
  const places = usePlaces(
    placed,
    ends,
    edges.some((edge) => edge.label !== undefined),
  )
  const frame = useRef<HTMLDivElement>(null)
  const element = useRef<HTMLCanvasElement>(null)
  const tree = useRef<HTMLUListElement>(null)
  const canvas = useRef<GraphCanvas | null>(null)
  const [focused, setFocused] = useState(false)
  const before = useMemo(() => edgesBy(edges, 'to'), [edges])
  const after = useMemo(() => edgesBy(edges, 'from'), [edges])
  const ranks = useMemo(() => ranksOf({ ids: placed.map(idOf), edges: ends }), [placed, ends])
  const order = useMemo(() => inColumns(placed, ranks, places), [placed, ranks, places])
  const ordered = useMemo(() => {
    const byId = new Map(nodes.map((node) => [node.id, node]))
    return order.map(({ id: node }) => byId.get(node)!)
  }, [nodes, order])
  const selected = useMemo(() => new Set(selection.nodes), [selection.nodes])
  const current = selection.nodes.at(-1) ?? null

  const events: CanvasEvents = {
    onPress: () => tree.current?.focus({ preventScroll: true }),
    onSelect: (next) => props.onSelect?.(next),
    onOpen: (node) => props.onOpen?.(node),
    onMove: (moves) => editing?.onMove(moves),
    refuses: (from, to) => editing?.refusal(from, to) !== null,
    onConnect: (from, to) => editing?.onConnect(from, to),
    onConnectNew: (from, at) => editing?.onConnectNew(from, at),
  }
  const latest = useRef(events)
  latest.current = events

  useLayoutEffect(() => {
    const made = new GraphCanvas(element.current!, latest.current, glyphsOf(frame.current!))
    canvas.current = made
    const observer = new ResizeObserver(([entry]) => made.resize(entry!.contentRect))
    observer.observe(frame.current!)
    return () => {
      observer.disconnect()
      made.dispose()
    }
  }, [])
  const scene: Scene | null = useMemo(
    () =>
      places && {
        nodes,
        edges,
        places,
        selection,
        highlighted,
        handles: editing !== undefined,
        hovered: null,
        drawing: null,
        focused,
      },
    [nodes, edges, places, selection, highlighted, editing, focused],
  )
  useLayoutEffect(() => {
    if (scene) canvas.current?.show(scene, latest.current)
  })
  useEffect(() => canvas.current?.recolour(), [scheme])
  useEffect(() => {
    if (current !== null) canvas.current?.reveal(current)
    // Also when it was laid out anew: where it was is something else now.
  }, [current, places])

  const nodesThere = useRef(places)
  nodesThere.current = places
  useImperativeHandle(
    props.ref,
    () => ({
      fit: () => canvas.current?.fit(),
      reveal: (node) => canvas.current?.reveal(node),
      approach: (node) => canvas.current?.approach(node),
      focus: () => tree.current?.focus(),
      centre: () => canvas.current?.centre() ?? { x: 0, y: 0 },
      places: () => nodesThere.current,
    }),
    [],
  )

  const go = (to: string | null | undefined, adds: boolean) => {
    if (to === null || to === undefined) return
    const kept = adds ? selection.nodes.filter((node) => node !== to) : []
    props.onSelect?.(kept.length > 0 ? { nodes: [...kept, to], edge: null } : selectNode(to))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (props.onKey?.(event)) return event.preventDefault()
    if (event.ctrlKey || event.metaKey || event.altKey) return undefined
    const used = press(event)
    if (used) event.preventDefault()
    return undefined
  }
  const press = (event: KeyboardEvent): boolean => {
    const direction = ARROWS[event.key]
    if (direction !== undefined && places) {
      const from = current ?? (selection.edge && selection.edge[direction === 'left' ? 'from' : 'to'])
      go(current === null ? (from ?? ordered[0]?.id) : neighbour(current, direction, { places, before, after }), event.shiftKey)
    } else if (event.key === 'Home') go(ordered[0]?.id, event.shiftKey)
    else if (event.key === 'End') go(ordered.at(-1)?.id, event.shiftKey)
    else if (event.key === 'Enter' && current !== null) props.onOpen?.(current)
    else if (event.key === '+' || event.key === '=') canvas.current?.zoom(ZOOM_STEP)
    else if (event.key === '-') canvas.current?.zoom(1 / ZOOM_STEP)
    else if (event.key === '0') canvas.current?.fit()
    else return false
    return true
  }

  return (
    <div ref={frame} className={classes['frame']} style={{ height }}>
      <div className={classes['glyphs']} aria-hidden>
        {GLYPHS.map(([name, Icon]) => (
          <span key={name} data-glyph={name}>
            <Icon />
          </span>
        ))}
      </div>
      <GraphTree
        ref={tree}
        id={id}
        label={`${label}. ${t('keys')}`}
        nodes={ordered}
        ranks={ranks}
        before={before}
        after={after}
        current={current}
        selected={selected}
        many={editing !== undefined}
        onKeyDown={onKeyDown}
        onFocus={() => setFocused(true)}
        onBlur={() => setFocused(false)}
      />
      <canvas ref={element} className={classes['canvas']} aria-hidden />
      {places === null && <div className={classes['message']}>{t('layingOut')}</div>}
      {nodes.length === 0 && <div className={classes['message']}>{t('empty')}</div>}
      <div className={classes['tools']} role="toolbar" aria-label={t('graph')}>
        {tools}
        <GraphTool label={t('zoomIn')} icon={Plus} onClick={() => canvas.current?.zoom(ZOOM_STEP)} />
        <GraphTool label={t('zoomOut')} icon={Minus} onClick={() => canvas.current?.zoom(1 / ZOOM_STEP)} />
        <GraphTool label={t('fit')} icon={Maximize} onClick={() => canvas.current?.fit()} />
      </div>
    </div>
  )
}

/** Column by column, each from above: the order in which people read the picture. */
function inColumns(nodes: readonly Placed[], ranks: ReadonlyMap<string, number>, places: Places | null): readonly Placed[] {
  const heightOf = ({ id }: Placed) => places?.get(id)?.y ?? 0
  return [...nodes].sort((a, b) => ranks.get(a.id)! - ranks.get(b.id)! || heightOf(a) - heightOf(b) || (a.id < b.id ? -1 : 1))
}
