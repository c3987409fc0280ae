import { CarillonError, type FieldProblem } from '@carillon/core'

/** One field that is wrong. */
export function invalid(path: string, message: string): CarillonError {
  return invalidFields([{ path, message }])
}

export function invalidFields(problems: readonly FieldProblem[]): CarillonError {
  const first = problems[0]!
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  return new CarillonError('VALIDATION_FAILED', `${first.path} ${first.message}${more}`, { problems })
}
