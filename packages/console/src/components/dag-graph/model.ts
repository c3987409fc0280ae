import type { StateWord } from '../states.ts'

/** What a node does, for its icon. */
export type NodeKind = 'task' | 'dag' | 'approval' | 'wait'

/** What an editor or a comparison says of a node or an edge, besides its state. */
export type Mark = 'added' | 'removed' | 'changed' | 'problem'

/** A node as it is drawn. Give an unchanged node as the same object again: what is equal by identity is not looked at twice. */
export interface GraphNode {
  /** Unique in the graph; what edges and callbacks name. */
  readonly id: string
  readonly name: string
  /** `group`: it stands for several, folded into one. */
  readonly kind: NodeKind | 'group'
  /** The second line: the task's code, the DAG's, what is waited for. */
  readonly detail?: string
  /** Absent: the graph of a definition, where nothing runs. */
  readonly state?: StateWord
  /** Why it is in this state, in words: "waits for a free executor". Read out, and shown while the node is selected. */
  readonly note?: string
  /** Epoch milliseconds. With a start and no end the duration shown grows by itself. */
  readonly startedAt?: number | null
  readonly endedAt?: number | null
  /** 1 = the first try; from the second on it is shown. */
  readonly attempt?: number
  /** 0 … 1 */
  readonly progress?: number | null
  /** Of a fan-out or a group: how many elements. */
  readonly elements?: number
  /** Of a group: how many are in which state. */
  readonly tally?: readonly { readonly state: StateWord; readonly count: number }[]
  readonly mark?: Mark
  /** Top left corner; absent: where the layout puts it. */
  readonly position?: Point
}

export interface GraphEdge {
  readonly from: string
  readonly to: string
  /** Its condition, with the value after evaluation: `rows > 0 → false`. */
  readonly label?: string
  /** Absent: not known yet. Taken edges are drawn solid, others dashed. */
  readonly taken?: boolean
  readonly mark?: Mark
}

export interface Point {
  readonly x: number
  readonly y: number
}

export interface EdgeId {
  readonly from: string
  readonly to: string
}

/** What is selected: nodes, or one edge. The last node is where the keyboard stands. */
export interface GraphSelection {
  readonly nodes: readonly string[]
  readonly edge: EdgeId | null
}

export const NOTHING_SELECTED: GraphSelection = { nodes: [], edge: null }
export const selectNode = (id: string): GraphSelection => ({ nodes: [id], edge: null })
export const selectEdge = ({ from, to }: EdgeId): GraphSelection => ({ nodes: [], edge: { from, to } })

/** Where each node's top left corner is. */
export type Places = ReadonlyMap<string, Point>

/** Every node is drawn in this size, so that a layout needs no measuring and is the same for everyone. */
export const NODE_WIDTH = 200
export const NODE_HEIGHT = 56
