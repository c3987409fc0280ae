import type { DagDefinition, EdgeDefinition, NodeDefinition } from '@carillon/core'

/** One thing that a person did to a definition. Plain data: it is kept in the browser and replayed after a closed tab. */
export type Edit =
  | { readonly kind: 'ADD_NODE'; readonly node: NodeDefinition; readonly after: string | null }
  | { readonly kind: 'CHANGE_NODE'; readonly code: string; readonly node: NodeDefinition }
  | { readonly kind: 'REMOVE'; readonly nodes: readonly string[]; readonly edge: EdgeEnds | null }
  | { readonly kind: 'ADD_EDGE'; readonly edge: EdgeDefinition }
  | { readonly kind: 'CHANGE_EDGE'; readonly edge: EdgeDefinition }
  | { readonly kind: 'MOVE'; readonly places: readonly (readonly [string, Place])[] }
  | { readonly kind: 'LAY_OUT'; readonly places: readonly (readonly [string, Place])[] }
  | { readonly kind: 'PASTE'; readonly nodes: readonly NodeDefinition[]; readonly edges: readonly EdgeDefinition[] }
  | { readonly kind: 'SETTINGS'; readonly settings: Settings }
  /** Written as JSON, or brought together with what somebody else has saved. */
  | { readonly kind: 'REPLACE'; readonly definition: DagDefinition; readonly why: 'JSON' | 'MERGE' }

export interface EdgeEnds {
  readonly from: string
  readonly to: string
}

interface Place {
  readonly x: number
  readonly y: number
}

/** All of a definition besides its graph. */
export type Settings = Omit<DagDefinition, 'nodes' | 'edges'>

export const isSameEdge = (a: EdgeEnds, b: EdgeEnds): boolean => a.from === b.from && a.to === b.to

/** The definition after an edit. Nodes and edges that the edit does not touch stay the same objects. */
export function applyEdit(definition: DagDefinition, edit: Edit): DagDefinition {
  const { nodes, edges } = definition
  switch (edit.kind) {
    case 'ADD_NODE':
      return {
        ...definition,
        nodes: [...nodes, edit.node],
        edges: edit.after === null ? edges : [...edges, { from: edit.after, to: edit.node.code }],
      }
    case 'CHANGE_NODE':
      return renamed(
        { ...definition, nodes: nodes.map((node) => (node.code === edit.code ? edit.node : node)) },
        edit.code,
        edit.node.code,
      )
    case 'REMOVE': {
      const gone = new Set(edit.nodes)
      const stays = (edge: EdgeDefinition) =>
        !gone.has(edge.from) && !gone.has(edge.to) && !(edit.edge !== null && isSameEdge(edge, edit.edge))
      return { ...definition, nodes: nodes.filter(({ code }) => !gone.has(code)), edges: edges.filter(stays) }
    }
    case 'ADD_EDGE':
      return { ...definition, edges: [...edges, edit.edge] }
    case 'CHANGE_EDGE':
      return { ...definition, edges: edges.map((edge) => (isSameEdge(edge, edit.edge) ? edit.edge : edge)) }
    case 'MOVE':
    case 'LAY_OUT': {
      const places = new Map(edit.places)
      return {
        ...definition,
        nodes: nodes.map((node) => {
          const position = places.get(node.code)
          return position ? { ...node, position } : node
        }),
      }
    }
    case 'PASTE':
      return { ...definition, nodes: [...nodes, ...edit.nodes], edges: [...edges, ...edit.edges] }
    case 'SETTINGS':
      return { ...edit.settings, nodes, edges }
    case 'REPLACE':
      return edit.definition
  }
}

/** Under another code a node keeps its edges. */
function renamed(definition: DagDefinition, from: string, to: string): DagDefinition {
  if (from === to) return definition
  const end = (code: string) => (code === from ? to : code)
  return {
    ...definition,
    edges: definition.edges.map((edge) =>
      edge.from === from || edge.to === from ? { ...edge, from: end(edge.from), to: end(edge.to) } : edge,
    ),
  }
}

export const NODE_CODE = /^[a-zA-Z][a-zA-Z0-9_-]{0,62}$/

/** `load`, or the first of `load-2`, `load-3` … that no node has. */
export function freshCode(wanted: string, taken: ReadonlySet<string>): string {
  const base = NODE_CODE.test(wanted) ? wanted : wanted.replace(/[^a-zA-Z0-9_-]+/g, '-').replace(/^[^a-zA-Z]+/, '') || 'node'
  const short = base.slice(0, 58)
  if (!taken.has(short)) return short
  for (let n = 2; ; n++) if (!taken.has(`${short}-${n}`)) return `${short}-${n}`
}

/** Why no edge may lead from one node to another: it is there, or it would close the cycle that is named. Null: it may. */
export type EdgeRefusal = { readonly kind: 'ITSELF' | 'THERE' } | { readonly kind: 'CYCLE'; readonly way: readonly string[] }

export function refusalOf({ edges }: DagDefinition, from: string, to: string): EdgeRefusal | null {
  if (from === to) return { kind: 'ITSELF' }
  if (edges.some((edge) => isSameEdge(edge, { from, to }))) return { kind: 'THERE' }
  const way = wayBetween(edges, to, from)
  return way === null ? null : { kind: 'CYCLE', way: [from, ...way] }
}

/** A way along edges, both ends included. */
function wayBetween(edges: readonly EdgeDefinition[], from: string, to: string): readonly string[] | null {
  const after = new Map<string, string[]>()
  for (const edge of edges) after.set(edge.from, [...(after.get(edge.from) ?? []), edge.to])
  const cameFrom = new Map<string, string | null>([[from, null]])
  const queue = [from]
  for (const code of queue) {
    if (code === to) break
    for (const next of after.get(code) ?? []) {
      if (cameFrom.has(next)) continue
      cameFrom.set(next, code)
      queue.push(next)
    }
  }
  if (!cameFrom.has(to)) return null
  const way: string[] = []
  for (let code: string | null = to; code !== null; code = cameFrom.get(code) ?? null) way.unshift(code)
  return way
}

/** What of a definition goes with these nodes: the text that copying gives, for this DAG, another one, or an editor of text. */
export function copied({ nodes, edges }: DagDefinition, codes: readonly string[]): string {
  const chosen = new Set(codes)
  return JSON.stringify(
    {
      nodes: nodes.filter(({ code }) => chosen.has(code)),
      edges: edges.filter(({ from, to }) => chosen.has(from) && chosen.has(to)),
    },
    null,
    2,
  )
}

const PASTED_ASIDE = 40

/** Copied nodes under codes that are free here, a little aside. Null: the text is none that was copied. */
export function pasted(text: string, definition: DagDefinition): Extract<Edit, { kind: 'PASTE' }> | null {
  const value = parsed(text)
  if (value === null || value.nodes.length === 0) return null
  const taken = new Set(definition.nodes.map(({ code }) => code))
  const codes = new Map<string, string>()
  for (const { code } of value.nodes) {
    const fresh = freshCode(code, taken)
    taken.add(fresh)
    codes.set(code, fresh)
  }
  return {
    kind: 'PASTE',
    nodes: value.nodes.map((node) => ({
      ...node,
      code: codes.get(node.code)!,
      ...(node.position ? { position: { x: node.position.x + PASTED_ASIDE, y: node.position.y + PASTED_ASIDE } } : {}),
    })),
    edges: value.edges.flatMap((edge) => {
      const [from, to] = [codes.get(edge.from), codes.get(edge.to)]
      return from !== undefined && to !== undefined ? [{ ...edge, from, to }] : []
    }),
  }
}

function parsed(text: string): Pick<DagDefinition, 'nodes' | 'edges'> | null {
  try {
    const value = JSON.parse(text) as { nodes?: unknown; edges?: unknown } | null
    if (!Array.isArray(value?.nodes)) return null
    const nodes = value.nodes.filter(
      (node): node is NodeDefinition => typeof node === 'object' && node !== null && NODE_CODE.test(String(node.code)),
    )
    return { nodes, edges: Array.isArray(value.edges) ? (value.edges as EdgeDefinition[]) : [] }
  } catch {
    return null
  }
}
