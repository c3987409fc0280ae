import { nodeElements, nodeWait, type NodeWait } from '../beginning.ts'
import { resolve, type Computed, type NodeContext } from '../computed.ts'
import type { NodeDefinition } from '../definition.ts'

/** What a node that is ready does, everything of it computed. */
export interface NodeWork {
  /** The parameters of each instance: one, or of a fan-out one for each element. */
  readonly params: readonly unknown[]
  /** Instances at work at once. */
  readonly width: number
  readonly wait: NodeWait | null
}

/** @param now when it begins, epoch milliseconds */
export function workOf({ forEach, wait, params = {} }: NodeDefinition, context: NodeContext, now: number): Computed<NodeWork> {
  const waits = wait ? nodeWait(wait, context, now) : ({ kind: 'VALUE', value: null } as const)
  if (waits.kind === 'ERROR') return waits
  const each = forEach ? nodeElements(forEach.items, params, context) : alone(resolve(params, context))
  if (each.kind === 'ERROR') return each
  const width = forEach?.maxParallel || each.value.length
  return { kind: 'VALUE', value: { params: each.value, width, wait: waits.value } }
}

function alone(params: Computed): Computed<readonly unknown[]> {
  return params.kind === 'VALUE' ? { kind: 'VALUE', value: [params.value] } : params
}
