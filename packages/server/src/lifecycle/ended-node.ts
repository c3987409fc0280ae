import type { InstanceState, Plan, SkipReason } from '@carillon/core'
import type { InstanceKey } from '../storage/instance.ts'
import type { NodeKey, RunFacts } from '../storage/node.ts'
import { storableJson } from '../storage/storable-json.ts'

/** A node of a run, or an element of one that is a fan-out, that has ended. The caller holds the run's lock. */
export interface EndedNode extends InstanceKey, NodeKey {
  readonly planId: number
  readonly token: number
  readonly state: InstanceState
  /** Why it was skipped. */
  readonly because: SkipReason | null
  /** JSON text. */
  readonly output: string | null
  readonly error: string | null
  readonly startedAt: number | null
  /** An element that was still waiting for its turn, so that none is free now. */
  readonly hadNoTurn?: boolean
}

/** A run with its plan. */
export interface AdvancingRun extends RunFacts {
  readonly plan: Plan
}

const SKIPPED_BECAUSE: Readonly<Record<SkipReason, string>> = {
  UPSTREAM_FAILED: 'Something upstream has failed.',
  CONDITION: 'No way led here: a condition was false, or what leads here was skipped.',
  DONE: 'A person marked it as done.',
}

type Skippable = InstanceKey & NodeKey & { planId: number; token: number; problem?: string | null }

/** A node to which no way leads; one before which a condition could not be evaluated has failed, or a mistyped name would drop it in silence. */
export function skippedNode(node: Skippable, because: SkipReason): EndedNode {
  if (because === 'UPSTREAM_FAILED' && node.problem != null) {
    const error = storableJson({ code: 'CONDITION', message: node.problem })
    return { ...keysOf(node), state: 'FAILED', because: null, output: null, error, startedAt: null }
  }
  const error = storableJson({ code: because, message: node.problem ?? SKIPPED_BECAUSE[because] })
  return { ...keysOf(node), state: 'SKIPPED', because, output: null, error, startedAt: null }
}

export const keysOf = ({
  tenantId,
  id,
  runId,
  node,
  planId,
  token,
}: InstanceKey & NodeKey & { planId: number; token: number }) => ({ tenantId, id, runId, node, planId, token })

/** JSON text of what came from people or from expressions, as the database can store it. */
export const jsonOrNull = (value: unknown): string | null => (value === null || value === undefined ? null : storableJson(value))

export const SKIP_REASONS = Object.keys(SKIPPED_BECAUSE) as SkipReason[]
