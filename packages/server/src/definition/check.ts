import type { FieldProblem } from '@carillon/core'
import type { ErrorObject, ValidateFunction } from 'ajv'
import type { TSchema } from 'typebox'
import { compileValidator, fieldProblems } from './validation.ts'

const validators = new WeakMap<TSchema, ValidateFunction>()

/** Holds a value against one of our own schemas, as a request's body is. Paths begin with `path`. */
export function check(schema: TSchema, value: unknown, path: string): FieldProblem[] {
  const validate = validators.get(schema) ?? (compileValidator({ schema, httpPart: 'body' }) as ValidateFunction)
  validators.set(schema, validate)
  if (validate(value)) return []
  return fieldProblems((validate.errors ?? []) as ErrorObject[], '').map((problem) => ({
    ...problem,
    path: `${path}${problem.path}`,
  }))
}
