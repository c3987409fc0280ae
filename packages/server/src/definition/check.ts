import type { FieldProblem } from '@carillon/core'
import type { TSchema } from 'typebox'
import { createValidator, fieldProblems } from './validation.ts'

const validators = new WeakMap<TSchema, ReturnType<typeof createValidator>>()

/** Holds a value against one of our own schemas, as a request's body is. Paths begin with `path`. */
export function check(schema: TSchema, value: unknown, path: string): FieldProblem[] {
  const validate = validators.get(schema) ?? createValidator({ schema, httpPart: 'body' })
  validators.set(schema, validate)
  if (validate(value)) return []
  return fieldProblems(validate.errors ?? [], '').map((problem) => ({
    ...problem,
    path: `${path}${problem.path}`,
  }))
}
