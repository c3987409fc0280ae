import type { ApprovalDefinition, TriggerRule, WaitDefinition } from './definition.ts'

/** What a node of a DAG's plan has beyond a task's. */
export interface NodeControl {
  readonly does:
    | { readonly kind: 'TASK'; readonly taskId: number }
    | { readonly kind: 'DAG'; readonly dagId: number; readonly dagVersion: number | null }
    | { readonly kind: 'APPROVAL'; readonly approval: ApprovalDefinition }
    | { readonly kind: 'WAIT'; readonly wait: WaitDefinition }
  readonly triggerRule: TriggerRule
  readonly mayFail: boolean
  /** Into what it falls apart when it begins. */
  readonly forEach: NodeForEach | null
  /** The node's own priority, over the run's. */
  readonly priority: number | null
  /** Edges that lead here. */
  readonly parents: number
  /** Places in `Plan.edges` of the edges that leave here. */
  readonly edges: readonly number[]
}

export interface NodeForEach {
  readonly over:
    | { readonly kind: 'ITEMS'; readonly items: string }
    /** One element for each; they are laid over the node's own. */
    | { readonly kind: 'SHARDS'; readonly params: readonly Readonly<Record<string, unknown>>[] }
    /** One element for each executor that could take it, and for that one only. */
    | { readonly kind: 'EXECUTORS' }
  /** 0 = no limit. */
  readonly maxParallel: number
  readonly successShare: number
}

/** Each of its elements belongs to one executor, and no other may have it. */
export const isBroadcast = ({ control }: { readonly control?: Pick<NodeControl, 'forEach'> | undefined }): boolean =>
  control?.forEach?.over.kind === 'EXECUTORS'

export interface PlanEdge {
  /** Indexes in `Plan.nodes`. */
  readonly from: number
  readonly to: number
  readonly condition: string | null
}

/** What the engine looks at in a plan: how its nodes hang together. A `Plan` is one. */
export interface DagShape {
  readonly nodes: readonly { readonly control?: Pick<NodeControl, 'triggerRule' | 'mayFail' | 'parents' | 'edges'> }[]
  readonly edges?: readonly PlanEdge[]
}
