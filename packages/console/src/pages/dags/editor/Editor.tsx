import type { Dag, DagVersion } from '@carillon/contract'
import type { DagDefinition } from '@carillon/core'
import { ActionIcon, Anchor, Button, Group, Paper, SegmentedControl, Text, Tooltip } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Link, getRouteApi } from '@tanstack/react-router'
import { LayoutGrid, Plus, Redo2, Undo2 } from 'lucide-react'
import {
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
} from 'react'
import { say } from '../../../app/Notice.tsx'
import { usePageTitle } from '../../../app/page-title.ts'
import { useTenant } from '../../../app/session.tsx'
import { useSetSearch } from '../../../app/set-search.ts'
import { DagGraph, type GraphHandle } from '../../../components/dag-graph/DagGraph.tsx'
import {
  NODE_HEIGHT,
  NODE_WIDTH,
  NOTHING_SELECTED,
  selectEdge,
  selectNode,
  type GraphEdge,
  type GraphNode,
  type GraphSelection,
  type Point,
} from '../../../components/dag-graph/model.ts'
import { layOutAside } from '../../../components/dag-graph/use-places.ts'
import { useTexts, type Translate } from '../../../i18n/texts.ts'
import { RunDialog } from '../RunDialog.tsx'
import { dagsTexts } from '../text.ts'
import { AddNodeDialog, ClashDialog, ConnectDialog, PublishDialog, refusalText } from './dialogs.tsx'
import { copied, isSameEdge, pasted, refusalOf, type Edit } from './document.ts'
import type { Draft } from './Draft.ts'
import { EdgeInspector } from './EdgeInspector.tsx'
import classes from './Editor.module.css'
import { graphEdge, graphNode } from './graph-of.ts'
import { nextRedo, nextUndo } from './history.ts'
import { JsonPane } from './JsonPane.tsx'
import { NodeInspector } from './NodeInspector.tsx'
import { Outline } from './Outline.tsx'
import { useProblems, type EditorProblem } from './problems.ts'
import { SaveState } from './SaveState.tsx'
import { SettingsInspector } from './SettingsInspector.tsx'
import { editorTexts } from './text.ts'

const route = getRouteApi('/t/$tenant/dags/$dag/edit')

type Dialog =
  | { readonly kind: 'ADD'; readonly after: string | null; readonly at: Point | null }
  | { readonly kind: 'CONNECT'; readonly from: string }
  | { readonly kind: 'PUBLISH' | 'RUN' | 'CLASH' }

interface EditorProps {
  readonly draft: Draft
  readonly dag: Dag
  readonly version: DagVersion
}

/** Draws, configures, checks and publishes one draft. */
export function Editor({ draft, dag, version }: EditorProps) {
  const t = useTexts(editorTexts)
  const d = useTexts(dagsTexts)
  const { api, code: tenant } = useTenant()
  const client = useQueryClient()
  const navigate = route.useNavigate()
  const search = route.useSearch()
  const setSearch = useSetSearch()
  const state = useSyncExternalStore(draft.subscribe, draft.state)
  const { definition, history, status } = state
  const { problems, byServer } = useProblems(dag.code, version.number, state)
  const [selection, setSelection] = useState<GraphSelection>(() => (search.node ? selectNode(search.node) : NOTHING_SELECTED))
  const [dialog, open] = useState<Dialog | null>(null)
  const graph = useRef<GraphHandle>(null)
  const inspector = useRef<HTMLDivElement>(null)
  usePageTitle(t('title', { code: dag.code }))

  const select = useCallback(
    (next: GraphSelection) => {
      setSelection(next)
      setSearch({ node: next.nodes.at(-1) })
    },
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- it means the same every time.
    [],
  )
  const edit = useCallback((change: Edit) => draft.edit(change), [draft])
  const close = () => {
    open(null)
    // The dialog gives the focus back to what opened it only where that still is.
    setTimeout(() => document.activeElement === document.body && graph.current?.focus())
  }
  const chosen = selection.nodes.filter((code) => definition.nodes.some((node) => node.code === code))
  const node = chosen.length === 1 ? definition.nodes.find(({ code }) => code === chosen[0]) : undefined
  const edge = selection.edge && definition.edges.find((each) => isSameEdge(each, selection.edge!))

  const remove = () => {
    if (chosen.length === 0 && !edge) return
    const kept = definition.edges.find(({ to }) => chosen.includes(to))?.from
    edit({ kind: 'REMOVE', nodes: chosen, edge: edge ? { from: edge.from, to: edge.to } : null })
    select(kept !== undefined && !chosen.includes(kept) ? selectNode(kept) : NOTHING_SELECTED)
    graph.current?.focus()
  }
  const layOut = async () => {
    const places = await layOutAside({
      ids: definition.nodes.map(({ code }) => code).sort(),
      edges: definition.edges.map(({ from, to }) => ({ from, to })),
      labelled: definition.edges.some(({ condition }) => condition !== undefined),
    })
    edit({ kind: 'LAY_OUT', places: [...places] })
    requestAnimationFrame(() => graph.current?.fit())
  }
  const nudge = (by: Point) => {
    const places = graph.current?.places()
    const moves = chosen.flatMap((code) => {
      const place = places?.get(code)
      return place ? [[code, { x: place.x + by.x, y: place.y + by.y }] as const] : []
    })
    if (moves.length > 0) edit(movesOf(definition, graph.current, new Map(moves)))
  }
  const duplicate = () => {
    const paste = pasted(copied(definition, chosen), definition)
    if (!paste) return
    edit(paste)
    select({ nodes: paste.nodes.map(({ code }) => code), edge: null })
  }
  const focusInspector = () => inspector.current?.querySelector<HTMLElement>('input, textarea, button')?.focus()

  const onKey = (event: KeyboardEvent): boolean => {
    const command = event.ctrlKey || event.metaKey
    const key = event.key.toLowerCase()
    if (event.altKey && NUDGES[event.key]) nudge(NUDGES[event.key]!)
    else if (command && key === 'a') setSelection({ nodes: definition.nodes.map(({ code }) => code), edge: null })
    else if (command && key === 'd') duplicate()
    else if (command || event.altKey) return false
    else if (key === 'a') open({ kind: 'ADD', after: chosen.at(-1) ?? null, at: null })
    else if (key === 'c' && chosen.length > 0) open({ kind: 'CONNECT', from: chosen.at(-1)! })
    else if (key === 'e') focusInspector()
    else if (key === 'l') void layOut()
    else if (key === 'delete' || key === 'backspace') remove()
    else return false
    return true
  }
  useCommands({
    draft,
    definition,
    chosen,
    onPaste: (paste) => (edit(paste), select({ nodes: paste.nodes.map(({ code }) => code), edge: null })),
  })
  useEffect(() => {
    const look = () => void draft.refresh()
    window.addEventListener('focus', look)
    const timer = setInterval(() => document.hidden || look(), REFRESH_MS)
    return () => {
      window.removeEventListener('focus', look)
      clearInterval(timer)
    }
  }, [draft])

  const view = search.view ?? 'graph'
  const added = (code: string) => {
    select(selectNode(code))
    close()
  }
  return (
    <div className={classes['page']}>
      <Group justify="space-between" gap="xs" mb="xs">
        <Group gap="sm">
          <Text component="h1" fw={600} fz="1.25rem" className="foreign">
            {t('title', { code: dag.code })}
          </Text>
          <SaveState
            status={status}
            number={version.number}
            onChoose={() => open({ kind: 'CLASH' })}
            onSaveAsNew={async () => {
              const copy = await api.dagVersions.create({
                params: { dag: dag.code },
                body: { definition: definition as DagVersion['definition'], incomplete: true },
              })
              await navigate({ search: { version: String(copy.number) } })
            }}
          />
        </Group>
        <Group gap="xs">
          <Anchor component={Link} to={`/t/${tenant}/dags/${dag.code}`} size="sm">
            {t('more', { code: dag.code })}
          </Anchor>
          {dag.active !== null && (
            <Button variant="default" onClick={() => open({ kind: 'RUN' })}>
              {t('run')}
            </Button>
          )}
          <Button onClick={() => open({ kind: 'PUBLISH' })}>{t('publish')}</Button>
        </Group>
      </Group>
      <Group gap="xs" mb="xs">
        <SegmentedControl
          size="xs"
          aria-label={t('view')}
          data={(['graph', 'outline', 'json'] as const).map((value) => ({ value, label: t(value) }))}
          value={view}
          onChange={(next) => setSearch({ view: next === 'graph' ? undefined : next })}
        />
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<Plus size={14} aria-hidden />}
          onClick={() => open({ kind: 'ADD', after: chosen.at(-1) ?? null, at: null })}
        >
          {t('addNode')}
        </Button>
        <Step
          label={stepText(t, 'undo', nextUndo(history))}
          icon={<Undo2 size={16} aria-hidden />}
          disabled={history.at === 0}
          onClick={() => draft.undo()}
        />
        <Step
          label={stepText(t, 'redo', nextRedo(history))}
          icon={<Redo2 size={16} aria-hidden />}
          disabled={history.at === history.edits.length}
          onClick={() => draft.redo()}
        />
        <Step
          label={t('layOut')}
          icon={<LayoutGrid size={16} aria-hidden />}
          disabled={definition.nodes.length === 0}
          onClick={() => void layOut()}
        />
        {chosen.length > 1 && <Text size="sm">{t('selectedMany', { count: chosen.length })}</Text>}
      </Group>
      <Text size="sm" c="dimmed" mb="xs" hiddenFrom="sm">
        {t('narrow')}
      </Text>
      <div className={classes['body']}>
        <div className={classes['main']}>
          {view === 'graph' && (
            <Canvas
              {...{ graph, definition, problems, selection, onKey }}
              label={`${d('graphOf', { code: dag.code, number: version.number })}. ${t('keys')}`}
              onSelect={select}
              onOpen={focusInspector}
              onEdit={edit}
              onAdd={(after, at) => open({ kind: 'ADD', after, at })}
            />
          )}
          {view === 'outline' && <Outline {...{ definition, problems, selection }} onSelect={select} />}
          {view === 'json' && (
            <JsonPane definition={definition} onTake={(next) => edit({ kind: 'REPLACE', definition: next, why: 'JSON' })} />
          )}
          <Problems {...{ problems, byServer }} onSelect={(next) => (select(next), graph.current?.focus())} />
        </div>
        <Paper withBorder p="sm" className={classes['inspector']} ref={inspector} component="section" aria-label={t('inspector')}>
          {node ? (
            <NodeInspector
              {...{ node, definition }}
              problems={problems.filter((problem) => problem.node === node.code)}
              onEdit={edit}
              onRename={(code) => select(selectNode(code))}
              onSelectEdge={(ends) => select(selectEdge(ends))}
              onConnect={() => open({ kind: 'CONNECT', from: node.code })}
              onRemove={remove}
            />
          ) : edge ? (
            <EdgeInspector
              {...{ edge, definition }}
              problems={problems
                .filter((problem) => problem.edge && isSameEdge(problem.edge, edge))
                .map(({ message }) => message)}
              onEdit={edit}
              onRemove={remove}
            />
          ) : (
            <SettingsInspector definition={definition} problems={problems} onEdit={edit} />
          )}
        </Paper>
      </div>
      {dialog?.kind === 'ADD' && (
        <AddNodeDialog
          definition={definition}
          after={dialog.after}
          onClose={close}
          onAdd={(made, after) => {
            const position = placeFor(definition, graph.current, dialog.at, after)
            edit({ kind: 'ADD_NODE', node: position ? { ...made, position } : made, after })
            added(made.code)
          }}
        />
      )}
      {dialog?.kind === 'CONNECT' && (
        <ConnectDialog
          definition={definition}
          from={dialog.from}
          onClose={close}
          onConnect={(to, condition) => {
            const ends = { from: dialog.from, to }
            edit({ kind: 'ADD_EDGE', edge: { ...ends, ...(condition === '' ? {} : { condition }) } })
            close()
          }}
        />
      )}
      {dialog?.kind === 'RUN' && <RunDialog dag={dag.code} onClose={close} />}
      {dialog?.kind === 'CLASH' && status.kind === 'CLASH' && (
        <ClashDialog
          clashes={status.clashes}
          onClose={close}
          onSettle={(choices) => {
            draft.settle(choices)
            close()
          }}
        />
      )}
      {dialog?.kind === 'PUBLISH' && (
        <PublishDialog
          dag={dag.code}
          number={version.number}
          createdAt={version.createdAt}
          definition={definition}
          problemCount={problems.length}
          flush={() => draft.flush()}
          revision={() => draft.state().saved.revision}
          onTake={(base, theirs) => draft.take(base, theirs, {})}
          onClose={close}
          onPublished={async (run) => {
            say(t('published', { number: version.number }))
            await draft.forget()
            await client.invalidateQueries({ queryKey: ['dags', tenant] })
            await navigate({ to: '/t/$tenant/dags/$dag', params: { tenant, dag: dag.code }, search: run ? { run: '1' } : {} })
          }}
        />
      )}
    </div>
  )
}

const REFRESH_MS = 10_000
const STEP = 20
const NUDGES: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -STEP, y: 0 },
  ArrowRight: { x: STEP, y: 0 },
  ArrowUp: { x: 0, y: -STEP },
  ArrowDown: { x: 0, y: STEP },
}

function stepText(t: Translate<EditorKey>, word: 'undo' | 'redo', step: Edit | null): string {
  return step === null ? t(`${word}Nothing`) : t(word, { what: describe(t, step) })
}

type EditorKey = 'undo' | 'redo' | 'undoNothing' | 'redoNothing' | Exclude<Edit['kind'], 'REPLACE'> | 'JSON' | 'MERGE'

/** An edit in words: "add load". */
function describe(t: Translate<EditorKey>, edit: Edit): string {
  switch (edit.kind) {
    case 'ADD_NODE':
      return t('ADD_NODE', { code: edit.node.code })
    case 'CHANGE_NODE':
      return t('CHANGE_NODE', { code: edit.code })
    case 'REMOVE':
      return t('REMOVE', { code: edit.nodes.length > 0 ? edit.nodes.join(', ') : `${edit.edge?.from} → ${edit.edge?.to}` })
    case 'ADD_EDGE':
    case 'CHANGE_EDGE':
      return t(edit.kind, { code: `${edit.edge.from} → ${edit.edge.to}` })
    case 'MOVE':
      return t('MOVE', { code: edit.places.map(([code]) => code).join(', ') })
    case 'PASTE':
      return t('PASTE', { code: edit.nodes.map(({ code }) => code).join(', ') })
    case 'REPLACE':
      return t(edit.why)
    case 'LAY_OUT':
    case 'SETTINGS':
      return t(edit.kind)
  }
}

const COLUMN = NODE_WIDTH + 100
const ROW = NODE_HEIGHT + 40

/** Where a new node is drawn; in a graph without any place of its own the layout finds one. */
function placeFor(
  { nodes }: DagDefinition,
  graph: GraphHandle | null,
  at: Point | null,
  after: string | null,
): Point | undefined {
  if (at !== null) return { x: Math.round(at.x), y: Math.round(at.y) }
  if (nodes.every(({ position }) => position === undefined)) return undefined
  const places = graph?.places()
  const before = after === null ? undefined : places?.get(after)
  const centre = graph?.centre() ?? { x: 0, y: 0 }
  let place = before ? { x: before.x + COLUMN, y: before.y } : { x: Math.round(centre.x), y: Math.round(centre.y) }
  const isTaken = ({ x, y }: Point) =>
    [...(places?.values() ?? [])].some((other) => Math.abs(other.x - x) < NODE_WIDTH && Math.abs(other.y - y) < NODE_HEIGHT)
  while (isTaken(place)) place = { ...place, y: place.y + ROW }
  return place
}

function Step({ label, icon, disabled, onClick }: { label: string; icon: ReactNode; disabled: boolean; onClick: () => void }) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="default" size={28} aria-label={label} disabled={disabled} onClick={onClick}>
        {icon}
      </ActionIcon>
    </Tooltip>
  )
}

interface CanvasProps {
  readonly graph: RefObject<GraphHandle | null>
  readonly label: string
  readonly definition: DagDefinition
  readonly problems: readonly EditorProblem[]
  readonly selection: GraphSelection
  readonly onSelect: (selection: GraphSelection) => void
  readonly onOpen: () => void
  readonly onKey: (event: KeyboardEvent) => boolean
  readonly onEdit: (edit: Edit) => void
  readonly onAdd: (after: string | null, at: Point) => void
}

function Canvas({ graph, label, definition, problems, selection, onSelect, onOpen, onKey, onEdit, onAdd }: CanvasProps) {
  const t = useTexts(editorTexts)
  const known = useRef({ nodes: new Map<object, GraphNode>(), edges: new Map<object, GraphEdge>() })
  const { nodes, edges } = useMemo(() => {
    const wrongNodes = new Set(problems.map(({ node }) => node))
    const wrongEdges = new Set(problems.flatMap(({ edge }) => (edge ? [`${edge.from} ${edge.to}`] : [])))
    // What did not change is the same object again: only what changed is looked at by the graph.
    const drawn = { nodes: new Map<object, GraphNode>(), edges: new Map<object, GraphEdge>() }
    for (const node of definition.nodes) {
      const wrong = wrongNodes.has(node.code)
      const before = known.current.nodes.get(node)
      drawn.nodes.set(
        node,
        before && (before.mark === 'problem') === wrong ? before : graphNode(node, wrong ? 'problem' : undefined),
      )
    }
    for (const edge of definition.edges) {
      const wrong = wrongEdges.has(`${edge.from} ${edge.to}`)
      const before = known.current.edges.get(edge)
      drawn.edges.set(
        edge,
        before && (before.mark === 'problem') === wrong ? before : graphEdge(edge, wrong ? 'problem' : undefined),
      )
    }
    known.current = drawn
    return { nodes: [...drawn.nodes.values()], edges: [...drawn.edges.values()] }
  }, [definition, problems])
  return (
    <DagGraph
      ref={graph}
      label={label}
      height="100%"
      nodes={nodes}
      edges={edges}
      selection={selection}
      onSelect={onSelect}
      onOpen={onOpen}
      onKey={onKey}
      editing={{
        onMove: (moves) => onEdit(movesOf(definition, graph.current, moves)),
        refusal: (from, to) => {
          const refused = refusalOf(definition, from, to)
          return refused === null ? null : refusalText(t, refused)
        },
        onConnect: (from, to) => {
          onEdit({ kind: 'ADD_EDGE', edge: { from, to } })
          onSelect(selectEdge({ from, to }))
        },
        onConnectNew: onAdd,
      }}
    />
  )
}

/** Once one is placed by hand all are: else the layout would draw the others around it anew with every edge. */
function movesOf({ nodes }: DagDefinition, graph: GraphHandle | null, moves: ReadonlyMap<string, Point>): Edit {
  const stand = nodes.flatMap(({ code, position }) => {
    const place = position === undefined ? graph?.places()?.get(code) : undefined
    return place && !moves.has(code) ? [[code, place] as const] : []
  })
  return { kind: 'MOVE', places: [...moves, ...stand] }
}

function Problems({
  problems,
  byServer,
  onSelect,
}: {
  problems: readonly EditorProblem[]
  byServer: boolean
  onSelect: (selection: GraphSelection) => void
}) {
  const t = useTexts(editorTexts)
  return (
    <section aria-label={t('problems')} className={classes['problems']}>
      <Group gap="xs">
        <Text fw={600} size="sm" role="status">
          {problems.length === 0 ? t('noProblems') : t('problemCount', { count: problems.length })}
        </Text>
        {!byServer && (
          <Text size="xs" c="dimmed">
            {t('checkedHere')}
          </Text>
        )}
      </Group>
      {problems.length > 0 && (
        <ul className={classes['problemList']}>
          {problems.map(({ node, edge, path, message }) => (
            <li key={`${node} ${edge?.from} ${edge?.to} ${path} ${message}`}>
              {node === null && edge === null ? (
                <span className="foreign">{message}</span>
              ) : (
                <Button
                  variant="subtle"
                  size="compact-sm"
                  styles={{ label: { whiteSpace: 'normal', textAlign: 'left' }, root: { height: 'auto', minHeight: 26 } }}
                  onClick={() => onSelect(edge ? selectEdge(edge) : selectNode(node!))}
                >
                  {edge ? `${edge.from} → ${edge.to}` : node}
                  {path} – {message}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

interface Commands {
  readonly draft: Draft
  readonly definition: DagDefinition
  readonly chosen: readonly string[]
  readonly onPaste: (edit: Extract<Edit, { kind: 'PASTE' }>) => void
}

/** Undo, redo, copy and paste anywhere on the page but in fields, which have their own. */
function useCommands(commands: Commands): void {
  const t = useTexts(editorTexts)
  const latest = useRef(commands)
  latest.current = commands
  useEffect(() => {
    const stop = new AbortController()
    const inField = (target: EventTarget | null) =>
      target instanceof HTMLElement && target.closest('input, textarea, [contenteditable], [role="dialog"]') !== null
    const on = <K extends keyof DocumentEventMap>(type: K, listener: (event: DocumentEventMap[K]) => void) =>
      document.addEventListener(type, (event) => inField(event.target) || listener(event), { signal: stop.signal })
    on('keydown', (event) => {
      if (!event.ctrlKey && !event.metaKey) return
      const key = event.key.toLowerCase()
      const redo = key === 'y' || (key === 'z' && event.shiftKey)
      if (key !== 'z' && !redo) return
      event.preventDefault()
      if (redo) latest.current.draft.redo()
      else latest.current.draft.undo()
    })
    on('copy', (event) => {
      const { definition, chosen } = latest.current
      if (chosen.length === 0 || String(document.getSelection()) !== '') return
      event.preventDefault()
      event.clipboardData?.setData('text/plain', copied(definition, chosen))
      say(t('copiedNodes', { count: chosen.length }))
    })
    on('paste', (event) => {
      const edit = pasted(event.clipboardData?.getData('text/plain') ?? '', latest.current.definition)
      if (!edit) return
      event.preventDefault()
      latest.current.onPaste(edit)
    })
    return () => stop.abort()
  }, [t])
}
