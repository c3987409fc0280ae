import { spend, type Meter } from './meter.ts'
import { EvaluationStop } from './stop.ts'
import { intWithinRange, isList, isMap, typeName, type Json, type Value } from './value.ts'

/** A function of the language. It is written `f(a, b)`, or `a.f(b)` where `method` says so; `size` both ways. */
export interface LanguageFunction {
  readonly method: boolean
  readonly plain: boolean
  /** Of each arity: the types of the arguments, the receiver first. */
  readonly signatures: readonly (readonly string[])[]
  readonly apply: (args: readonly Value[], meter: Meter) => Value
}

type Apply<T extends readonly unknown[]> = (args: T, meter: Meter) => Value

/** The signatures below are checked before `apply`, which may therefore name its types. */
const method = <T extends readonly unknown[]>(signatures: readonly (readonly string[])[], apply: Apply<T>): LanguageFunction => ({
  method: true,
  plain: false,
  signatures,
  apply: apply as unknown as Apply<readonly Value[]>,
})
const plain = <T extends readonly unknown[]>(signatures: readonly (readonly string[])[], apply: Apply<T>): LanguageFunction => ({
  ...method(signatures, apply),
  method: false,
  plain: true,
})

const TEXT = [['string']]
const TEXT_AND_TEXT = [['string', 'string']]
const TEXT_AND_TEXT_FROM = [
  ['string', 'string'],
  ['string', 'string', 'int'],
]

/** There is no `matches`: a regular expression takes exponential time for some texts, and nothing here could cut it. */
export const FUNCTIONS: ReadonlyMap<string, LanguageFunction> = new Map<string, LanguageFunction>([
  ['size', { ...plain<[Value]>([['string'], ['list'], ['map']], ([value], meter) => sizeOf(value, meter)), method: true }],
  ['string', plain<[Value]>([['string'], ['bool'], ['int'], ['double']], ([value], meter) => toText(value, meter))],
  ['int', plain<[Value]>([['int'], ['double'], ['string']], ([value]) => toInt(value))],
  ['double', plain<[Value]>([['int'], ['double'], ['string']], ([value]) => toDouble(value))],
  ['bool', plain<[Value]>([['bool'], ['string']], ([value]) => toBool(value))],
  ['type', plain<[Value]>([['any']], ([value]) => typeName(value))],
  ['sum', plain<[readonly Json[]]>([['list']], ([list], meter) => sum(list, meter))],
  ['contains', method<[string, string]>(TEXT_AND_TEXT, ([text, part], meter) => search(text, part, meter).includes(part))],
  ['startsWith', method<[string, string]>(TEXT_AND_TEXT, ([text, part], meter) => reading(text, meter).startsWith(part))],
  ['endsWith', method<[string, string]>(TEXT_AND_TEXT, ([text, part], meter) => reading(text, meter).endsWith(part))],
  [
    'lowerAscii',
    method<[string]>(TEXT, ([text], meter) => reading(text, meter).replace(/[A-Z]/g, (letter) => letter.toLowerCase())),
  ],
  [
    'upperAscii',
    method<[string]>(TEXT, ([text], meter) => reading(text, meter).replace(/[a-z]/g, (letter) => letter.toUpperCase())),
  ],
  ['trim', method<[string]>(TEXT, ([text], meter) => reading(text, meter).trim())],
  [
    'indexOf',
    method<[string, string, bigint?]>(TEXT_AND_TEXT_FROM, ([text, part, from], meter) =>
      BigInt(search(text, part, meter).indexOf(part, position(text, from ?? 0n))),
    ),
  ],
  [
    'lastIndexOf',
    method<[string, string, bigint?]>(TEXT_AND_TEXT_FROM, ([text, part, from], meter) =>
      BigInt(search(text, part, meter).lastIndexOf(part, position(text, from ?? BigInt(text.length)))),
    ),
  ],
  [
    'substring',
    method<[string, bigint, bigint?]>(
      [
        ['string', 'int'],
        ['string', 'int', 'int'],
      ],
      ([text, start, end], meter) => substring(text, start, end ?? BigInt(text.length), meter),
    ),
  ],
  ['split', method<[string, string]>(TEXT_AND_TEXT, ([text, separator], meter) => split(text, separator, meter))],
  [
    'join',
    method<[readonly Json[], string?]>([['list'], ['list', 'string']], ([list, separator], meter) =>
      join(list, separator ?? '', meter),
    ),
  ],
])

/** Spends what it takes to read a text once. */
function reading(text: string, meter: Meter): string {
  spend(meter, text.length / 8)
  return text
}

/** A search may compare the whole part at each place of the text. */
function search(text: string, part: string, meter: Meter): string {
  spend(meter, (text.length * Math.max(1, part.length)) / 64)
  return text
}

function sizeOf(value: Value, meter: Meter): bigint {
  if (typeof value === 'string') {
    spend(meter, value.length)
    let characters = 0n
    for (const _ of value) characters++
    return characters
  }
  if (isMap(value)) {
    const keys = Object.keys(value)
    spend(meter, keys.length)
    return BigInt(keys.length)
  }
  return BigInt(isList(value) ? value.length : 0)
}

function toText(value: Value, meter: Meter): string {
  // Finding the shortest digits of a double takes that long.
  if (typeof value === 'number') spend(meter, 20)
  return String(value)
}

function toInt(value: Value): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new EvaluationStop(`${value} is no int`)
    return intWithinRange(BigInt(Math.trunc(value)))
  }
  if (typeof value === 'string' && /^[+-]?\d{1,19}$/.test(value)) return intWithinRange(BigInt(value))
  throw new EvaluationStop('int() needs digits')
}

function toDouble(value: Value): number {
  const double = typeof value === 'string' && (value.length > 64 || value.trim() === '') ? NaN : Number(value)
  if (Number.isNaN(double)) throw new EvaluationStop('double() needs a number')
  return double
}

function toBool(value: Value): boolean {
  if (value === true || value === 'true') return true
  if (value === false || value === 'false') return false
  throw new EvaluationStop('bool() needs "true" or "false"')
}

/** Of ints an int; of numbers with a fraction among them, or of none at all, what JSON writes the same. */
function sum(list: readonly Json[], meter: Meter): Value {
  spend(meter, list.length)
  let total = 0
  for (const item of list) {
    if (typeof item !== 'number') throw new EvaluationStop(`sum() needs a list of numbers, not one with ${typeName(item)}`)
    total += item
  }
  return Number.isSafeInteger(total) ? BigInt(total) : total
}

function position(text: string, at: bigint): number {
  if (at < 0n || at > BigInt(text.length))
    throw new EvaluationStop(`position ${at} is outside of a text of ${text.length} characters`)
  return Number(at)
}

function substring(text: string, start: bigint, end: bigint, meter: Meter): string {
  if (start > end) throw new EvaluationStop(`the start ${start} lies behind the end ${end}`)
  return reading(text, meter).substring(position(text, start), position(text, end))
}

function split(text: string, separator: string, meter: Meter): readonly string[] {
  // Every character may become an element.
  spend(meter, text.length)
  return search(text, separator, meter).split(separator)
}

function join(list: readonly Json[], separator: string, meter: Meter): string {
  for (const item of list) {
    if (typeof item !== 'string') throw new EvaluationStop(`join() needs a list of strings, not one with ${typeName(item)}`)
    spend(meter, 1 + (item.length + separator.length) / 8)
  }
  return list.join(separator)
}
