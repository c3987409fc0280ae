import { compileExpression, type ConcurrencyPolicy, type FieldProblem } from '@carillon/core'

/** What a concurrency policy says of its key that cannot be kept. */
export function concurrencyProblems(concurrency: ConcurrencyPolicy | undefined, path: string): FieldProblem[] {
  if (concurrency?.policy !== 'KEYED') return []
  const { path: place, expression } = concurrency
  if ((place === undefined) === (expression === undefined))
    return [{ path, message: 'needs the key that it is KEYED by: either a path or an expression, and not both' }]
  return expression === undefined ? [] : keyProblems(expression).map((message) => ({ path: `${path}/expression`, message }))
}

function keyProblems(expression: string): string[] {
  const compiled = compileExpression(expression)
  if (compiled.kind === 'INVALID') {
    const { message, line, column } = compiled.problem
    return [`${message} (line ${line}, column ${column}).`]
  }
  return compiled.paths.flatMap(({ names: [root, name] }) => {
    if (root === 'params' || (root === 'run' && name === 'fireAt')) return []
    return [
      `There is no "${[root, ...(root === 'run' && name !== undefined ? [name] : [])].join('.')}" here; there are params and run.fireAt.`,
    ]
  })
}
