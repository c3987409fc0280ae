import { describe, expect, test } from 'vitest'
import { paramsProblems, schemaProblems, type Json } from './params-schema.ts'

const LIMIT = 65_536
const deep = (levels: number): Json => (levels === 0 ? { type: 'string' } : { properties: { a: deep(levels - 1) } })
const properties = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}`, { type: 'string', maxLength: 5 }]))

/** Each definition uses the next one twice. */
function doubling(levels: number): Json {
  const definitions = Array.from({ length: levels }, (_, n) => [
    `d${n}`,
    n === levels - 1 ? { type: 'string' } : { allOf: [{ $ref: `#/$defs/d${n + 1}` }, { $ref: `#/$defs/d${n + 1}` }] },
  ])
  return { $defs: Object.fromEntries(definitions), $ref: '#/$defs/d0' }
}

describe('S25 a schema that would hurt us is refused, and quickly', () => {
  test.each<[string, Json, RegExp]>([
    ['of another server', { $ref: 'http://169.254.169.254/latest' }, /must lead into this schema/],
    ['of a file', { $ref: 'file:///etc/passwd' }, /must lead into this schema/],
    ['into itself at large', { properties: { a: { $ref: '#' } } }, /must lead into this schema/],
    ['in a circle', { $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' }, /leads back to itself/],
    [
      'to itself through its properties',
      { $defs: { a: { properties: { n: { $ref: '#/$defs/a' } } } }, $ref: '#/$defs/a' },
      /leads back/,
    ],
    ['to nothing', { $ref: '#/$defs/none' }, /leads to nothing/],
    ['that double at every step', doubling(25), /grows to more than/],
  ])('references %s', (_, schema, message) => {
    expect(schemaProblems(schema, LIMIT)[0]?.message).toMatch(message)
  })

  test.each<[string, Json, RegExp]>([
    ['nested too deeply', deep(40), /deeper than 32/],
    ['with too many parts', { properties: properties(5_001) }, /bytes|more than 5000/],
    ['too long', { description: 'x'.repeat(LIMIT) }, /bytes long/],
    ['with $data', { properties: { a: { maximum: { $data: '1/b' } } } }, /not supported/],
    ['with an identity', { $id: 'http://example.test/' }, /not supported/],
    ['of another dialect', { $schema: 'http://json-schema.org/draft-07/schema#' }, /must be https/],
    ['with unbounded unique items', { type: 'array', uniqueItems: true }, /needs maxItems/],
    ['with a look-behind', { pattern: '(?<=a)b' }, /RE2/],
    ['with a back-reference', { pattern: '(a)\\1' }, /RE2/],
    ['of no sense', { type: 'objekt' }, /not a JSON Schema/],
  ])('%s', (_, schema, message) => {
    const begun = performance.now()
    expect(schemaProblems(schema, LIMIT)[0]?.message).toMatch(message)
    expect(performance.now() - begun).toBeLessThan(2_000)
  })

  test('a catastrophic pattern takes no time', () => {
    const schema = { properties: { a: { type: 'string', pattern: '^(a+)+$' } } }
    expect(schemaProblems(schema, LIMIT)).toEqual([])
    const begun = performance.now()
    expect(paramsProblems(schema, { a: `${'a'.repeat(5_000)}!` }, '')).toHaveLength(1)
    expect(performance.now() - begun).toBeLessThan(1_000)
  })

  test('the largest schema that is taken compiles in a moment', () => {
    const schema = { properties: properties(1_200) }
    const begun = performance.now()
    expect(schemaProblems(schema, LIMIT)).toEqual([])
    expect(performance.now() - begun).toBeLessThan(5_000)
  })
})

describe('TYP-2 parameters are held against the schema', () => {
  const schema = {
    type: 'object',
    required: ['to'],
    properties: {
      to: { type: 'array', items: { type: 'string', format: 'email' }, minItems: 1 },
      kind: { enum: ['html', 'text'] },
      tags: {
        type: 'object',
        patternProperties: { '^x-': { type: 'string', pattern: '^[a-z]+$' } },
        additionalProperties: false,
      },
      size: { $ref: '#/$defs/size' },
    },
    additionalProperties: false,
    $defs: { size: { type: 'integer', minimum: 1 } },
  }
  test.each([
    [{}, '/to', 'is required'],
    [{ to: ['ann@example.test', 'nobody'] }, '/to/1', 'must match format "email"'],
    [{ to: ['a@b.cd'], kind: 'pdf' }, '/kind', 'must be one of html, text'],
    [{ to: ['a@b.cd'], subjet: 'x' }, '/subjet', 'is not known here'],
    [{ to: ['a@b.cd'], tags: { 'x-a': 'UP' } }, '/tags/x-a', 'must match pattern'],
    [{ to: ['a@b.cd'], tags: { y: 'up' } }, '/tags/y', 'is not known here'],
    [{ to: ['a@b.cd'], size: 0 }, '/size', 'must be >= 1'],
    [{ to: ['a@b.cd'], size: '5' }, '/size', 'must be integer'],
  ])('%j', (params, path, message) => {
    expect(paramsProblems(schema, params, '/params')).toEqual([
      { path: `/params${path}`, message: expect.stringContaining(message) },
    ])
  })

  test('what fits is let through, and unchanged', () => {
    const params = { to: ['a@b.cd'], kind: 'html', tags: { 'x-a': 'low' }, size: 3 }
    expect(paramsProblems(schema, params, '')).toEqual([])
    expect(params).toEqual({ to: ['a@b.cd'], kind: 'html', tags: { 'x-a': 'low' }, size: 3 })
  })

  test('partly given, top-level parameters may still be missing, but nothing else', () => {
    expect(paramsProblems(schema, {}, '', true)).toEqual([])
    expect(paramsProblems(schema, { size: 0 }, '', true)).toHaveLength(1)
    const nested = { properties: { a: { type: 'object', required: ['b'] } } }
    expect(paramsProblems(nested, { a: {} }, '', true)).toHaveLength(1)
  })

  test('two patterns in one schema are two patterns', () => {
    const two = { properties: { a: { pattern: '^a$' }, b: { pattern: '^b$' } } }
    expect(paramsProblems(two, { a: 'a', b: 'a' }, '').map((problem) => problem.path)).toEqual(['/b'])
  })
})
