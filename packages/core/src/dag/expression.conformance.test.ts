import { Environment } from '@marcbachmann/cel-js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileExpression } from './expression.ts'

// The library whose parser we use can evaluate too. Where both have a value it is the same one: what people know of CEL holds here.

const library = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false })

// None is called like a type (list, map): to the library these are the types themselves.
const data = {
  n: 3,
  m: -7,
  text: 'añb',
  flag: true,
  numbers: [1, 2, 3, 4],
  texts: ['b', 'a'],
  fields: { a: 1, b: 2 },
  rows: [{ id: 1 }, { id: 2 }],
}

/** The library takes JSON's numbers for doubles, so it is given ints. */
function withInts(value: unknown): unknown {
  if (typeof value === 'number') return BigInt(value)
  if (Array.isArray(value)) return value.map(withInts)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withInts(item)]))
}
function withNumbers(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(withNumbers)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withNumbers(item)]))
}

const { expression } = fc.letrec<Record<'int' | 'text' | 'bool' | 'list' | 'expression', string>>((tie) => ({
  int: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom('n', 'm', '0', '2', '-5', 'numbers[1]', 'fields.a', 'fields["b"]', 'rows[0].id', 'nothing'),
    fc.tuple(tie('int'), fc.constantFrom('+', '-', '*', '/', '%'), tie('int')).map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc.tuple(tie('bool'), tie('int'), tie('int')).map(([c, a, b]) => `(${c} ? ${a} : ${b})`),
    tie('list').map((list) => `size(${list})`),
    tie('text').map((text) => `${text}.size()`),
    fc.tuple(tie('text'), tie('text')).map(([a, b]) => `${a}.indexOf(${b})`),
  ),
  text: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    // The library's upperAscii() changes letters beyond ASCII too, which CEL's does not.
    fc.constantFrom('text', '"a"', '""', "'ñ'", 'texts[0]', '"a-z".upperAscii()'),
    fc.tuple(tie('text'), tie('text')).map(([a, b]) => `(${a} + ${b})`),
    tie('int').map((int) => `string(${int})`),
    fc.tuple(tie('text'), fc.constantFrom('trim()', 'substring(1)')).map(([a, f]) => `${a}.${f}`),
    fc.tuple(tie('text'), tie('text')).map(([a, b]) => `${a}.split(${b}).join("-")`),
  ),
  bool: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom('flag', 'true', 'false', 'has(fields.a)', 'has(fields.z)', 'nothing'),
    fc.tuple(tie('int'), fc.constantFrom('<', '<=', '==', '!=', '>', '>='), tie('int')).map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc.tuple(tie('text'), fc.constantFrom('<', '==', '>='), tie('text')).map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc.tuple(tie('bool'), fc.constantFrom('&&', '||'), tie('bool')).map(([a, op, b]) => `(${a} ${op} ${b})`),
    tie('bool').map((bool) => `!${bool}`),
    fc.tuple(tie('int'), tie('list')).map(([a, list]) => `(${a} in ${list})`),
    fc
      .tuple(tie('list'), fc.constantFrom('all', 'exists', 'exists_one'), tie('int'))
      .map(([l, macro, a]) => `${l}.${macro}(x, x > ${a})`),
    fc
      .tuple(tie('text'), fc.constantFrom('contains', 'startsWith', 'endsWith'), tie('text'))
      .map(([a, f, b]) => `${a}.${f}(${b})`),
    fc.tuple(tie('list'), tie('list')).map(([a, b]) => `(${a} == ${b})`),
  ),
  list: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom('numbers', '[1, 2]', '[3]', 'rows.map(r, r.id)'),
    fc.tuple(tie('list'), tie('int')).map(([list, a]) => `${list}.map(x, x * ${a})`),
    fc.tuple(tie('list'), tie('int')).map(([list, a]) => `${list}.filter(x, x > ${a})`),
    fc.tuple(tie('list'), tie('list')).map(([a, b]) => `(${a} + ${b})`),
  ),
  expression: fc.oneof(tie('int'), tie('text'), tie('bool'), tie('list')),
}))

function libraryValue(text: string): { readonly value: unknown } | null {
  try {
    return { value: withNumbers(library.evaluate(text, withInts(data) as Record<string, unknown>)) }
  } catch {
    return null
  }
}

test('thousands of random expressions give what the library gives', () => {
  let compared = 0
  fc.assert(
    fc.property(expression, (text) => {
      const expected = libraryValue(text)
      const compiled = compileExpression(text)
      if (compiled.kind === 'INVALID') return
      const own = compiled.evaluate(data)
      if (expected === null || Number.isSafeInteger(expected.value) !== (typeof expected.value === 'number')) return
      compared++
      expect({ text, value: own }).toEqual({ text, value: { kind: 'VALUE', value: expected.value } })
    }),
    { numRuns: 4_000 },
  )
  expect(compared).toBeGreaterThan(1_000)
})
