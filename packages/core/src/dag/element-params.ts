import { explained } from './computed.ts'
import { newMeter } from './expression.ts'
import { EvaluationStop } from './expression/stop.ts'
import { measure, type Json } from './expression/value.ts'
import { compileTemplate } from './template.ts'

/** The most characters of the parameters of all elements of a fan-out, written as JSON. */
export const LARGEST_FAN_OUT = 16_777_216

/** All elements of a fan-out may take this many times the steps of one expression: what is hostile ten thousand times is cut as a whole. */
const SHARES = 100

export type ElementParams =
  { readonly kind: 'VALUE'; readonly value: readonly Json[] } | { readonly kind: 'ERROR'; readonly message: string }

/**
 * The parameters of each element of a fan-out, in which `item` and `index` are known. Bounded in steps and in size, however many elements
 * there are.
 *
 * @example elementParams({ part: '${{ item }}' }, { params: {} }, ['a', 'b'])  // { kind: 'VALUE', value: [{ part: 'a' }, { part: 'b' }] }
 */
export function elementParams(
  template: unknown,
  context: Readonly<Record<string, unknown>>,
  items: readonly unknown[],
): ElementParams {
  const compiled = compileTemplate(template)
  if (compiled.kind === 'INVALID') return failed(compiled.problems)
  const meter = newMeter(SHARES)
  const all: Json[] = []
  let left = LARGEST_FAN_OUT
  for (const [index, item] of items.entries()) {
    const resolved = compiled.resolve({ ...context, item, index }, meter)
    if (resolved.kind === 'ERROR') return failed(resolved.problems, index)
    const size = sizeWithin(resolved.value, left)
    if (size === null)
      return { kind: 'ERROR', message: `The parameters of its elements are longer than ${LARGEST_FAN_OUT} characters.` }
    left -= size
    all.push(resolved.value)
  }
  return { kind: 'VALUE', value: all }
}

function sizeWithin(value: Json, most: number): number | null {
  try {
    return measure(value, most)
  } catch (error) {
    if (error instanceof EvaluationStop) return null
    throw error
  }
}

function failed(problems: readonly { readonly path: string; readonly message: string }[], index?: number): ElementParams {
  const text = explained(problems)
  return { kind: 'ERROR', message: index === undefined ? text : `Element ${index}: ${text}` }
}
