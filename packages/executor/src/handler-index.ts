import type { Handler } from './define-handler.ts'

/** The handlers of an executor by the names they answer to: their own, then the name of their class where no handler is called so. */
export interface HandlerIndex {
  readonly names: readonly string[]
  find(name: string): Handler | undefined
}

/** Two handlers of one name are refused: which of them ran would depend on their order. */
export function indexHandlers(handlers: readonly Handler[]): HandlerIndex {
  const byName = new Map<string, Handler>()
  for (const handler of handlers) {
    if (byName.has(handler.name)) throw new TypeError(`Two handlers are named "${handler.name}"; give one of them another name`)
    byName.set(handler.name, handler)
  }
  for (const handler of handlers) {
    if (handler.className !== undefined && !byName.has(handler.className)) byName.set(handler.className, handler)
  }
  return { names: [...byName.keys()], find: (name) => byName.get(name) }
}
