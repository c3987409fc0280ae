import type { Handler } from './define-handler.ts'
import type { InstanceContext } from './context.ts'
import { failure, failureOf, successOf, type Outcome } from './outcome.ts'

/** Runs a handler once. Never rejects: whatever the handler does becomes an outcome. */
export async function runInstance(handler: Handler, context: InstanceContext, maxResultBytes: number): Promise<Outcome> {
  try {
    const problem = handler.check(context.params)
    if (problem !== null)
      return failure('PARAMS_INVALID', `The parameters do not fit the handler "${handler.name}": ${problem}`, false)
    return successOf(await handler.run(context), maxResultBytes)
  } catch (thrown) {
    return failureOf(thrown)
  }
}

/** Another version of the executor may know the handler, so this failure may be retried. */
export function unknownHandler(name: string, known: readonly string[]): Outcome {
  const list = known.slice(0, 10).join(', ') + (known.length > 10 ? ', …' : '')
  return failure('HANDLER_UNKNOWN', `This executor has no handler "${name}"; it has: ${list || 'none'}`)
}
