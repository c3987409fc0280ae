import { describe, expect, test } from 'vitest'
import schemas from 'virtual:carillon-schemas'
import { checkValue } from './check.ts'
import { fieldOf, folded, numberOf, unfolded, withKey } from './schema.ts'

describe('a schema becomes the field that fits it', () => {
  test.each([
    [{ type: 'string' }, 'text'],
    [{ type: 'string', maxLength: 4000 }, 'longText'],
    [{ type: 'integer' }, 'number'],
    [{ type: 'boolean' }, 'boolean'],
    [{ enum: ['a', 'b'] }, 'choice'],
    [{ type: 'array', items: { type: 'string' } }, 'list'],
    [{ type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'object' }] } }, 'json'],
    [{ type: 'object', properties: { a: { type: 'string' } } }, 'object'],
    [{ type: 'object' }, 'json'],
    [{ $ref: '#/$defs/a' }, 'json'],
    [{ type: ['string', 'null'] }, 'json'],
    [{ type: ['string', 'object'], if: { type: 'string' }, then: { enum: ['A'] }, else: { type: 'object' } }, 'json'],
    [{}, 'json'],
  ])('%j is edited as %s', (schema, kind) => {
    expect(fieldOf(schema).kind).toBe(kind)
  })

  test('what is needed comes first, in the order in which it is said to be', () => {
    const field = fieldOf({ type: 'object', properties: { a: {}, b: {}, c: {} }, required: ['c', 'b'] })
    expect(field.kind === 'object' && field.properties.map(({ name }) => name)).toEqual(['c', 'b', 'a'])
  })

  test('routing is a strategy, or a strategy with more to say beside it', () => {
    const field = fieldOf(schemas.policies)
    const policies = field.kind === 'object' ? field.properties : []
    const route = fieldOf(policies.find(({ name }) => name === 'route')!.schema)
    if (route.kind !== 'worded') throw new Error(`It is a field of ${route.kind}.`)
    expect([route.tag, route.rest.map(({ name }) => name)]).toEqual(['strategy', ['key', 'failover', 'executors']])
    expect(route.words).toContain('CONSISTENT_HASH')
    expect(fieldOf(route.rest[2]!.schema).kind).toBe('list')
  })

  test('policies of a task have a form: their variants are told apart by their word', () => {
    const field = fieldOf(schemas.policies)
    const policies = field.kind === 'object' ? field.properties : []
    const concurrency = fieldOf(policies.find(({ name }) => name === 'concurrency')!.schema)
    expect(concurrency.kind === 'variant' && concurrency.variants.map(({ word }) => word)).toEqual([
      'PARALLEL',
      'SEQUENTIAL',
      'SINGLETON',
      'KEYED',
      'REPLACE',
    ])
  })
})

test('a number that cannot be kept exactly stays the text that was typed', () => {
  expect(['12', '-1.5', '', ' 3 ', '1e3', 'ten', '9007199254740993'].map(numberOf)).toEqual([
    12,
    -1.5,
    undefined,
    3,
    1000,
    'ten',
    '9007199254740993',
  ])
})

test('an object that says nothing beside its word is that word, and the other way round', () => {
  expect(unfolded('FIRST', 'strategy')).toEqual({ strategy: 'FIRST' })
  expect(folded({ strategy: 'FIRST' }, 'strategy')).toBe('FIRST')
  const more = { strategy: 'FIRST', failover: true }
  expect([unfolded(more, 'strategy'), folded(more, 'strategy')]).toEqual([more, more])
  expect(folded({}, 'strategy')).toBeUndefined()
})

test('a key set to nothing is gone', () => {
  expect([withKey({ a: 1, b: 2 }, 'a', undefined), withKey(undefined, 'a', 1)]).toEqual([{ b: 2 }, { a: 1 }])
})

test('the check names the field, also the one that is missing', () => {
  const schema = {
    type: 'object',
    required: ['to'],
    properties: { to: { type: 'string' }, retry: { type: 'object', properties: { times: { type: 'integer' } } } },
  }
  expect(checkValue(schema, { retry: { times: 'many' } }).map(({ path }) => path)).toEqual(
    expect.arrayContaining(['/to', '/retry/times']),
  )
  expect(checkValue(schema, { to: 'x' })).toEqual([])
})
