import type { TSchema } from 'typebox'
import type { HandlerContext } from './context.ts'
import { defineHandler, type Handler, type ParamsOf } from './define-handler.ts'

export interface HandlerDecoration<S extends TSchema> {
  /** As in `defineHandler`. */
  readonly params?: S
}

interface Marked {
  readonly name: string
  readonly params?: TSchema
  readonly method: PropertyKey
}

/** The marked methods of each class. Written when the class is defined, read by handlersOf. */
const methodsOf = new WeakMap<object, Map<PropertyKey, Marked>>()
const classes = new WeakMap<object, Omit<Marked, 'method'>>()

type Run<S extends TSchema> = (context: HandlerContext<ParamsOf<S>>) => unknown
type RunClass<S extends TSchema> = abstract new (...args: never[]) => { run: Run<S> }

export interface HandlerDecorator<S extends TSchema> {
  <This, F extends Run<S>>(method: F, context: ClassMethodDecoratorContext<This, F>): void
  <C extends RunClass<S>>(type: C, context: ClassDecoratorContext<C>): void
}

/**
 * Marks a method, or a class with a `run` method, as a handler (standard decorators, TypeScript 5 and later). Without a name it is called
 * like the method or the class. {@link handlersOf} reads the marks.
 *
 * @example
 * class Reports {
 *   \@handler('reports.daily', { params: Type.Object({ day: Type.String() }) })
 *   daily({ params }: HandlerContext<{ day: string }>) { … }
 * }
 * createExecutor({ …, handlers: handlersOf(new Reports()) })
 */
export function handler<const S extends TSchema = TSchema>(
  name?: string,
  decoration: HandlerDecoration<S> = {},
): HandlerDecorator<S> {
  const { params } = decoration
  const mark = (fallback: string) => ({ name: name ?? fallback, ...(params !== undefined && { params }) })
  return (target: unknown, context: ClassMethodDecoratorContext | ClassDecoratorContext) => {
    if (context.kind === 'class') return void classes.set(target as object, mark(context.name ?? ''))
    if (context.private || context.static)
      throw new TypeError(`@handler on ${String(context.name)}: only public methods of instances can be handlers`)
    const marked: Marked = { ...mark(String(context.name)), method: context.name }
    // A method learns its object only when that is made.
    context.addInitializer(function (this: unknown) {
      const methods = methodsOf.get(this as object) ?? new Map<PropertyKey, Marked>()
      methodsOf.set(this as object, methods.set(context.name, marked))
    })
  }
}

/**
 * The handlers of an object: its methods marked with `@handler`, and its `run` method where the class is marked or nothing else is. The
 * latter answers to the name of its class as well.
 */
export function handlersOf(instance: object): Handler[] {
  const type = instance.constructor
  const handlers = [...(methodsOf.get(instance)?.values() ?? [])].map((marked) => handlerOf(instance, marked))
  const marked = classes.get(type)
  const runs = typeof (instance as { run?: unknown }).run === 'function'
  if (runs && (marked !== undefined || handlers.length === 0)) {
    handlers.push(handlerOf(instance, { name: type.name, ...marked, method: 'run' }, type.name))
  }
  if (handlers.length > 0) return handlers
  throw new TypeError(`${type.name || 'The object'} has no handlers: mark methods with @handler, or give it a run method`)
}

function handlerOf(instance: object, { name, params, method }: Marked, className?: string): Handler {
  const methods = instance as Record<PropertyKey, Run<TSchema>>
  return defineHandler({
    name,
    ...(className !== undefined && { className }),
    ...(params !== undefined && { params }),
    // Looked up at the call, so that an override of a subclass is what runs.
    run: (context) => methods[method]?.(context),
  })
}
