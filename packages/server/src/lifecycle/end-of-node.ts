import type { EndedNode, Plan } from '@carillon/core'
import type { NodeOutcome } from '../storage/node.ts'
import { SKIP_REASONS } from './ended-node.ts'
import { endOfElements } from './fan-out.ts'

/** How a node has ended, from the last outcome of each of its instances. Why the server skipped it stands in its error. */
export function endOfNode(plan: Plan, node: number, instances: readonly NodeOutcome[]): EndedNode {
  const { state, output, error } = instances[0]!
  if (state === 'SKIPPED') {
    const code = (error as { code?: string } | null)?.code
    return { state, skippedBecause: SKIP_REASONS.find((reason) => reason === code) ?? 'CONDITION', output, error }
  }
  const forEach = plan.nodes[node]!.control!.forEach
  return { skippedBecause: null, ...(forEach ? endOfElements(forEach.successShare, instances) : { state, output, error }) }
}
