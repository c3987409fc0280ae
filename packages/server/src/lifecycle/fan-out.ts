import type { EndedNode as NodeEnd, InstanceState, Plan, SkipReason } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import {
  freeElements,
  MOST_OUTPUT_BYTES,
  selectElementsLeft,
  selectNodeOutcomes,
  type EndedElement,
  type NodeKey,
  type NodeOutcome,
} from '../storage/node.ts'
import type { TenantMap } from '../storage/tenant-map.ts'
import { queueTopic } from '../runtime/wake-hub.ts'
import type { AdvancingRun, EndedNode } from './ended-node.ts'
import type { Engine } from './engine.ts'
import { groupBy } from './group.ts'

const nameOf = (key: NodeKey) => `${key.runId}:${key.node}`

/** How a whole node has ended, for its edges. */
export interface WholeEnd extends NodeKey {
  readonly end: NodeEnd & { readonly skippedBecause: SkipReason | null }
}

/**
 * Of nodes and elements that have ended, the nodes that have ended with them: all that are no fan-out, and of a fan-out the whole when its
 * last element has. Where elements wait for their turn, as many go on as have given theirs back.
 */
export async function settleElements(
  tx: Transaction,
  engine: Engine,
  runs: TenantMap<number, AdvancingRun>,
  ended: readonly EndedNode[],
): Promise<WholeEnd[]> {
  const planOf = ({ tenantId, runId }: NodeKey) => runs.get(tenantId, runId)!.plan
  const isElement = (end: EndedNode) => end.state !== 'SKIPPED' && nodeOf(runs, end).control!.forEach !== null
  const elements = ended.filter(isElement)
  const others = ended.filter((end) => !isElement(end)).map((end) => endOfOther(planOf(end), end))
  if (elements.length === 0) return others
  const nodes = [...new Map(elements.map((end) => [nameOf(end), end])).values()]
  const endedOf = groupBy(elements, nameOf)
  const turnsOf = (node: EndedNode) =>
    nodeOf(runs, node).control!.forEach!.maxParallel > 0
      ? endedOf.get(nameOf(node))!.filter((element) => !element.hadNoTurn).length
      : 0
  const found = await selectElementsLeft(
    tx,
    nodes.map((node) => ({ ...node, turns: turnsOf(node) })),
  )
  const next = found.flatMap(({ tenantId, runId, next }) => {
    const paused = runs.get(tenantId, runId)!.state === 'PAUSED'
    return next.map((id) => ({ tenantId, id, paused }))
  })
  for (const queue of await freeElements(tx, next)) tx.afterCommit(() => engine.hub.wake(queueTopic(queue), 1))
  const left = new Set(found.filter((node) => node.left).map(nameOf))
  const whole = nodes.filter((node) => !left.has(nameOf(node)))
  const outcomes = groupBy(
    await selectNodeOutcomes(
      tx,
      whole.map((end) => ({ ...end, outputs: isLookedAt(planOf(end), end.node) })),
    ),
    nameOf,
  )
  return [
    ...others,
    ...whole.map(({ tenantId, runId, node }) => {
      const elements = elementsOf(outcomes.get(nameOf({ tenantId, runId, node })) ?? [])
      const { successShare } = nodeOf(runs, { tenantId, runId, node }).control!.forEach!
      return { tenantId, runId, node, end: endOfElements(successShare, elements) }
    }),
  ]
}

/** Outputs may be large, and conditions on its edges are all that looks at them as it ends. */
export const isLookedAt = (plan: Plan, node: number): boolean =>
  plan.nodes[node]!.control!.edges.some((place) => plan.edges![place]!.condition !== null)

function endOfOther(plan: Plan, { tenantId, runId, node, state, because, output, error }: EndedNode): WholeEnd {
  const read = isLookedAt(plan, node)
  const end = { state, skippedBecause: because, output: read ? parsed(output) : null, error: read ? parsed(error) : null }
  return { tenantId, runId, node, end }
}

const parsed = (json: string | null): unknown => (json === null ? null : JSON.parse(json))

function nodeOf(runs: TenantMap<number, AdvancingRun>, { tenantId, runId, node }: NodeKey) {
  return runs.get(tenantId, runId)!.plan.nodes[node]!
}

/** Its output is the list of its elements' outputs, in the order of the list that it was given. */
export function endOfElements(successShare: number, elements: readonly NodeOutcome[]): WholeEnd['end'] {
  const state = stateOfElements(successShare, elements)
  const succeeded = elements.filter((element) => element.state === 'SUCCESS').length
  const message = `${succeeded} of ${elements.length} succeeded.`
  const error = state === 'SUCCESS' ? null : { code: 'ELEMENTS_FAILED', message }
  return withOutput({ state, skippedBecause: null, error }, elements)
}

/** As expressions call it: they say it as the reason why they cannot be evaluated. */
class OutputTooLarge extends Error {
  override readonly name = 'RESULT_TOO_LARGE'
  constructor({ shardTotal, bytesTooLarge }: NodeOutcome) {
    super(
      `the outputs of its ${shardTotal} elements are ${bytesTooLarge} bytes in all; ${MOST_OUTPUT_BYTES} can be read. Let each answer less, as where it has stored the rest`,
    )
  }
}

/** With the output of a fan-out. One that is too large fails whatever reads it, and nothing else. */
export function withOutput<End extends object>(end: End, elements: readonly NodeOutcome[]): End & { readonly output: unknown } {
  const tooLarge = elements.find(({ bytesTooLarge }) => bytesTooLarge > 0)
  if (!tooLarge) return { ...end, output: outputOfElements(elements) }
  return {
    ...end,
    get output(): never {
      throw new OutputTooLarge(tooLarge)
    },
  }
}

/** One that has ended before it fell apart is no element: what it was given is an empty list, or nothing that it could go by. */
function outputOfElements(elements: readonly NodeOutcome[]): unknown {
  const [first] = elements
  return first && !first.given ? first.output : elements.map((element) => element.output ?? null)
}

/** How a fan-out ended whose elements ended like this; a node that is none is its one element. */
export function stateOfElements(successShare: number, elements: readonly EndedElement[]): InstanceState {
  const succeeded = elements.filter((element) => element.state === 'SUCCESS').length
  return succeeded >= successShare * elements.length ? 'SUCCESS' : worst(elements)
}

/** The last outcome of each element, in their order. */
export function elementsOf<Element extends EndedElement>(outcomes: readonly Element[]): Element[] {
  return [...new Map(outcomes.map((each) => [each.shardIndex, each])).values()].sort((a, b) => a.shardIndex - b.shardIndex)
}

function worst(elements: readonly EndedElement[]): InstanceState {
  return elements.some((element) => element.state === 'CANCELLED') ? 'CANCELLED' : 'FAILED'
}
