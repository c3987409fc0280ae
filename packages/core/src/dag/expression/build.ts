import type { ASTNode } from '@marcbachmann/cel-js'
import { FUNCTIONS, type LanguageFunction } from './functions.ts'
import { elementsOf, MACROS, truth, type Macro } from './macros.ts'
import { spend } from './meter.ts'
import { OPERATORS, type BinaryOperator } from './operators.ts'
import type { Eval, Scope } from './scope.ts'
import { EvaluationStop, FORGIVING, OutOfSteps } from './stop.ts'
import { fieldOf, fromJson, isList, isMap, toJson, typeName, type Json, type Value } from './value.ts'

// Turns a parsed expression into closures, one for each node of its tree. What the language does not have is refused here, before anything
// is evaluated. The library that parses could evaluate too, but nothing could cut it short: a macro over a list that looks something up in
// a list, or a chain of macros that doubles one, takes minutes. Here each piece spends steps.

/** A part of the text that is not of the language. */
export class Refusal extends Error {
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

/** The variables of the macros around a node, outermost first. */
type Locals = readonly string[]

export function build(node: ASTNode, locals: Locals = []): Eval {
  const evaluate = pieceOf(node, locals)
  return (scope) => {
    spend(scope.meter, 1)
    return evaluate(scope)
  }
}

function pieceOf(node: ASTNode, locals: Locals): Eval {
  switch (node.op) {
    case 'value':
      return literal(node.args, node.start)
    case 'id':
      return variable(node.args, locals)
    case '.':
      return field(build(node.args[0], locals), node.args[1])
    case '[]':
      return element(build(node.args[0], locals), build(node.args[1], locals))
    case 'list':
      return listOf(node.args.map((item) => build(item, locals)))
    case 'map':
      return mapOf(node.args.map(([key, value]) => [build(key, locals), build(value, locals)] as const))
    case '?:':
      return choice(build(node.args[0], locals), build(node.args[1], locals), build(node.args[2], locals))
    case '&&':
      return junction(false, build(node.args[0], locals), build(node.args[1], locals))
    case '||':
      return junction(true, build(node.args[0], locals), build(node.args[1], locals))
    case '!_':
      return not(build(node.args, locals))
    case '-_':
      return negative(build(node.args, locals))
    case 'call':
      return node.args[0] === 'has' ? has(node, node.args[1], locals) : call(node, node.args[0], node.args[1], 'plain', locals)
    case 'rcall': {
      const [name, receiver, args] = node.args
      const macro = MACROS.get(name)
      return macro
        ? comprehension(node, name, macro, receiver, args, locals)
        : call(node, name, [receiver, ...args], 'method', locals)
    }
    case '.?':
    case '[?]':
      throw new Refusal('Optional values are not part of this language; use has()', node.start)
    default:
      return binary(OPERATORS[node.op], build(node.args[0], locals), build(node.args[1], locals))
  }
}

function literal(value: unknown, offset: number): Eval {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'bigint':
      return () => value
    default:
      if (value === null) return () => null
      throw new Refusal('Bytes and unsigned ints are not part of this language', offset)
  }
}

function variable(name: string, locals: Locals): Eval {
  const slot = locals.lastIndexOf(name)
  if (slot >= 0) return ({ locals: values }) => fromJson(values[slot]!)
  return ({ context }) => {
    const value = fieldOf(context, name)
    if (value === undefined) throw new EvaluationStop(`there is no "${name}" here`)
    return value
  }
}

function field(of: Eval, name: string): Eval {
  return (scope) => {
    const map = of(scope)
    if (!isMap(map)) throw new EvaluationStop(`"${name}" is asked of ${typeName(map)}, which has no fields`)
    return found(fieldOf(map, name), name)
  }
}

function found(value: Value | undefined, key: string): Value {
  if (value === undefined) throw new EvaluationStop(`there is no "${key}"`)
  return value
}

function element(of: Eval, at: Eval): Eval {
  return (scope) => {
    const container = of(scope)
    const index = at(scope)
    if (isMap(container) && typeof index === 'string') return found(fieldOf(container, index), index)
    if (isList(container) && typeof index === 'bigint') return elementAt(container, index)
    throw new EvaluationStop(`${typeName(container)} cannot be indexed by ${typeName(index)}`)
  }
}

function elementAt(list: readonly Json[], index: bigint): Value {
  const item = index < 0n ? undefined : list[Number(index)]
  if (item === undefined) throw new EvaluationStop(`there is no element ${index} in a list of ${list.length}`)
  return fromJson(item)
}

function listOf(items: readonly Eval[]): Eval {
  return (scope) => items.map((item) => toJson(item(scope)))
}

function mapOf(entries: readonly (readonly [Eval, Eval])[]): Eval {
  return (scope) => {
    // An object with keys of its own takes longer than its values.
    spend(scope.meter, 5 * entries.length)
    return Object.fromEntries(
      entries.map(([keyOf, valueOf]) => {
        const key = keyOf(scope)
        if (typeof key !== 'string') throw new EvaluationStop(`the key of a map must be a string, not ${typeName(key)}`)
        return [key, toJson(valueOf(scope))]
      }),
    )
  }
}

const choice =
  (condition: Eval, yes: Eval, no: Eval): Eval =>
  (scope) =>
    truth(condition(scope)) ? yes(scope) : no(scope)

/** `||` (decided by true) and `&&` (decided by false): a side that decides makes up for an error of the other, in either order. */
function junction(decides: boolean, left: Eval, right: Eval): Eval {
  return (scope) => {
    const first = attempt(left, scope)
    if (first.ok && first.value === decides) return decides
    const second = truth(right(scope))
    if (second === decides) return decides
    if (!first.ok) throw first.error
    return !decides
  }
}

function attempt(evaluate: Eval, scope: Scope) {
  try {
    return { ok: true, value: truth(evaluate(scope)) } as const
  } catch (error) {
    if (error instanceof OutOfSteps) throw error
    spend(scope.meter, FORGIVING)
    return { ok: false, error } as const
  }
}

const not =
  (of: Eval): Eval =>
  (scope) =>
    !truth(of(scope))

function negative(of: Eval): Eval {
  return (scope) => {
    const value = of(scope)
    if (typeof value === 'bigint' || typeof value === 'number') return -value
    throw new EvaluationStop(`"-" cannot be applied to ${typeName(value)}`)
  }
}

const binary =
  (operate: (typeof OPERATORS)[BinaryOperator], left: Eval, right: Eval): Eval =>
  (scope) =>
    operate(left(scope), right(scope), scope.meter)

/** `has(a.b)`: whether a has a field b. What leads to it must be there. */
function has(node: ASTNode, args: readonly ASTNode[], locals: Locals): Eval {
  const [asked] = args
  if (args.length !== 1 || asked?.op !== '.') throw new Refusal('has() asks for one field, as in has(a.b)', node.start)
  const of = build(asked.args[0], locals)
  const name = asked.args[1]
  return (scope) => {
    const map = of(scope)
    return isMap(map) && fieldOf(map, name) !== undefined
  }
}

function call(node: ASTNode, name: string, args: readonly ASTNode[], form: 'plain' | 'method', locals: Locals): Eval {
  const known = FUNCTIONS.get(name)
  if (!known?.[form]) throw new Refusal(whyUnknown(name, known, form), node.start)
  if (!known.signatures.some((types) => types.length === args.length)) {
    throw new Refusal(`${name}() does not take ${args.length} arguments`, node.start)
  }
  const evaluated = args.map((arg) => build(arg, locals))
  return (scope) =>
    apply(
      name,
      known,
      evaluated.map((arg) => arg(scope)),
      scope,
    )
}

function whyUnknown(name: string, known: LanguageFunction | undefined, form: 'plain' | 'method'): string {
  if (name === 'matches')
    return 'There is no matches(): a regular expression may take too long; use contains, startsWith or split'
  if (known)
    return form === 'plain' ? `${name}() is written behind a value: text.${name}(…)` : `${name}() is written ${name}(value)`
  return `There is no function ${name}(); there are ${[...FUNCTIONS.keys(), 'has', ...MACROS.keys()].join(', ')}`
}

function apply(name: string, known: LanguageFunction, args: readonly Value[], { meter }: Scope): Value {
  const fits = (types: readonly string[]) =>
    types.length === args.length && types.every((type, index) => type === 'any' || type === typeName(args[index]!))
  if (!known.signatures.some(fits)) throw new EvaluationStop(`${name}() cannot be applied to ${args.map(typeName).join(', ')}`)
  return known.apply(args, meter)
}

function comprehension(
  node: ASTNode,
  name: string,
  macro: Macro,
  receiver: ASTNode,
  args: readonly ASTNode[],
  locals: Locals,
): Eval {
  const [variableNode, ...bodyNodes] = args
  if (variableNode?.op !== 'id' || !macro.bodies.includes(bodyNodes.length)) {
    throw new Refusal(`${name}() takes a variable and an expression, as in list.${name}(x, x > 0)`, node.start)
  }
  const of = build(receiver, locals)
  const slot = locals.length
  const inner = [...locals, variableNode.args]
  const bodies = bodyNodes.map((body) => build(body, inner))
  return (scope) =>
    macro.run(
      elementsOf(of(scope), scope, slot),
      bodies.map((body) => () => body(scope)),
      scope.meter,
    )
}
