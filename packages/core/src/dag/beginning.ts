import { evaluate, type Computed, type NodeContext } from './computed.ts'
import { MOST_ELEMENTS, type WaitDefinition } from './definition.ts'
import { elementParams } from './element-params.ts'
import type { Json } from './expression/value.ts'
import { instantOf } from './instant.ts'

// What a node that is ready does, decided for the engine and for the simulation alike.

/** What a node waits for; a null `dueAt`: for ever. */
export type NodeWait =
  | { readonly kind: 'TIME'; readonly dueAt: number }
  | { readonly kind: 'EVENT'; readonly name: string; readonly key: string; readonly dueAt: number | null }

/** Characters of a value that are shown where it is no good. */
const SHOWN = 100

/** @param now when the wait begins, epoch milliseconds */
export function nodeWait({ ms = 0, until, event }: WaitDefinition, context: NodeContext, now: number): Computed<NodeWait> {
  if (event) return eventWait(event, context, now)
  if (until === undefined) return { kind: 'VALUE', value: { kind: 'TIME', dueAt: now + ms } }
  const computed = evaluate(until, context)
  if (computed.kind === 'ERROR') return computed
  const dueAt = instantOf(computed.value)
  if (dueAt !== null) return { kind: 'VALUE', value: { kind: 'TIME', dueAt } }
  const gives = JSON.stringify(computed.value)?.slice(0, SHOWN)
  return { kind: 'ERROR', message: `"${until}" gives ${gives}; give epoch milliseconds, or a date and time with its zone.` }
}

function eventWait(event: NonNullable<WaitDefinition['event']>, context: NodeContext, now: number): Computed<NodeWait> {
  const key = evaluate(event.key, context)
  if (key.kind === 'ERROR') return key
  if (typeof key.value !== 'string' && typeof key.value !== 'number')
    return { kind: 'ERROR', message: `"${event.key}" gives no text or number for a key.` }
  const wait = { kind: 'EVENT', name: event.name, key: String(key.value), dueAt: dueBy(event.timeoutMs, now) } as const
  return { kind: 'VALUE', value: wait }
}

/** When a time-out is over; null: never. */
export function dueBy(timeoutMs: number | undefined, now: number): number | null {
  return timeoutMs === undefined || timeoutMs === 0 ? null : now + timeoutMs
}

/** The parameters of each element of the list that `items` gives. An empty list has none: its node has ended as it begins. */
export function nodeElements(items: string, params: unknown, context: NodeContext): Computed<readonly Json[]> {
  const list = evaluate(items, context)
  if (list.kind === 'ERROR') return list
  if (!Array.isArray(list.value)) return { kind: 'ERROR', message: `"${items}" gives no list.` }
  if (list.value.length > MOST_ELEMENTS)
    return { kind: 'ERROR', message: `"${items}" gives ${list.value.length} elements; ${MOST_ELEMENTS} are allowed.` }
  return elementParams(params, context, list.value)
}
