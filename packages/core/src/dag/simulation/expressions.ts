import { compileExpression } from '../expression.ts'
import { compileTemplate } from '../template.ts'

// Expressions and templates of a definition, as a run computes them: a value, or why there is none.

export type Found<T> = { readonly kind: 'VALUE'; readonly value: T } | { readonly kind: 'ERROR'; readonly message: string }

export type Context = Readonly<Record<string, unknown>>

export function evaluate(text: string, context: Context): Found<unknown> {
  const compiled = compileExpression(text)
  const result = compiled.kind === 'OK' ? compiled.evaluate(context) : ({ kind: 'ERROR', ...compiled.problem } as const)
  return result.kind === 'VALUE' ? result : { kind: 'ERROR', message: `"${text}": ${result.message}` }
}

export function resolve(template: unknown, context: Context): Found<unknown> {
  const compiled = compileTemplate(template)
  const resolved = compiled.kind === 'OK' ? compiled.resolve(context) : ({ ...compiled, kind: 'ERROR' } as const)
  if (resolved.kind === 'VALUE') return resolved
  const problems = resolved.problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
  return { kind: 'ERROR', message: problems.join('; ') }
}
