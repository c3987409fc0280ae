import type { TSchema, TUnsafe } from 'typebox'
import { Compile } from 'typebox/compile'
import type { XStatic } from 'typebox/schema'
import type { HandlerContext } from './context.ts'
import { runIsolated, type Isolation } from './isolation/isolate.ts'
import { isIsolated } from './isolation/messages.ts'

/**
 * The type of parameters that a schema describes. TypeBox's own `Static` would do the same, but inferred from an argument it costs the
 * compiler a million instantiations, that is seconds in every program that defines a handler.
 */
export type ParamsOf<S> = S extends TUnsafe<infer T> ? T : XStatic<S>

/** A named function that executes instances, as the executor keeps it. Made by {@link defineHandler} or {@link handlersOf}. */
export interface Handler {
  readonly name: string
  /** The class it was found in; it answers to this name as well. */
  readonly className?: string
  /** JSON schema of its parameters, for descriptions and forms. */
  readonly params?: TSchema
  run(context: HandlerContext): unknown
  /** What is wrong with these parameters, or null. */
  check(params: unknown): string | null
}

/** A handler that remembers what parameters it takes, so that a node of a DAG is given no others. */
export interface TypedHandler<P> extends Handler {
  /** For the compiler alone; never there. */
  readonly paramsType?: P
}

export interface HandlerDefinition<S extends TSchema> {
  readonly name: string
  readonly className?: string
  /** A TypeBox type or a JSON schema (`as const`); it types `params`, and an instance whose parameters do not fit fails for good. */
  readonly params?: S
  /**
   * Runs each attempt in a thread, or a process, of its own, so that one that blocks, crashes or leaks hurts no other. It needs `module`. When
   * it is to stop, its `signal` is aborted there; one that does not hear is ended with its thread or process.
   */
  readonly isolate?: Isolation
  /** `import.meta.url` of the module that defines the handler and exports it. An isolated handler is loaded from there. */
  readonly module?: string
  /** Of an isolated handler: how much memory JavaScript may take before it is ended. */
  readonly memoryMb?: number
  /**
   * Executes one attempt. What it returns is the output (JSON); throwing is a failure with the error's `code`.
   * When `signal` is aborted it should end soon.
   */
  run(context: HandlerContext<ParamsOf<S>>): unknown
}

/**
 * Defines a handler.
 *
 * @example
 * const greet = defineHandler({
 *   name: 'greet',
 *   params: Type.Object({ who: Type.String() }),
 *   run: ({ params, log }) => { log.info(`Hello ${params.who}`); return { greeted: params.who } },
 * })
 */
export function defineHandler<const S extends TSchema = {}>(definition: HandlerDefinition<S>): TypedHandler<ParamsOf<S>> {
  if (typeof definition.name !== 'string' || definition.name === '' || definition.name.length > 200) {
    throw new TypeError(`A handler needs a name of 1 to 200 characters; got ${JSON.stringify(definition.name)}`)
  }
  if (typeof definition.run !== 'function') throw new TypeError(`The handler "${definition.name}" needs a run function`)
  const run = isolated(definition) ?? ((context) => definition.run(context as HandlerContext<ParamsOf<S>>))
  return {
    name: definition.name,
    ...(definition.className !== undefined && { className: definition.className }),
    ...(definition.params !== undefined && { params: definition.params }),
    run,
    check: definition.params === undefined ? () => null : paramsCheck(definition.params),
  }
}

/** Null where it runs here: it is not isolated, or is already in the thread or process that it runs in. */
function isolated({ name, isolate, module, memoryMb }: HandlerDefinition<TSchema>): Handler['run'] | null {
  if (isolate === undefined || isIsolated()) return null
  if (module === undefined) throw new TypeError(`The isolated handler "${name}" needs \`module: import.meta.url\``)
  return (context) => runIsolated(name, { isolate, module, memoryMb }, context)
}

function paramsCheck(schema: TSchema): (params: unknown) => string | null {
  const validator = Compile(schema)
  return (params) => {
    if (validator.Check(params)) return null
    const problems = validator.Errors(params).slice(0, 5)
    return problems
      .map(({ instancePath, message }) => `${instancePath === '' ? 'params' : `params${instancePath}`} ${message}`)
      .join('; ')
  }
}
