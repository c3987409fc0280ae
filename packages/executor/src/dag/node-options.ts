import type { ApprovalDefinition, ForEachDefinition, NodeDefinition } from '@carillon/core'
import type { TypedHandler } from '../define-handler.ts'
import type { DagSource } from './define-dag.ts'
import type { Templated } from './expression.ts'

/**
 * What leads to a node: the code of one or several nodes, or these with the condition under which each does (`true`: without one). A
 * condition sees how that node ended: `state`, `output`, `error`, and `params` of the run.
 *
 * @example after: { extract: 'size(output.rows) > 0', check: true }
 */
export type After<Codes extends string> = Codes | readonly Codes[] | { readonly [C in Codes]?: string | true }

/** A handler's parameters as a node gives them: some may be the task's own, and any may be computed. */
export type NodeParams<P> = unknown extends P ? Readonly<Record<string, unknown>> : { readonly [K in keyof P]?: Templated<P[K]> }

type Common<Codes extends string> = Pick<
  NodeDefinition,
  'name' | 'triggerRule' | 'mayFail' | 'timeoutMs' | 'retry' | 'priority' | 'route' | 'position'
> & { readonly after?: After<Codes> }

interface TaskNode<P> {
  /** The code of the task. */
  readonly task: string
  /** What executes the task: types `params`, and runs in tests. It is not part of the definition. */
  readonly handler?: TypedHandler<P>
  readonly params?: NodeParams<NoInfer<P>>
  readonly forEach?: ForEachDefinition
}

interface DagNode {
  /** Another DAG, or its code. */
  readonly dag: string | DagSource
  /** A version other than the active one. */
  readonly dagVersion?: number
  readonly params?: Readonly<Record<string, unknown>>
}

interface ApprovalNode {
  readonly approval: ApprovalDefinition
}

interface WaitNode {
  readonly wait:
    | { readonly ms: number }
    | { readonly until: string }
    | { readonly event: { readonly name: string; readonly key: string; readonly timeoutMs?: number } }
}

/** Of the fields that say what a node does, those of one kind. */
type OneOf<Kind, All extends string> = Kind & { readonly [K in Exclude<All, keyof Kind>]?: never }

type Fields = keyof TaskNode<unknown> | keyof DagNode | keyof ApprovalNode | keyof WaitNode

/** What a node does, and when. `Codes`: the nodes that it may come after. */
export type NodeOptions<Codes extends string, P> = Common<Codes> &
  (OneOf<TaskNode<P>, Fields> | OneOf<DagNode, Fields> | OneOf<ApprovalNode, Fields> | OneOf<WaitNode, Fields>)
