import { Environment, ParseError } from '@marcbachmann/cel-js'
import { remember } from './expression/cache.ts'
import { build, Refusal } from './expression/build.ts'
import { MOST_STEPS, type Meter } from './expression/meter.ts'
import { pathsOf, type ExpressionPath } from './expression/paths.ts'
import type { Eval } from './expression/scope.ts'
import { EvaluationStop } from './expression/stop.ts'
import { measure, toJson, type Json, type JsonMap } from './expression/value.ts'

// Conditions and mappings are written in a subset of CEL (the Common Expression Language): no regular expressions, bytes, unsigned ints,
// dates or own functions. It is bounded by construction: a text is short, its tree is small, and an evaluation has a number of steps.

export type { Meter } from './expression/meter.ts'
export type { ExpressionPath } from './expression/paths.ts'

export const LONGEST_DAG_EXPRESSION = 2_000
/** The most characters of what an expression gives, written as JSON. */
export const LARGEST_RESULT = 262_144

const PARSER = new Environment({
  unlistedVariablesAreDyn: true,
  limits: { maxAstNodes: 300, maxDepth: 40, maxListElements: 100, maxMapEntries: 100, maxCallArguments: 8 },
})

export interface ExpressionProblem {
  readonly message: string
  /** In the text, in UTF-16 code units from 0. */
  readonly offset: number
  /** From 1. */
  readonly line: number
  readonly column: number
}

export type ExpressionResult =
  { readonly kind: 'VALUE'; readonly value: Json } | { readonly kind: 'ERROR'; readonly message: string }

export interface Expression {
  readonly kind: 'OK'
  readonly text: string
  /** What it reads of its context. */
  readonly paths: readonly ExpressionPath[]
  /**
   * Never throws. The context is JSON; nothing of it is copied or changed. `meter` makes several evaluations share their steps.
   *
   * @example evaluate({ output: { rows: 3 } })  // of 'output.rows > 0': { kind: 'VALUE', value: true }
   */
  readonly evaluate: (context: Readonly<Record<string, unknown>>, meter?: Meter) => ExpressionResult
}

export type CompiledExpression = Expression | { readonly kind: 'INVALID'; readonly problem: ExpressionProblem }

/**
 * Compiles an expression. The same text gives the same compiled expression: the last thousand are remembered.
 *
 * @example compileExpression('1 +')  // { kind: 'INVALID', problem: { message: 'Unexpected token: EOF', offset: 3, line: 1, column: 4 } }
 */
export const compileExpression: (text: string) => CompiledExpression = remember(1_000, (text) => {
  if (text.length > LONGEST_DAG_EXPRESSION) {
    return invalid(
      text,
      `An expression has at most ${LONGEST_DAG_EXPRESSION} characters, this has ${text.length}`,
      LONGEST_DAG_EXPRESSION,
    )
  }
  try {
    const { ast } = PARSER.parse(text)
    const run = build(ast)
    return { kind: 'OK', text, paths: pathsOf(ast), evaluate: (context, meter) => evaluate(run, context, meter) }
  } catch (error) {
    if (error instanceof ParseError) return invalid(text, error.summary, error.range?.start ?? 0)
    if (error instanceof Refusal) return invalid(text, error.message, error.offset)
    throw error
  }
})

function evaluate(run: Eval, context: Readonly<Record<string, unknown>>, meter: Meter = newMeter()): ExpressionResult {
  try {
    const value = toJson(run({ context: context as JsonMap, meter, locals: [] }))
    measure(value, LARGEST_RESULT)
    return { kind: 'VALUE', value }
  } catch (error) {
    if (error instanceof EvaluationStop) return { kind: 'ERROR', message: error.message }
    // Of a context that is no JSON, or nested so deeply that the stack ran out.
    return { kind: 'ERROR', message: `the data it looks at cannot be read (${String(error)})` }
  }
}

/** The steps that one evaluation may take; `times` more for several that share them. */
export function newMeter(times = 1): Meter {
  return { left: MOST_STEPS * times }
}

function invalid(text: string, message: string, offset: number): CompiledExpression {
  const before = text.slice(0, offset).split('\n')
  return { kind: 'INVALID', problem: { message, offset, line: before.length, column: before.at(-1)!.length + 1 } }
}
