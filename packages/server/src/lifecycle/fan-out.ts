import type { InstanceState } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import {
  freeElements,
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

/**
 * Of nodes and elements that have ended, the nodes that have ended with them: all that are no fan-out, and of a fan-out the whole when its
 * last element has. Where elements wait for their turn, as many go on as have given theirs back.
 */
export async function settleElements(
  tx: Transaction,
  engine: Engine,
  runs: TenantMap<number, AdvancingRun>,
  ended: readonly EndedNode[],
): Promise<EndedNode[]> {
  const isElement = (end: EndedNode) => end.state !== 'SKIPPED' && nodeOf(runs, end).control!.forEach !== null
  const elements = ended.filter(isElement)
  if (elements.length === 0) return [...ended]
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
  const outcomes = groupBy(await selectNodeOutcomes(tx, whole), nameOf)
  return [
    ...ended.filter((end) => !isElement(end)),
    ...whole.map((end) => wholeOf(end, nodeOf(runs, end).control!.forEach!.successShare, outcomes.get(nameOf(end)) ?? [])),
  ]
}

function nodeOf(runs: TenantMap<number, AdvancingRun>, { tenantId, runId, node }: NodeKey) {
  return runs.get(tenantId, runId)!.plan.nodes[node]!
}

/** A fan-out as one node. */
function wholeOf(end: EndedNode, successShare: number, outcomes: readonly NodeOutcome[]): EndedNode {
  const { state, output, error } = endOfElements(successShare, elementsOf(outcomes))
  return { ...end, state, output: JSON.stringify(output), error: error === null ? null : JSON.stringify(error) }
}

/** Its output is the list of its elements' outputs, in the order of the list that it was given. */
export function endOfElements(successShare: number, elements: readonly NodeOutcome[]) {
  const state = stateOfElements(successShare, elements)
  const succeeded = elements.filter((element) => element.state === 'SUCCESS').length
  const message = `${succeeded} of ${elements.length} succeeded.`
  const error = state === 'SUCCESS' ? null : { code: 'ELEMENTS_FAILED', message }
  return { state, output: outputOfElements(elements), error }
}

/** One that has ended before it fell apart is no element: what it was given is an empty list, or nothing that it could go by. */
export function outputOfElements(elements: readonly NodeOutcome[]): unknown {
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
