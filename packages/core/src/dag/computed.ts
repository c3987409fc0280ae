import { compileExpression } from './expression.ts'
import { compileTemplate, type CompiledTemplate } from './template.ts'

// Expressions and templates of a definition, as a run computes them: a value, or why there is none.

export type Computed<T = unknown> =
  { readonly kind: 'VALUE'; readonly value: T } | { readonly kind: 'ERROR'; readonly message: string }

/** What expressions of a node see: `params` and `run` of its run, and `nodes` upstream of it that have ended. */
export type NodeContext = Readonly<Record<string, unknown>>

export function evaluate(text: string, context: NodeContext): Computed {
  const compiled = compileExpression(text)
  const result = compiled.kind === 'OK' ? compiled.evaluate(context) : ({ kind: 'ERROR', ...compiled.problem } as const)
  return result.kind === 'VALUE' ? result : { kind: 'ERROR', message: `"${text}": ${result.message}` }
}

/** Computes the texts of a template, as `compileTemplate` says. The template must not change afterwards: it is compiled once. */
export function resolve(template: unknown, context: NodeContext): Computed {
  const compiled = compiledOnce(template)
  const resolved = compiled.kind === 'OK' ? compiled.resolve(context) : ({ ...compiled, kind: 'ERROR' } as const)
  return resolved.kind === 'VALUE' ? resolved : { kind: 'ERROR', message: explained(resolved.problems) }
}

/** Problems of a template as one line. */
export function explained(problems: readonly { readonly path: string; readonly message: string }[]): string {
  return problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ')
}

/** Plans are kept in memory, so their templates are compiled once, and forgotten with them. */
const compiledTemplates = new WeakMap<object, CompiledTemplate>()

function compiledOnce(template: unknown): CompiledTemplate {
  if (typeof template !== 'object' || template === null) return compileTemplate(template)
  const known = compiledTemplates.get(template)
  if (known) return known
  const compiled = compileTemplate(template)
  compiledTemplates.set(template, compiled)
  return compiled
}

/** The nodes that a template reads. */
export function namesInTemplate(template: unknown): readonly string[] {
  const compiled = compiledOnce(template)
  return compiled.kind === 'OK' ? nodesIn(compiled.paths) : []
}

/** The nodes that an expression reads. */
export function namesInExpression(expression: string): readonly string[] {
  const compiled = compileExpression(expression)
  return compiled.kind === 'OK' ? nodesIn(compiled.paths) : []
}

const nodesIn = (paths: readonly { readonly names: readonly string[] }[]) =>
  paths.flatMap(({ names: [root, code] }) => (root === 'nodes' && code !== undefined ? [code] : []))
