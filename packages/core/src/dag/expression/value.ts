import { spend, type Meter } from './meter.ts'
import { EvaluationStop } from './stop.ts'

// What an expression computes with. Lists and maps are always plain JSON, those of the context and those an expression builds alike, so
// they are handed in and out as they are; only single values are told apart as int (bigint) and double (number). A number that JSON writes
// without a fraction is an int: JSON does not tell 3.0 from 3.

export type Json = null | boolean | number | string | readonly Json[] | JsonMap
export interface JsonMap {
  readonly [key: string]: Json
}
export type Value = null | boolean | bigint | number | string | readonly Json[] | JsonMap

const MOST_INT = 2n ** 63n - 1n
const LEAST_INT = -(2n ** 63n)

export function intWithinRange(value: bigint): bigint {
  if (value > MOST_INT || value < LEAST_INT) throw new EvaluationStop('an int went beyond 64 bits')
  return value
}

export function fromJson(json: Json): Value {
  return typeof json === 'number' && Number.isSafeInteger(json) ? BigInt(json) : json
}

/** The JSON of a value. JSON's numbers are doubles, so an int beyond 2^53 would come out as another one: it is refused. */
export function toJson(value: Value): Json {
  if (typeof value === 'bigint') {
    if (!Number.isSafeInteger(Number(value)))
      throw new EvaluationStop(`the int ${value} is too large for JSON; turn it into a string`)
    return Number(value)
  }
  if (typeof value === 'number' && !Number.isFinite(value)) throw new EvaluationStop(`JSON has no ${value}`)
  return value
}

export const isList = (value: Value | Json): value is readonly Json[] => Array.isArray(value)
export const isMap = (value: Value | Json): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export function typeName(value: Value): string {
  if (value === null) return 'null'
  if (isList(value)) return 'list'
  switch (typeof value) {
    case 'bigint':
      return 'int'
    case 'number':
      return 'double'
    case 'boolean':
      return 'bool'
    case 'string':
      return 'string'
    default:
      return 'map'
  }
}

/** The value at a key that the map has itself: never what it inherits, `constructor` and `__proto__` included. */
export function fieldOf(map: JsonMap, key: string): Value | undefined {
  const found = Object.hasOwn(map, key) ? map[key] : undefined
  return found === undefined ? undefined : fromJson(found)
}

export function equal(a: Value, b: Value, meter: Meter): boolean {
  spend(meter, typeof a === 'string' ? 1 + a.length / 64 : 1)
  if (a === b) return true
  if (isNumber(a) && isNumber(b)) return a == b
  if (isList(a)) return isList(b) && equalLists(a, b, meter)
  return isMap(a) && isMap(b) && equalMaps(a, b, meter)
}

function equalLists(a: readonly Json[], b: readonly Json[], meter: Meter): boolean {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index++) if (!equal(a[index]!, b[index]!, meter)) return false
  return true
}

function equalMaps(a: JsonMap, b: JsonMap, meter: Meter): boolean {
  const keys = Object.keys(a)
  spend(meter, keys.length)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(a[key]!, b[key]!, meter))
}

export const isNumber = (value: Value): value is bigint | number => typeof value === 'bigint' || typeof value === 'number'

/** Levels of lists and maps in each other. */
export const DEEPEST = 100

/** About how many characters a JSON value takes to write; stops at one that is too large or too deep. */
export function measure(json: Json, most: number): number {
  let size = 0
  const add = (value: Json, depth: number): void => {
    if (depth > DEEPEST) throw new EvaluationStop(`the result is nested deeper than ${DEEPEST} levels`)
    size += typeof value === 'string' ? value.length + 2 : 8
    if (size > most) throw new EvaluationStop(`the result is larger than ${most} characters`)
    if (isList(value)) for (const item of value) add(item, depth + 1)
    else if (isMap(value)) {
      for (const key of Object.keys(value)) {
        size += key.length + 3
        add(value[key]!, depth + 1)
      }
    }
  }
  add(json, 0)
  return size
}
