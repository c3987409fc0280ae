import { compileExpression, newMeter, type CompiledExpression, type Meter, type ExpressionPath } from './expression.ts'
import { EvaluationStop } from './expression/stop.ts'
import { DEEPEST, measure, type Json } from './expression/value.ts'

// A template is a JSON value whose texts may hold `${{ expression }}`: the `params` of a node, the `output` of a DAG. A text that is one
// expression becomes what it gives, of whatever type; in other texts it is written in, lists and maps as JSON.
//
// A secret is only referred to: `${{ secrets.name }}`, alone in its text, becomes `{ "$secret": "name" }`, which the server replaces when it
// hands the parameters to an executor. Such a marker must never come from data: whoever writes an output could otherwise ask for any
// secret. So a result with a key `$secret` is an error, and so is one written down.

/** The most characters of a resolved template, written as JSON. */
export const LARGEST_RESOLVED = 524_288
export const SECRET_MARKER = '$secret'

export interface TemplateProblem {
  /** JSON pointer into the template: `/rows/0`. */
  readonly path: string
  readonly message: string
}

/** Something that a template reads of its context, and where. */
export interface TemplatePath extends ExpressionPath {
  /** JSON pointer into the template. */
  readonly at: string
}

export type ResolvedTemplate =
  { readonly kind: 'VALUE'; readonly value: Json } | { readonly kind: 'ERROR'; readonly problems: readonly TemplateProblem[] }

interface SecretUse {
  readonly name: string
  /** Where in the template. */
  readonly at: string
}

export interface Template {
  readonly kind: 'OK'
  /** What it reads of its context, secrets left out. */
  readonly paths: readonly TemplatePath[]
  /** The secrets it refers to, each place. */
  readonly secrets: readonly SecretUse[]
  /** Never throws. All expressions of a template share their steps; `meter` makes several resolutions share them. */
  readonly resolve: (context: Readonly<Record<string, unknown>>, meter?: Meter) => ResolvedTemplate
}

export type CompiledTemplate = Template | { readonly kind: 'INVALID'; readonly problems: readonly TemplateProblem[] }

/**
 * Compiles a template, or tells every problem in it.
 *
 * @example
 * const template = compileTemplate({ day: '${{ params.day }}', file: 'out/${{ params.day }}.csv', key: '${{ secrets.api-key }}' })
 * template.resolve({ params: { day: '2024-02-29' } })
 * // { kind: 'VALUE', value: { day: '2024-02-29', file: 'out/2024-02-29.csv', key: { $secret: 'api-key' } } }
 */
export function compileTemplate(template: unknown): CompiledTemplate {
  const found: Findings = { problems: [], paths: [], secrets: [] }
  const resolve = compileValue(template, '', found)
  if (found.problems.length > 0) return { kind: 'INVALID', problems: found.problems }
  return {
    kind: 'OK',
    paths: found.paths,
    secrets: found.secrets,
    resolve: (context, meter) => resolveAll(resolve, context, meter),
  }
}

interface Findings {
  readonly problems: TemplateProblem[]
  readonly paths: TemplatePath[]
  readonly secrets: SecretUse[]
}

interface Resolving {
  readonly context: Readonly<Record<string, unknown>>
  readonly meter: Meter
  readonly problems: TemplateProblem[]
}

type Resolve = (resolving: Resolving) => Json

/** A template of many expressions may take this many times the steps of one. */
const SHARES = 4

function resolveAll(
  resolve: Resolve,
  context: Readonly<Record<string, unknown>>,
  meter: Meter = newMeter(SHARES),
): ResolvedTemplate {
  const problems: TemplateProblem[] = []
  const value = resolve({ context, meter, problems })
  if (problems.length > 0) return { kind: 'ERROR', problems }
  try {
    measure(value, LARGEST_RESOLVED)
    return { kind: 'VALUE', value }
  } catch (error) {
    const message = error instanceof EvaluationStop ? error.message : String(error)
    return { kind: 'ERROR', problems: [{ path: '', message }] }
  }
}

function compileValue(value: unknown, path: string, found: Findings, depth = 0): Resolve {
  if (depth > DEEPEST) {
    found.problems.push({ path, message: `It is nested deeper than ${DEEPEST} levels.` })
    return () => null
  }
  if (typeof value === 'string') return compileText(value, path, found)
  if (Array.isArray(value)) {
    const items = value.map((item, index) => compileValue(item, `${path}/${index}`, found, depth + 1))
    return (resolving) => items.map((resolve) => resolve(resolving))
  }
  if (typeof value === 'object' && value !== null)
    return compileMap(value as Readonly<Record<string, unknown>>, path, found, depth)
  return () => (value ?? null) as Json
}

function compileMap(map: Readonly<Record<string, unknown>>, path: string, found: Findings, depth: number): Resolve {
  const entries = Object.entries(map).map(([key, value]) => {
    const at = `${path}/${escapePointer(key)}`
    if (key === SECRET_MARKER) {
      found.problems.push({
        path: at,
        message: `"${SECRET_MARKER}" is not written down; refer to a secret as \${{ secrets.name }}`,
      })
    }
    return [key, compileValue(value, at, found, depth + 1)] as const
  })
  return (resolving) => Object.fromEntries(entries.map(([key, resolve]) => [key, resolve(resolving)]))
}

function compileText(text: string, path: string, found: Findings): Resolve {
  const parts = splitText(text)
  if (parts.kind === 'INVALID') {
    found.problems.push({ path, message: parts.message })
    return () => null
  }
  const [only] = parts.parts
  const secret = parts.parts.length === 1 && only?.kind === 'EXPRESSION' ? secretIn(only.text) : null
  if (secret !== null) {
    found.secrets.push({ name: secret, at: path })
    return () => ({ [SECRET_MARKER]: secret })
  }
  const resolves = parts.parts.map((part): Resolve => {
    if (part.kind === 'TEXT') return () => part.text
    return compileOne(part.text, path, found)
  })
  if (resolves.length === 1) return resolves[0]!
  return (resolving) => resolves.map((resolve) => asText(resolve(resolving))).join('')
}

const asText = (value: Json) => (typeof value === 'string' ? value : JSON.stringify(value))

function compileOne(text: string, path: string, found: Findings): Resolve {
  const compiled = compileExpression(text.trim())
  const problem = problemOf(compiled)
  if (compiled.kind === 'INVALID' || problem) {
    found.problems.push({ path, message: problem ?? 'It cannot be compiled.' })
    return () => null
  }
  found.paths.push(...compiled.paths.map((read) => ({ ...read, at: path })))
  return ({ context, meter, problems }) => {
    const result = compiled.evaluate(context, meter)
    const message = result.kind === 'ERROR' ? result.message : holdsMarker(result.value) ? MARKER_IN_DATA : null
    if (message === null && result.kind === 'VALUE') return result.value
    problems.push({ path, message: `\${{ ${compiled.text} }}: ${message}` })
    return null
  }
}

const MARKER_IN_DATA = `the data it looks at holds a key "${SECRET_MARKER}", which is reserved for references to secrets`

function problemOf(compiled: CompiledExpression): string | null {
  if (compiled.kind === 'INVALID') {
    const { line, column, message } = compiled.problem
    return `${message} (line ${line}, column ${column} of the expression)`
  }
  if (!compiled.paths.some(({ names }) => names[0] === 'secrets')) return null
  return 'A secret can only be a whole text: ${{ secrets.name }}'
}

/** The name, if the expression is `secrets.name` or `secrets["name"]` and nothing else. A name may hold dashes. */
function secretIn(text: string): string | null {
  const match = /^\s*secrets(?:\.([\w-]+)|\["([^"\\]+)"\]|\['([^'\\]+)'\])\s*$/.exec(text)
  return match ? (match[1] ?? match[2] ?? match[3] ?? null) : null
}

/** Whether the mark that stands for a secret is anywhere in a JSON value, which was measured before: it is small and not deep. */
export function holdsMarker(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.hasOwn(value, SECRET_MARKER) || Object.values(value).some(holdsMarker)
}

type Part = { readonly kind: 'TEXT' | 'EXPRESSION'; readonly text: string }

type SplitText =
  { readonly kind: 'PARTS'; readonly parts: readonly Part[] } | { readonly kind: 'INVALID'; readonly message: string }

function splitText(text: string): SplitText {
  const parts: Part[] = []
  let from = 0
  for (let open = text.indexOf('${{'); open >= 0; open = text.indexOf('${{', from)) {
    const close = endOfExpression(text, open + 3)
    if (close === null) return { kind: 'INVALID', message: `The \${{ at character ${open + 1} has no }}` }
    if (open > from) parts.push({ kind: 'TEXT', text: text.slice(from, open) })
    parts.push({ kind: 'EXPRESSION', text: text.slice(open + 3, close) })
    from = close + 2
  }
  if (from < text.length || parts.length === 0) parts.push({ kind: 'TEXT', text: text.slice(from) })
  return { kind: 'PARTS', parts }
}

/** Where its `}}` begins: not in a text, and not where maps end. */
function endOfExpression(text: string, start: number): number | null {
  let braces = 0
  let quote: string | null = null
  for (let at = start; at < text.length; at++) {
    const character = text[at]!
    if (quote) {
      if (character === '\\') at++
      else if (character === quote) quote = null
    } else if (character === '"' || character === "'") quote = character
    else if (character === '{') braces++
    else if (character === '}' && braces > 0) braces--
    else if (character === '}' && text[at + 1] === '}') return at
  }
  return null
}

export function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}
