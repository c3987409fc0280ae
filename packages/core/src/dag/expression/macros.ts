import { spend, type Meter } from './meter.ts'
import type { Scope } from './scope.ts'
import { EvaluationStop, FORGIVING, OutOfSteps } from './stop.ts'
import { isList, isMap, toJson, typeName, type Json, type Value } from './value.ts'

/** Evaluates a macro's argument for the element it is at. */
type Body = () => Value

export interface Macro {
  /** How many arguments follow the variable. */
  readonly bodies: readonly number[]
  readonly run: (elements: Iterable<Json>, bodies: readonly Body[], meter: Meter) => Value
}

export const MACROS: ReadonlyMap<string, Macro> = new Map<string, Macro>([
  ['all', { bodies: [1], run: (elements, [holds], meter) => !anyGives(false, elements, holds!, meter) }],
  ['exists', { bodies: [1], run: (elements, [holds], meter) => anyGives(true, elements, holds!, meter) }],
  ['exists_one', { bodies: [1], run: (elements, [holds]) => collect(elements, holds!, null).length === 1 }],
  ['filter', { bodies: [1], run: (elements, [holds]) => collect(elements, holds!, null) }],
  [
    'map',
    {
      bodies: [1, 2],
      run: (elements, [first, second]) => (second ? collect(elements, first!, second) : collect(elements, null, first!)),
    },
  ],
])

/** The elements of a list or the keys of a map. Each is the local at `slot` while it is its turn. */
export function* elementsOf(receiver: Value, scope: Scope, slot: number): Iterable<Json> {
  const elements = isList(receiver) ? receiver : isMap(receiver) ? Object.keys(receiver) : null
  if (!elements) throw new EvaluationStop(`a macro needs a list or a map, not ${typeName(receiver)}`)
  for (const element of elements) {
    spend(scope.meter, 1)
    scope.locals[slot] = element
    yield element
  }
}

/** An error counts only when no element decides. */
function anyGives(wanted: boolean, elements: Iterable<Json>, holds: Body, meter: Meter): boolean {
  let failure: unknown = null
  for (const _ of elements) {
    try {
      if (truth(holds()) === wanted) return true
    } catch (error) {
      if (error instanceof OutOfSteps) throw error
      spend(meter, FORGIVING)
      failure ??= error
    }
  }
  if (failure !== null) throw failure
  return false
}

function collect(elements: Iterable<Json>, where: Body | null, transform: Body | null): readonly Json[] {
  const result: Json[] = []
  for (const element of elements) {
    if (!where || truth(where())) result.push(transform ? toJson(transform()) : element)
  }
  return result
}

export function truth(value: Value): boolean {
  if (typeof value === 'boolean') return value
  throw new EvaluationStop(`${typeName(value)} where true or false is needed`)
}
