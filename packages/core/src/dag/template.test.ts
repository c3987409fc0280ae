import { describe, expect, test } from 'vitest'
import { MOST_STEPS } from './expression/meter.ts'
import { compileTemplate, LARGEST_RESOLVED } from './template.ts'

const context = { params: { day: '2024-02-29', n: 3, flag: true }, nodes: { a: { output: { rows: [1, 2] } } } }

function resolve(template: unknown, given: Record<string, unknown> = context) {
  const compiled = compileTemplate(template)
  if (compiled.kind === 'INVALID') throw new Error(JSON.stringify(compiled.problems))
  return compiled.resolve(given)
}
const value = (template: unknown) => {
  const resolved = resolve(template)
  return resolved.kind === 'VALUE' ? resolved.value : resolved
}
const problems = (template: unknown) => {
  const compiled = compileTemplate(template)
  return compiled.kind === 'INVALID' ? compiled.problems : compiled
}

describe('a text', () => {
  test.each([
    ['plain', 'plain'],
    ['', ''],
    ['${{ params.n }}', 3],
    ['${{ nodes.a.output.rows }}', [1, 2]],
    ['${{params.day}}', '2024-02-29'],
    [' ${{ params.n }}', ' 3'],
    ['out/${{ params.day }}-${{ params.n + 1 }}.csv', 'out/2024-02-29-4.csv'],
    ['rows: ${{ nodes.a.output.rows }}, ${{ params.flag }}', 'rows: [1,2], true'],
    ['${{ {"a": {"b": 1}} }}', { a: { b: 1 } }],
    ['${{ "}}" + \'${{\' }}', '}}${{'],
    ['${{ "a\\"}}" }}', 'a"}}'],
    ['costs $5 {{ or }} so', 'costs $5 {{ or }} so'],
  ])('%s → %j', (text, expected) => expect(value(text)).toEqual(expected))
})

test('values within lists and maps are resolved, others stay as they are', () => {
  expect(value({ list: ['${{ params.n }}', 1, null], '${{ key }}': true, deep: { day: '${{ params.day }}' } })).toEqual({
    list: [3, 1, null],
    '${{ key }}': true,
    deep: { day: '2024-02-29' },
  })
})

test('what an expression gives is not resolved again', () => {
  expect(resolve('${{ params.text }}', { params: { text: '${{ params.text }}' } })).toEqual({
    kind: 'VALUE',
    value: '${{ params.text }}',
  })
})

describe('problems', () => {
  test('are told all at once, each with its place', () => {
    expect(problems({ a: '${{ 1 + }}', 'b/c': ['fine', 'x ${{ params.day'], $secret: 'k' })).toEqual([
      { path: '/a', message: expect.stringContaining('Unexpected token: EOF (line 1, column 4') },
      { path: '/b~1c/1', message: 'The ${{ at character 3 has no }}' },
      { path: '/$secret', message: expect.stringContaining('refer to a secret as ${{ secrets.name }}') },
    ])
  })
  test('of an evaluation are told with the place and the expression', () => {
    expect(resolve({ a: '${{ params.nothing }}', b: { c: '${{ params.n + "x" }}' } })).toEqual({
      kind: 'ERROR',
      problems: [
        { path: '/a', message: '${{ params.nothing }}: there is no "nothing"' },
        { path: '/b/c', message: '${{ params.n + "x" }}: "+" cannot be applied to int and string' },
      ],
    })
  })
})

test('a template nested too deeply is refused, not followed', () => {
  let deep: unknown = 'x'
  for (let level = 0; level < 20_000; level++) deep = { a: deep }
  expect(problems(deep)).toMatchObject([{ message: 'It is nested deeper than 100 levels.' }])
})

describe('a secret', () => {
  test('is referred to by a marker, and is listed with each place', () => {
    const compiled = compileTemplate({
      key: '${{ secrets.api-key }}',
      other: '${{ secrets["a b"] }}',
      again: '${{ secrets.api-key }}',
    })
    const secrets = [
      { name: 'api-key', at: '/key' },
      { name: 'a b', at: '/other' },
      { name: 'api-key', at: '/again' },
    ]
    expect(compiled).toMatchObject({ kind: 'OK', secrets, paths: [] })
    expect(compiled.kind === 'OK' && compiled.resolve({})).toEqual({
      kind: 'VALUE',
      value: { key: { $secret: 'api-key' }, other: { $secret: 'a b' }, again: { $secret: 'api-key' } },
    })
  })
  test.each(['Bearer ${{ secrets.key }}', '${{ secrets.key + "x" }}', '${{ size(secrets.key) }}', '${{ secrets }}'])(
    'cannot be part of something else: %s',
    (text) => expect(problems(text)).toEqual([{ path: '', message: 'A secret can only be a whole text: ${{ secrets.name }}' }]),
  )
  test('cannot be asked for by data', () => {
    const data = { params: { a: [{ $secret: 'root' }] } }
    expect(resolve({ x: '${{ params.a }}' }, data)).toMatchObject({ kind: 'ERROR', problems: [{ path: '/x' }] })
    expect(resolve({ x: '${{ {"$secret": "root"} }}' }, data)).toMatchObject({ kind: 'ERROR', problems: [{ path: '/x' }] })
    expect(resolve({ x: 'as text: ${{ params.a }}' }, data)).toMatchObject({ kind: 'ERROR', problems: [{ path: '/x' }] })
  })
})

test('the paths it reads are told with their places', () => {
  const compiled = compileTemplate({ a: ['${{ nodes.a.output.rows }}'], b: '${{ params.n }}' })
  expect(compiled.kind === 'OK' && compiled.paths.map(({ names, at }) => [at, names.join('.')])).toEqual([
    ['/a/0', 'nodes.a.output.rows'],
    ['/b', 'params.n'],
  ])
})

test('a template that resolves to too much is refused', () => {
  const text = 'x'.repeat(100_000)
  expect(
    resolve(
      Array.from({ length: 6 }, () => '${{ params.text }}'),
      { params: { text } },
    ),
  ).toEqual({
    kind: 'ERROR',
    problems: [{ path: '', message: `the result is larger than ${LARGEST_RESOLVED} characters` }],
  })
})

test('a template of a thousand hostile expressions does no more than some of them', () => {
  let reads = 0
  const list = Array.from({ length: 10_000 }, (_, index) => index)
  const rows = new Proxy(list, { get: (target, key) => (reads++, Reflect.get(target, key)) })
  const hostile = Array.from({ length: 1_000 }, () => '${{ rows.all(a, rows.all(b, rows.all(c, a + b + c >= 0))) }}')
  expect(resolve(hostile, { rows })).toMatchObject({ kind: 'ERROR' })
  expect(reads).toBeLessThan(10 * MOST_STEPS)
})
