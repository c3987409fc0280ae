import type { FieldProblem } from '@carillon/core'
import type { ApiProblem } from '../../api/problem.ts'

/** What the server says of one part of the body (`/params`), by pointer into that part. */
export function problemsBelow(refused: ApiProblem | null, part: string): readonly FieldProblem[] {
  const prefix = `/body${part}`
  return (refused?.problems ?? [])
    .filter(({ path }) => path === prefix || path.startsWith(`${prefix}/`))
    .map((problem) => ({ ...problem, path: problem.path.slice(prefix.length) }))
}
