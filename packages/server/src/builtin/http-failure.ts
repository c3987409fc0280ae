import { InstanceStopped } from '@carillon/executor'
import { EgressRefused } from './egress-guard.ts'

/** How the kind `http` fails, beside EGRESS_REFUSED. One that is not retriable would end the same way again. */
export const HTTP_FAILURES = {
  /** It was answered, but the success expression does not hold, or cannot be evaluated over the answer. */
  HTTP_CONDITION: { retriable: true },
  /** It was answered, with a status that does not count as success. */
  HTTP_STATUS: { retriable: true },
  /** No answer in time. */
  HTTP_TIMEOUT: { retriable: true },
  /** No connection, a broken one, or an answer that is not HTTP. */
  HTTP_NETWORK: { retriable: true },
  /** The answer is larger than what is kept. */
  HTTP_TOO_LARGE: { retriable: false },
  /** It asks for a callback, and this server cannot be called back. */
  HTTP_NO_CALLBACK: { retriable: false },
  /** The settings do not make a request. */
  HTTP_INVALID: { retriable: false },
} as const

export type HttpFailureCode = keyof typeof HTTP_FAILURES

export class HttpFailure extends Error {
  override readonly name = 'HttpFailure'
  readonly code: HttpFailureCode
  readonly retriable: boolean

  constructor(code: HttpFailureCode, message: string, mayRepeat = true) {
    super(message)
    this.code = code
    this.retriable = mayRepeat && HTTP_FAILURES[code].retriable
    // The stack is the server's; it tells whoever wrote the task nothing.
    delete this.stack
  }
}

const CODES: Readonly<Record<string, HttpFailureCode>> = {
  UND_ERR_HEADERS_OVERFLOW: 'HTTP_TOO_LARGE',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'HTTP_TOO_LARGE',
  ERR_BUFFER_TOO_LARGE: 'HTTP_TOO_LARGE',
  UND_ERR_CONNECT_TIMEOUT: 'HTTP_TIMEOUT',
  UND_ERR_INVALID_ARG: 'HTTP_INVALID',
  UND_ERR_NOT_SUPPORTED: 'HTTP_INVALID',
}

/**
 * What a request that did not come to an answer is reported as. `what` names the request. `mayRepeat`: false where it may have been carried
 * out, and carrying it out twice is not the same as once.
 */
export function failureOfRequest(error: unknown, what: string, mayRepeat: boolean): Error {
  if (error instanceof HttpFailure) return mayRepeat ? error : notRepeated(error.code, error.message)
  if (error instanceof EgressRefused || error instanceof InstanceStopped) return error
  const code = CODES[String((error as { code?: unknown }).code)] ?? 'HTTP_NETWORK'
  const message = `${what}: ${messageOf(error)}`
  return mayRepeat ? new HttpFailure(code, message) : notRepeated(code, message)
}

function notRepeated(code: HttpFailureCode, message: string): HttpFailure {
  const advice =
    'It may have been carried out, so it is not repeated; set `idempotent` where the other side heeds the idempotency-key header'
  return new HttpFailure(code, `${message}. ${advice}`, false)
}

/** A name with several addresses fails with the failures of all of them, and no message of its own. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message || error.name : String(error)
}
