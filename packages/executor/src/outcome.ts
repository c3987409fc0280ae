/** How an attempt ended, as the executor reports it. */
export type Outcome =
  /** `bytes`: the size of the output as JSON. */
  | { readonly kind: 'SUCCESS'; readonly output?: unknown; readonly bytes?: number }
  | { readonly kind: 'FAILURE'; readonly error: OutcomeError; readonly retriable?: boolean }
  /** It goes on elsewhere. */
  | { readonly kind: 'DETACHED' }

/**
 * What a handler returns to let go of its attempt while it goes on elsewhere: its place is free, and its end comes by a callback. The server
 * refuses this of an attempt that was given no callback; only its own kind `http` gives them.
 */
export const DETACHED: unique symbol = Symbol('detached')

export interface OutcomeError {
  readonly code?: string
  readonly message: string
  readonly stack?: string
}

/** The protocol's limits of an error. */
const MESSAGE_LENGTH = 10_000
const STACK_LENGTH = 50_000
const CODE_LENGTH = 100

/** Anything can be thrown; this makes a failure of it. `code` is the error's own; `retriable: false` on it is kept. */
export function failureOf(thrown: unknown): Outcome {
  if (!(thrown instanceof Error)) return failure(undefined, `The handler threw ${describe(thrown)}`)
  const { code, retriable } = thrown as { code?: unknown; retriable?: unknown }
  const error = {
    ...(isCode(code) && { code: String(code).slice(0, CODE_LENGTH) }),
    message: readable(() => thrown.message || thrown.name).slice(0, MESSAGE_LENGTH),
    ...(typeof thrown.stack === 'string' && { stack: withCauses(thrown).slice(0, STACK_LENGTH) }),
  }
  return { kind: 'FAILURE', error, ...(retriable === false && { retriable: false }) }
}

export function failure(code: string | undefined, message: string, retriable?: boolean): Outcome {
  const error = { ...(code !== undefined && { code }), message: message.slice(0, MESSAGE_LENGTH) }
  return { kind: 'FAILURE', error, ...(retriable === false && { retriable: false }) }
}

/**
 * The outcome of what a handler returned. The output is turned to JSON and back, so that what is reported is what it was at this moment,
 * in the shape in which it will be read (dates are text), whatever the handler's objects become later.
 */
export function successOf(returned: unknown, maxBytes: number): Outcome {
  if (returned === DETACHED) return { kind: 'DETACHED' }
  if (returned === undefined) return { kind: 'SUCCESS' }
  if (returned === null || typeof returned === 'boolean') return { kind: 'SUCCESS', output: returned }
  const json = toJson(returned)
  if (json.text === undefined) return failure('RESULT_NOT_JSON', `The handler returned ${json.problem}, which is not JSON`, false)
  const bytes = Buffer.byteLength(json.text)
  if (bytes > maxBytes) {
    const limit = `limits.resultBytes of the server allows ${maxBytes}`
    const advice = 'store it elsewhere and return where it is'
    return failure('RESULT_TOO_LARGE', `The handler returned ${bytes} bytes of JSON; ${limit}: ${advice}`, false)
  }
  return { kind: 'SUCCESS', output: JSON.parse(json.text), bytes }
}

function toJson(value: unknown): { text: string } | { text: undefined; problem: string } {
  try {
    const text = JSON.stringify(value)
    return text === undefined ? { text, problem: describe(value) } : { text }
  } catch (error) {
    return { text: undefined, problem: `something that cannot be serialised (${readable(() => (error as Error).message)})` }
  }
}

function isCode(code: unknown): code is string | number {
  return (typeof code === 'string' && code !== '') || typeof code === 'number'
}

function withCauses(error: Error): string {
  let text = error.stack ?? ''
  let cause = error.cause
  for (let depth = 0; cause instanceof Error && depth < 5; depth++, cause = cause.cause)
    text += `\nCaused by: ${cause.stack ?? cause.message}`
  return text
}

function describe(value: unknown): string {
  return typeof value === 'function' ? 'a function' : `${typeof value} ${readable(() => String(value))}`
}

/** Getters and toString of what a handler throws are its own code: they may throw as well. */
function readable(read: () => unknown): string {
  try {
    return String(read())
  } catch {
    return 'something unreadable'
  }
}
