import { STATES_BY_NEED, type StateWord } from '../states.ts'
import { ranksOf, type Shape } from './ranks.ts'
import type { GraphEdge, GraphNode } from './model.ts'

/** Nodes that belong together, which can be drawn as one. */
export interface NodeGroup {
  readonly id: string
  readonly name: string
  readonly members: readonly string[]
}

/** Name → the group. */
export type Groups = ReadonlyMap<string, NodeGroup>

/**
 * The groups of a graph by the names of its nodes: `load-eu` and `load-us` are `load`, `step1` and `step2` are `step`. Where one node for
 * each of them would close a circle (`eu-begin → all → eu-end`), only what stands in one column belongs together. So whichever of them are
 * folded, the graph has no cycle that it had not before.
 */
export function groupsOf(shape: Shape): Groups {
  const byName = groupsBy(shape.ids, stemOf)
  if (isForward(contracted(shape, byName))) return byName
  const ranks = ranksOf(shape)
  return groupsBy(shape.ids, (id) => {
    const stem = stemOf(id)
    return stem === null ? null : `${stem} ${ranks.get(id)! + 1}`
  })
}

/** What a name begins with, before its last part or its number. */
function stemOf(id: string): string | null {
  const [, stem] = /^(.+)[-_][^-_]+$/.exec(id) ?? /^(.*[^\d])\d+$/.exec(id) ?? []
  return stem ?? null
}

function groupsBy(ids: readonly string[], keyOf: (id: string) => string | null): Groups {
  const members = new Map<string, string[]>()
  for (const id of ids) {
    const key = keyOf(id)
    const known = key === null ? undefined : members.get(key)
    if (known) known.push(id)
    else if (key !== null) members.set(key, [id])
  }
  // A colon is in no node's name.
  const groups = [...members].filter(([, of]) => of.length > 1)
  return new Map(groups.map(([name, of]) => [name, { id: `group:${name}`, name, members: of }]))
}

function contracted({ ids, edges }: Shape, groups: Groups): Shape {
  const standsFor = drawnAs(groups.values())
  const drawn = (id: string) => standsFor.get(id) ?? id
  return {
    ids: [...new Set(ids.map(drawn))],
    edges: edges.map(({ from, to }) => ({ from: drawn(from), to: drawn(to) })).filter(({ from, to }) => from !== to),
  }
}

/** In a circle some edge leads to where it came from, or back. */
function isForward(shape: Shape): boolean {
  const ranks = ranksOf(shape)
  return shape.edges.every(({ from, to }) => ranks.get(from)! < ranks.get(to)!)
}

/** The id under which a member of these groups is drawn. */
export function drawnAs(folded: Iterable<NodeGroup>): ReadonlyMap<string, string> {
  return new Map(Array.from(folded).flatMap(({ id, members }) => members.map((member) => [member, id] as const)))
}

/** The graph with one node for each of these groups, which says how many of its members are in which state. */
export function fold(
  graph: { readonly nodes: readonly GraphNode[]; readonly edges: readonly GraphEdge[] },
  folded: readonly NodeGroup[],
): { readonly nodes: readonly GraphNode[]; readonly edges: readonly GraphEdge[] } {
  if (folded.length === 0) return graph
  const standsFor = drawnAs(folded)
  const byId = new Map(graph.nodes.map((node) => [node.id, node]))
  const groups = folded.map((group) =>
    groupNode(
      group,
      group.members.flatMap((id) => byId.get(id) ?? []),
    ),
  )
  const edges = new Map<string, GraphEdge>()
  for (const edge of graph.edges) {
    const from = standsFor.get(edge.from) ?? edge.from
    const to = standsFor.get(edge.to) ?? edge.to
    if (from === to) continue
    if (from === edge.from && to === edge.to) edges.set(`${from} ${to}`, edge)
    else edges.set(`${from} ${to}`, joined({ from, to }, edges.get(`${from} ${to}`), edge))
  }
  return { nodes: [...graph.nodes.filter(({ id }) => !standsFor.has(id)), ...groups], edges: [...edges.values()] }
}

/** Taken when one of them was; not taken when none was. */
function joined(ends: Pick<GraphEdge, 'from' | 'to'>, before: GraphEdge | undefined, edge: GraphEdge): GraphEdge {
  const both = before === undefined ? [edge.taken] : [before.taken, edge.taken]
  if (both.includes(true)) return { ...ends, taken: true }
  return both.includes(undefined) ? ends : { ...ends, taken: false }
}

function groupNode({ id, name }: NodeGroup, members: readonly GraphNode[]): GraphNode {
  const tally = tallyOf(members)
  const starts = members.flatMap(({ startedAt }) => (typeof startedAt === 'number' ? [startedAt] : []))
  const ends = members.flatMap(({ endedAt }) => (typeof endedAt === 'number' ? [endedAt] : []))
  const position = members.find((member) => member.position !== undefined)?.position
  return {
    id,
    name,
    kind: 'group',
    elements: members.length,
    tally,
    ...(tally[0] === undefined ? {} : { state: tally[0].state }),
    ...(starts.length === 0 ? {} : { startedAt: Math.min(...starts) }),
    ...(ends.length < members.length ? {} : { endedAt: Math.max(...ends) }),
    ...(position === undefined ? {} : { position }),
  }
}

/** What needs a look first stands first. */
function tallyOf(members: readonly GraphNode[]): NonNullable<GraphNode['tally']> {
  const counts = new Map<StateWord, number>()
  for (const { state } of members) if (state !== undefined) counts.set(state, (counts.get(state) ?? 0) + 1)
  return STATES_BY_NEED.flatMap((state) => (counts.has(state) ? [{ state, count: counts.get(state)! }] : []))
}
