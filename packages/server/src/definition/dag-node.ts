import type { DagEdge, DagNode } from '@carillon/contract'
import { CarillonError, type DagDefinition } from '@carillon/core'
import type { DagVersionRow } from '../storage/dag-version.ts'
import { checkDraft, findDagVersion, lockDraft, rewriteVersion } from './dag-version.ts'
import type { Change, Edit } from './edit.ts'
import { invalid } from './invalid.ts'
import type { Transaction } from '../storage/database.ts'

// Nodes and edges of a draft, one at a time: what an editor does while somebody draws.

/** Which draft, and which of its revisions the caller has read. `incomplete`: keep it although it is not valid yet. */
export interface DraftRef {
  readonly dag: string
  readonly number: number
  readonly revision: number
  readonly incomplete?: boolean
}

export function addNode(edit: Edit, ref: DraftRef, node: DagNode): Promise<Change<DagVersionRow>> {
  return change(edit, ref, { node }, (definition) => {
    if (definition.nodes.some(({ code }) => code === node.code))
      throw invalid('/body/node/code', `names the node ${node.code}, which this draft has already`)
    return { ...definition, nodes: [...definition.nodes, node as Node] }
  })
}

/** Replaces a node. Where its code changes, its edges follow; expressions that name it do not. */
export function changeNode(edit: Edit, ref: DraftRef, code: string, node: DagNode): Promise<Change<DagVersionRow>> {
  return change(edit, ref, { code, node }, (definition) => {
    nodeIn(definition, code)
    if (node.code !== code && definition.nodes.some((other) => other.code === node.code))
      throw invalid('/body/node/code', `names the node ${node.code}, which this draft has already`)
    const moved = (end: string) => (end === code ? node.code : end)
    return {
      ...definition,
      nodes: definition.nodes.map((other) => (other.code === code ? (node as Node) : other)),
      edges: definition.edges.map((edge) => ({ ...edge, from: moved(edge.from), to: moved(edge.to) })),
    }
  })
}

/** Removes a node and the edges that lead to it or from it. */
export function removeNode(edit: Edit, ref: DraftRef, code: string): Promise<Change<DagVersionRow>> {
  return change(edit, ref, { removed: code }, (definition) => {
    nodeIn(definition, code)
    return {
      ...definition,
      nodes: definition.nodes.filter((node) => node.code !== code),
      edges: definition.edges.filter(({ from, to }) => from !== code && to !== code),
    }
  })
}

export function addEdge(edit: Edit, ref: DraftRef, edge: DagEdge): Promise<Change<DagVersionRow>> {
  return change(edit, ref, { edge }, (definition) => {
    if (definition.edges.some(({ from, to }) => from === edge.from && to === edge.to))
      throw invalid('/body/edge', `leads from ${edge.from} to ${edge.to}, as an edge of this draft does already`)
    return { ...definition, edges: [...definition.edges, edge as Edge] }
  })
}

/** Gives an edge another condition; null: none. */
export function changeEdge(
  edit: Edit,
  ref: DraftRef,
  ends: Pick<DagEdge, 'from' | 'to'>,
  condition: string | null,
): Promise<Change<DagVersionRow>> {
  return change(edit, ref, { edge: { ...ends, condition } }, (definition) => {
    const edge = edgeIn(definition, ends)
    const changed = { from: edge.from, to: edge.to, ...(condition === null ? {} : { condition }) }
    return { ...definition, edges: definition.edges.map((other) => (other === edge ? changed : other)) }
  })
}

export function removeEdge(edit: Edit, ref: DraftRef, ends: Pick<DagEdge, 'from' | 'to'>): Promise<Change<DagVersionRow>> {
  return change(edit, ref, { removed: ends }, (definition) => {
    const edge = edgeIn(definition, ends)
    return { ...definition, edges: definition.edges.filter((other) => other !== edge) }
  })
}

/** A node of any version. */
export async function findNode(tx: Transaction, tenantId: number, ref: Omit<DraftRef, 'revision'>, code: string): Promise<Node> {
  return nodeIn((await findDagVersion(tx, tenantId, ref.dag, ref.number)).version.definition, code)
}

/** The nodes that lead to a node, or that it leads to, nearest first; 1 is the distance of a neighbour. */
export async function nodesBeside(
  tx: Transaction,
  tenantId: number,
  ref: Omit<DraftRef, 'revision'>,
  code: string,
  direction: 'upstream' | 'downstream',
): Promise<{ code: string; distance: number }[]> {
  const { definition } = (await findDagVersion(tx, tenantId, ref.dag, ref.number)).version
  nodeIn(definition, code)
  const next = new Map<string, string[]>()
  for (const { from, to } of definition.edges) {
    const [here, there] = direction === 'upstream' ? [to, from] : [from, to]
    const known = next.get(here)
    if (known) known.push(there)
    else next.set(here, [there])
  }
  const distances = new Map([[code, 0]])
  // Grows while it is walked through: what is found is looked at in turn.
  for (const [here, distance] of distances)
    for (const there of next.get(here) ?? []) if (!distances.has(there)) distances.set(there, distance + 1)
  return [...distances].slice(1).map(([found, distance]) => ({ code: found, distance }))
}

type Node = DagDefinition['nodes'][number]
type Edge = DagDefinition['edges'][number]

async function change(
  edit: Edit,
  ref: DraftRef,
  what: object,
  how: (definition: DagDefinition) => DagDefinition,
): Promise<Change<DagVersionRow>> {
  const { dag, draft } = await lockDraft(edit, ref.dag, ref.number, ref.revision)
  const definition = how(draft.definition)
  if (!ref.incomplete) await checkDraft(edit, dag, definition)
  const done = await rewriteVersion(edit, draft, definition, draft.note)
  return { ...done, after: { ...(done.after as object), ...what } }
}

function nodeIn({ nodes }: DagDefinition, code: string): Node {
  const node = nodes.find((each) => each.code === code)
  if (!node) throw new CarillonError('NOT_FOUND', `There is no node ${code} in this version.`)
  return node
}

function edgeIn({ edges }: DagDefinition, { from, to }: Pick<DagEdge, 'from' | 'to'>): Edge {
  const edge = edges.find((each) => each.from === from && each.to === to)
  if (!edge) throw new CarillonError('NOT_FOUND', `There is no edge from ${from} to ${to} in this version.`)
  return edge
}
