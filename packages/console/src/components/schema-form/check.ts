import { Validator, type Schema as JsonSchema } from '@cfworker/json-schema'
import type { FieldProblem } from '@carillon/core'
import type { Schema } from './schema.ts'

/** What of a value does not fit its schema, by JSON pointer: interpreted, as the content security policy lets nothing be compiled. */
export function checkValue(schema: Schema, value: unknown): readonly FieldProblem[] {
  const { errors } = new Validator(schema as JsonSchema, '2020-12', false).validate(value)
  const leaves = errors.filter(({ keyword }) => !CONTAINERS.has(keyword))
  const problems = leaves.map(({ keyword, instanceLocation, error }) => {
    const place = instanceLocation.replace(/^#/, '')
    // The validator names the object; people look at the field that is missing in it.
    const missing = keyword === 'required' ? /"([^"]+)"/.exec(error)?.[1] : undefined
    return { path: missing === undefined ? place : `${place}/${missing}`, message: error }
  })
  return [...new Map(problems.map((problem) => [problem.path, problem])).values()]
}

/** They repeat what is wrong further inside. */
const CONTAINERS = new Set([
  'properties',
  'items',
  'prefixItems',
  'anyOf',
  'oneOf',
  'allOf',
  '$ref',
  'additionalProperties',
  'if',
  'then',
  'else',
])
