import { ERRORS, CarillonError, type ErrorCode } from '@carillon/core'
import { QueueFull } from '../runtime/coalescer.ts'
import { isConnectionTrouble } from '../runtime/isolate.ts'

/** An error as it is answered: `application/problem+json`, RFC 9457. */
export interface ProblemAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
}

export function problemOf(error: CarillonError, requestId: string): ProblemAnswer {
  const { status, title } = ERRORS[error.code]
  const body = {
    ...error.extra,
    type: `urn:carillon:problem:${error.code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status,
    code: error.code,
    detail: error.message,
    ...(error.problems.length > 0 ? { problems: error.problems } : {}),
    requestId,
  }
  return { status, headers: headersOf(error), body }
}

function headersOf(error: CarillonError): Record<string, string> {
  if (error.code === 'UNAUTHENTICATED') return { 'www-authenticate': 'Bearer realm="carillon"' }
  if (error.code === 'UNAVAILABLE' || error.code === 'RATE_LIMITED') return { 'retry-after': '1' }
  return {}
}

/** The most bytes that a route reads, and the setting that says so. */
export interface BodyLimit {
  readonly setting: 'bodyBytes' | 'resultBytes'
  readonly maxBytes: number | undefined
}

/** Whatever was thrown, as an error that may be shown. Null: a fault of ours, of which the caller learns nothing but the request's id. */
export function carillonErrorOf(error: unknown, bodyLimit?: BodyLimit): CarillonError | null {
  if (error instanceof CarillonError) return error
  if (error instanceof QueueFull) return new CarillonError('UNAVAILABLE', `${error.message} Nothing was done.`)
  if ((error as { code?: unknown }).code === 'FST_ERR_CTP_BODY_TOO_LARGE') return bodyTooLarge(bodyLimit)
  return fromDatabase(error as DatabaseError) ?? fromServer(error as { code?: unknown })
}

interface DatabaseError {
  readonly code?: unknown
  readonly constraint?: string
  readonly message?: string
}

/** What PostgreSQL refused. Text of its own never leaves: it may hold another row's values. */
function fromDatabase(error: DatabaseError): CarillonError | null {
  const code = typeof error.code === 'string' ? error.code : ''
  if (code === '23505') return taken(error.constraint ?? '')
  if (code === '22P05' || code === '22021') return refusedText()
  if (UNAVAILABLE.has(code) || /^(08|53|57P)/.test(code) || isConnectionTrouble(error)) return unavailable()
  return null
}

/** Cannot reach it, it restarts, it waited too long for a lock or a statement, or retries of a deadlock ran out. */
const UNAVAILABLE = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'],
  ...['55P03', '57014', '40P01', '40001', '25P02', '25P03', '25P04', '25006'],
])

function unavailable(): CarillonError {
  return new CarillonError(
    'UNAVAILABLE',
    'The database cannot answer right now. Nothing is known to have been done; try again with the same idempotency key.',
  )
}

/** What is unique and not called `code`. */
const OTHER_UNIQUE: Readonly<Record<string, string>> = { user_account_login_key: 'login', task_xxl_job: 'xxlJobId' }

function taken(constraint: string): CarillonError {
  const field = OTHER_UNIQUE[constraint] ?? 'code'
  return new CarillonError('CODE_TAKEN', `This ${field} is already used. Choose another one.`, {
    problems: [{ path: `/body/${field}`, message: 'is already used' }],
  })
}

const INSTEAD = {
  bodyBytes: { limit: 'body', advice: 'Send less at once.' },
  resultBytes: { limit: 'result', advice: 'Store what is large elsewhere, and say where it is.' },
} as const

function bodyTooLarge({ setting, maxBytes }: BodyLimit = { setting: 'bodyBytes', maxBytes: undefined }): CarillonError {
  const { limit, advice } = INSTEAD[setting]
  const allowed = maxBytes === undefined ? 'allows' : `allows, which is ${maxBytes} bytes`
  return new CarillonError('TOO_LARGE', `The body is larger than limits.${setting} ${allowed}. ${advice}`, {
    extra: { limit, ...(maxBytes === undefined ? {} : { maxBytes }) },
  })
}

function refusedText(): CarillonError {
  return new CarillonError('VALIDATION_FAILED', 'A text of the request holds characters that cannot be stored.')
}

/** Of codes and identifiers in paths, in characters. */
export const LONGEST_PATH_PART = 500

const SERVER_ERRORS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['UNSUPPORTED_MEDIA_TYPE', 'Send the body as `content-type: application/json`.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['MALFORMED_REQUEST', 'The content type says JSON, but the body is empty.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['MALFORMED_REQUEST', 'The body is not as long as its content-length says.'],
  FST_ERR_BAD_URL: ['MALFORMED_REQUEST', 'The path cannot be decoded.'],
  FST_ERR_MAX_PARAM_LENGTH: ['TOO_LARGE', `A part of the path is longer than ${LONGEST_PATH_PART} characters.`],
  FST_ERR_ASYNC_CONSTRAINT: ['MALFORMED_REQUEST', 'The request cannot be routed.'],
}

function fromServer(error: { code?: unknown; statusCode?: unknown; name?: unknown }): CarillonError | null {
  const known = SERVER_ERRORS[String(error.code)]
  if (known) return new CarillonError(known[0], known[1])
  if (error.statusCode === 400) return new CarillonError('MALFORMED_REQUEST', 'The request cannot be read.')
  if (error.statusCode === 413) return new CarillonError('TOO_LARGE', 'The request is larger than this server accepts.')
  return null
}

export function internalError(): CarillonError {
  return new CarillonError('INTERNAL', 'The server failed. Its log tells more under the request id.')
}
