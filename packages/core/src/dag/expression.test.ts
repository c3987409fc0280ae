import { describe, expect, test } from 'vitest'
import { bestTimeOf } from './best-time.test-helper.ts'
import { compileExpression, LONGEST_DAG_EXPRESSION, newMeter } from './expression.ts'
import { MOST_STEPS } from './expression/meter.ts'

const context = {
  state: 'SUCCESS',
  output: { rows: 3, share: 0.5, name: 'orders', tags: ['a', 'b'], 'odd-key': 1, none: null, items: [{ id: 1 }, { id: 2 }] },
  params: { day: '2024-02-29', limit: 10 },
}

function evaluate(text: string, given: Record<string, unknown> = context) {
  const compiled = compileExpression(text)
  if (compiled.kind === 'INVALID') throw new Error(compiled.problem.message)
  return compiled.evaluate(given)
}
const value = (text: string, given?: Record<string, unknown>) => {
  const result = evaluate(text, given)
  return result.kind === 'VALUE' ? result.value : result
}
const message = (text: string, given?: Record<string, unknown>) => {
  const result = evaluate(text, given)
  return result.kind === 'ERROR' ? result.message : result
}
const problem = (text: string) => {
  const compiled = compileExpression(text)
  return compiled.kind === 'INVALID' ? compiled.problem : compiled
}

describe('an expression gives', () => {
  test.each([
    ['output.rows > 0 && state == "SUCCESS"', true],
    ['output.rows + 1', 4],
    ['7 / 2', 3],
    ['7 / 2.0', 3.5],
    ['output.share * 2', 1],
    ['-output.rows % 2', -1],
    ['output.rows == 3.0', true],
    ['output["odd-key"]', 1],
    ['output.tags[1]', 'b'],
    ['output.none == null', true],
    ['"a" in output.tags', true],
    ['"rows" in output', true],
    ['output.items.map(x, x.id * 2)', [2, 4]],
    ['output.items.map(x, x.id > 1, x.id)', [2]],
    ['output.items.filter(x, x.id > 1)', [{ id: 2 }]],
    ['output.items.all(x, x.id > 0)', true],
    ['output.items.exists(x, x.id > 2)', false],
    ['output.items.exists_one(x, x.id > 1)', true],
    [
      'output.items.map(x, output.items.map(y, x.id * y.id))',
      [
        [1, 2],
        [2, 4],
      ],
    ],
    ['sum(output.items.map(x, x.id))', 3],
    ['{"day": params.day, "rows": [output.rows]}', { day: '2024-02-29', rows: [3] }],
    ['params.day.split("-").join("")', '20240229'],
    ['params.day.substring(0, 4) + "!"', '2024!'],
    ['output.name.upperAscii().startsWith("ORD")', true],
    ['size(output.tags) + output.name.size()', 8],
    ['has(output.rows) && !has(output.cows)', true],
    ['output.rows > 2 ? "many" : "few"', 'many'],
    ['string(output.rows) + "/" + string(int("7"))', '3/7'],
    ['[1] + [2]', [1, 2]],
    ['type(output)', 'map'],
  ])('%s → %j', (text, expected) => expect(value(text)).toEqual(expected))

  test('what it is given, untouched and not copied', () => {
    expect(value('output.items')).toBe(context.output.items)
  })
})

describe('an error is a value that says what is missing', () => {
  test.each([
    ['output.cows', 'there is no "cows"'],
    ['outputs.rows', 'there is no "outputs" here'],
    ['output.tags[2]', 'there is no element 2 in a list of 2'],
    ['output.rows + "x"', '"+" cannot be applied to int and string'],
    ['output.rows && true', 'int where true or false is needed'],
    ['1 / 0', 'division by zero'],
    ['9223372036854775807 + 1', 'an int went beyond 64 bits'],
    ['9007199254740993', 'the int 9007199254740993 is too large for JSON; turn it into a string'],
    ['1.0 / 0.0', 'JSON has no Infinity'],
    ['output.name.contains(1)', 'contains() cannot be applied to string, int'],
    ['output.constructor', 'there is no "constructor"'],
    ['output.__proto__', 'there is no "__proto__"'],
    ['"x".constructor', '"constructor" is asked of string, which has no fields'],
  ])('%s: %s', (text, expected) => expect(message(text)).toBe(expected))

  test('unless the other side of && or || decides, in either order', () => {
    expect(value('output.cows > 1 || state == "SUCCESS"')).toBe(true)
    expect(value('state == "FAILED" && output.cows > 1')).toBe(false)
    expect(value('output.cows > 1 && state == "FAILED"')).toBe(false)
    expect(message('output.cows > 1 && state == "SUCCESS"')).toBe('there is no "cows"')
    expect(value('output.items.exists(x, x.id == 2 || x.nothing)')).toBe(true)
  })

  test('also when the context is nested too deeply to be handled', () => {
    const nested = (levels: number) => {
      let list: unknown = 1
      for (let level = 0; level < levels; level++) list = [list]
      return list
    }
    const deep = nested(50_000)
    expect(message('a', { a: deep })).toMatch(/nested deeper than 100/)
    expect(message('a == b', { a: deep, b: [1] })).toEqual({ kind: 'VALUE', value: false })
    expect(message('a == b', { a: deep, b: nested(50_000) })).toMatch(/cannot be read/)
  })
})

describe('what is not of the language is refused at its place', () => {
  test.each([
    ['1 +', 'Unexpected token: EOF', 3, 1, 4],
    ['params.day &&\n  $', 'Unexpected character: $', 16, 2, 3],
    ['1 + foo(2)', 'There is no function foo()', 4, 1, 5],
    ['output.name.matches("a")', 'There is no matches()', 0, 1, 1],
    ['contains(output.name)', 'contains() is written behind a value: text.contains(…)', 0, 1, 1],
    ['"a".contains()', 'contains() does not take 1 arguments', 0, 1, 1],
    ['output.items.all(x)', 'all() takes a variable and an expression', 0, 1, 1],
    ['cel.bind(x, 1, x)', 'There is no function bind()', 0, 1, 1],
    ['1u', 'Bytes and unsigned ints are not part of this language', 0, 1, 1],
    ['has(output)', 'has() asks for one field', 0, 1, 1],
    ['', 'Unexpected token: EOF', 0, 1, 1],
  ])('%s', (text, start, offset, line, column) => {
    expect(problem(text)).toMatchObject({ message: expect.stringContaining(start), offset, line, column })
  })
})

test('the paths it reads are told, without the variables of its macros', () => {
  const compiled = compileExpression('nodes.a.output.rows[0] > size(nodes["b-c"].output) && items.all(x, x.y > params.z[k])')
  expect(compiled.kind === 'OK' && compiled.paths.map(({ names }) => names.join('/'))).toEqual([
    'nodes/a/output/rows',
    'nodes/b-c/output',
    'items',
    'params/z',
    'k',
  ])
})

test('the same text is compiled once', () => {
  expect(compileExpression('1 + 41')).toBe(compileExpression('1 + 41'))
})

test('evaluations that share a meter share its steps', () => {
  const meter = newMeter()
  const compiled = compileExpression('rows.all(x, x >= 0)')
  const rows = Array.from({ length: 5_000 }, (_, index) => index)
  const again = () => (compiled.kind === 'OK' ? compiled.evaluate({ rows }, meter).kind : null)
  expect([again(), again(), again()]).toEqual(['VALUE', 'VALUE', 'ERROR'])
})

describe('a hostile expression', () => {
  const many = Array.from({ length: 20_000 }, (_, index) => index)
  const text = 'a'.repeat(200_000)
  /** Spends every step and does nothing else. On any machine of today it takes about 3 ms. */
  const baseline = 'many.filter(x, x > 5) == many.filter(x, x > 5)'
  const hostile: [string, string][] = [
    ['deep', '('.repeat(900) + '1' + ')'.repeat(900)],
    ['deep unary', '!'.repeat(1_990) + 'a'],
    ['deep fields', 'a' + '.b'.repeat(900)],
    ['wide', '1' + '+1'.repeat(900)],
    ['long', '1'.repeat(1_000_000)],
    ['four macros in each other', 'many.all(a, many.all(b, many.all(c, many.all(d, a + b + c + d >= 0))))'],
    ['a look-up in each step', 'many.all(a, (a + 20000) in many == false)'],
    ['a comparison in each step', 'many.all(a, many == many.map(b, b))'],
    ['a chain that doubles a list', '[many]' + '.map(x, x + x)'.repeat(40)],
    ['a chain that doubles a text', '[text]' + '.map(x, x + x)'.repeat(40)],
    ['a list of one large list', 'many.map(x, many)'],
    ['a text cut into characters', 'many.map(x, text.split(""))'],
    ['a search for a long part', 'many.all(x, text.contains("b" + text.substring(0, 1000)))'],
    ['the size of a text', 'many.all(x, size(text) > 0)'],
    ['large texts compared', 'many.all(x, text == (text + ""))'],
    ['errors without end', 'many.exists(x, x.y)'],
  ]
  let unique = 0
  /** Never the same text, so that compiling counts. */
  const run = (expression: string, list: readonly number[] = many) => {
    const compiled = compileExpression(expression + ' '.repeat(unique++ % 50))
    return compiled.kind === 'OK' ? compiled.evaluate({ many: list, text, a: true }).kind : compiled.kind
  }

  test.each(hostile)('is refused, or cut after so many steps: %s', (_, expression) => {
    let reads = 0
    const watched = new Proxy(many, { get: (list, key) => (reads++, Reflect.get(list, key)) })
    expect(run(expression, watched)).toMatch(/^(ERROR|INVALID)$/)
    // Counted outside of what is bounded, so a step that is forgotten to be spent shows.
    expect(reads).toBeLessThan(3 * MOST_STEPS)
  })

  // What 10 ms on a machine of its own are, said so that it holds on a busy one too: a step is a step, whatever is done in it.
  test.each(hostile)('takes about as long as any that spends its steps, so within 10 ms: %s', (_, expression) => {
    expect(run(baseline)).toBe('ERROR')
    const [took, allSteps] = [bestTimeOf(() => run(expression), 20), bestTimeOf(() => run(baseline), 20)]
    expect(took / allSteps).toBeLessThan(5)
  })

  test('is told from one that has much to do: 5,000 elements are filtered', () => {
    const rows = Array.from({ length: 5_000 }, (_, id) => ({ id, ok: id % 2 === 0 }))
    expect(value('size(rows.filter(r, r.ok && r.id >= 2500))', { rows })).toBe(1_250)
  })

  test('has at most so many characters', () => {
    expect(problem('1' + ' '.repeat(LONGEST_DAG_EXPRESSION))).toMatchObject({ offset: LONGEST_DAG_EXPRESSION })
  })
})
