import { spend, type Meter } from './meter.ts'
import { EvaluationStop } from './stop.ts'
import { equal, fieldOf, intWithinRange, isList, isMap, isNumber, typeName, type Json, type Value } from './value.ts'

export type BinaryOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/' | '%' | 'in'

type Operate = (left: Value, right: Value, meter: Meter) => Value

export const OPERATORS: Readonly<Record<BinaryOperator, Operate>> = {
  '==': equal,
  '!=': (left, right, meter) => !equal(left, right, meter),
  '<': (left, right, meter) => ordered('<', left, right, meter) < 0,
  '<=': (left, right, meter) => ordered('<=', left, right, meter) <= 0,
  '>': (left, right, meter) => ordered('>', left, right, meter) > 0,
  '>=': (left, right, meter) => ordered('>=', left, right, meter) >= 0,
  '+': add,
  '-': arithmetic(
    '-',
    (a, b) => a - b,
    (a, b) => a - b,
  ),
  '*': arithmetic(
    '*',
    (a, b) => a * b,
    (a, b) => a * b,
  ),
  '/': arithmetic(
    '/',
    divide((a, b) => a / b),
    (a, b) => a / b,
  ),
  '%': arithmetic(
    '%',
    divide((a, b) => a % b),
    null,
  ),
  in: contains,
}

/** Two ints give an int; as soon as one is a double, so is the result: JSON writes the same number now as 3 and now as 3.5. */
function arithmetic(
  name: string,
  ints: (a: bigint, b: bigint) => bigint,
  doubles: ((a: number, b: number) => number) | null,
): Operate {
  return (left, right) => {
    if (typeof left === 'bigint' && typeof right === 'bigint') return intWithinRange(ints(left, right))
    if (doubles && isNumber(left) && isNumber(right)) return doubles(Number(left), Number(right))
    throw noOverload(name, left, right)
  }
}

function divide(operate: (a: bigint, b: bigint) => bigint) {
  return (a: bigint, b: bigint) => {
    if (b === 0n) throw new EvaluationStop('division by zero')
    return operate(a, b)
  }
}

const addNumbers = arithmetic(
  '+',
  (a, b) => a + b,
  (a, b) => a + b,
)

function add(left: Value, right: Value, meter: Meter): Value {
  if (typeof left === 'string' && typeof right === 'string') {
    spend(meter, (left.length + right.length) / 8)
    return left + right
  }
  if (isList(left) && isList(right)) {
    spend(meter, left.length + right.length)
    return [...left, ...right]
  }
  return addNumbers(left, right, meter)
}

/** Negative, zero or positive; NaN, which is neither, if a double is no number. */
function ordered(name: string, left: Value, right: Value, meter: Meter): number {
  if (isNumber(left) && isNumber(right)) return left < right ? -1 : left > right ? 1 : left == right ? 0 : NaN
  if (typeof left === 'string' && typeof right === 'string') {
    spend(meter, Math.min(left.length, right.length) / 8)
    return left < right ? -1 : left > right ? 1 : 0
  }
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right)
  throw noOverload(name, left, right)
}

function contains(value: Value, container: Value, meter: Meter): boolean {
  if (isList(container)) return holds(container, value, meter)
  if (isMap(container) && typeof value === 'string') return fieldOf(container, value) !== undefined
  throw noOverload('in', value, container)
}

/** Compares JSON with JSON: turning each element into a value would take longer than comparing it. An int beyond JSON is nowhere. */
function holds(list: readonly Json[], value: Value, meter: Meter): boolean {
  if (typeof value === 'bigint' && !Number.isSafeInteger(Number(value))) return false
  const wanted = typeof value === 'bigint' ? Number(value) : value
  for (const item of list) if (equal(item, wanted, meter)) return true
  return false
}

function noOverload(name: string, left: Value, right: Value): EvaluationStop {
  return new EvaluationStop(`"${name}" cannot be applied to ${typeName(left)} and ${typeName(right)}`)
}
