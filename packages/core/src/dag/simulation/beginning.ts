import { MOST_ELEMENTS, type NodeDefinition } from '../definition.ts'
import { elementParams } from '../element-params.ts'
import { instantOf } from '../instant.ts'
import { evaluate, resolve, type Context, type Found } from './expressions.ts'

/** What a node that is ready does, everything of it computed. */
export interface Beginning {
  /** The parameters of each instance: one, or of a fan-out one for each element. */
  readonly params: readonly unknown[]
  /** Instances at work at once. */
  readonly width: number
  /** How long it takes at least. */
  readonly waitMs: number
  /** What a wait for an event waits for. */
  readonly event: { readonly name: string; readonly key: string } | null
}

/** @param now when it begins, epoch milliseconds */
export function beginningOf(node: NodeDefinition, context: Context, now: number): Found<Beginning> {
  const { forEach, wait } = node
  const event = eventOf(wait, context)
  if (event.kind === 'ERROR') return event
  const waitMs = waitOf(wait, context, now)
  if (waitMs.kind === 'ERROR') return waitMs
  const params = forEach ? paramsOfElements(node, forEach.items, context) : paramsOf(node, context)
  if (params.kind === 'ERROR') return params
  const width = forEach?.maxParallel || params.value.length
  return { kind: 'VALUE', value: { params: params.value, width, waitMs: waitMs.value, event: event.value } }
}

function paramsOf({ params = {} }: NodeDefinition, context: Context): Found<readonly unknown[]> {
  const resolved = resolve(params, context)
  return resolved.kind === 'VALUE' ? { kind: 'VALUE', value: [resolved.value] } : resolved
}

function paramsOfElements({ params = {} }: NodeDefinition, items: string, context: Context): Found<readonly unknown[]> {
  const list = evaluate(items, context)
  if (list.kind === 'ERROR') return list
  if (!Array.isArray(list.value)) return { kind: 'ERROR', message: `"${items}" gives no list.` }
  if (list.value.length > MOST_ELEMENTS) {
    return { kind: 'ERROR', message: `"${items}" gives ${list.value.length} elements; ${MOST_ELEMENTS} are allowed.` }
  }
  return elementParams(params, context, list.value)
}

function waitOf(wait: NodeDefinition['wait'], context: Context, now: number): Found<number> {
  if (wait?.until === undefined) return { kind: 'VALUE', value: wait?.ms ?? 0 }
  const until = evaluate(wait.until, context)
  if (until.kind === 'ERROR') return until
  const instant = instantOf(until.value)
  if (instant !== null) return { kind: 'VALUE', value: Math.max(0, instant - now) }
  const message = `"${wait.until}" gives no instant: neither epoch milliseconds nor ISO 8601 text with its zone.`
  return { kind: 'ERROR', message }
}

function eventOf(wait: NodeDefinition['wait'], context: Context): Found<Beginning['event']> {
  if (!wait?.event) return { kind: 'VALUE', value: null }
  const key = evaluate(wait.event.key, context)
  if (key.kind === 'ERROR') return key
  if (typeof key.value === 'string' || typeof key.value === 'number') {
    return { kind: 'VALUE', value: { name: wait.event.name, key: String(key.value) } }
  }
  return { kind: 'ERROR', message: `"${wait.event.key}" gives no text or number for a key.` }
}
