import type { Meter } from './meter.ts'
import type { Json, JsonMap, Value } from './value.ts'

/** What an expression is evaluated in. */
export interface Scope {
  readonly context: JsonMap
  readonly meter: Meter
  /** The values of the variables of the macros around, outermost first. */
  readonly locals: Json[]
}

/** A piece of a built expression. */
export type Eval = (scope: Scope) => Value
