import type { EndedNode, InstanceState, Plan, SkipReason } from '@carillon/core'
import type { EndedElement, NodeOutcome } from '../storage/node.ts'
import { SKIP_REASONS } from './ended-node.ts'
import { endOfElements, stateOfElements } from './fan-out.ts'

/** How a node has ended, from the last outcome of each of its instances. Why the server skipped it stands in its error. */
export function endOfNode(plan: Plan, node: number, instances: readonly NodeOutcome[]): EndedNode {
  const { state, output, error } = instances[0]!
  if (state === 'SKIPPED')
    return { state, skippedBecause: skippedBecause((error as { code?: string } | null)?.code), output, error }
  const forEach = plan.nodes[node]!.control!.forEach
  return forEach ? endOfElements(forEach.successShare, instances) : { state, skippedBecause: null, output, error }
}

/** As `endOfNode`, of the state alone. */
export function stateOfNode(plan: Plan, node: number, instances: readonly EndedElement[]): InstanceState {
  const { state } = instances[0]!
  const forEach = plan.nodes[node]!.control!.forEach
  return forEach && state !== 'SKIPPED' ? stateOfElements(forEach.successShare, instances) : state
}

/** The reason that stands as the code of a skipped node's error. */
export function skippedBecause(code: string | null | undefined): SkipReason {
  return SKIP_REASONS.find((reason) => reason === code) ?? 'CONDITION'
}
