/**
 * Every error that Carillon answers: its code, HTTP status and title. The API, the CLI and the SDK share this table, and the reference in
 * the documentation is generated from it. A `detail` beside it says what is wrong in this case, where, and what to do.
 */
export const ERRORS = {
  VALIDATION_FAILED: { status: 422, title: 'The request has fields that are not valid' },
  MALFORMED_REQUEST: { status: 400, title: 'The request cannot be read' },
  UNAUTHENTICATED: { status: 401, title: 'A valid access token is needed' },
  FORBIDDEN: { status: 403, title: 'The token does not permit this' },
  NOT_FOUND: { status: 404, title: 'There is no such object' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'This method is not offered here' },
  CODE_TAKEN: { status: 409, title: 'The code is already used' },
  VERSION_CONFLICT: { status: 409, title: 'Someone else changed it meanwhile' },
  STATE_CONFLICT: { status: 409, title: 'Its present state does not allow this' },
  IN_USE: { status: 409, title: 'Something else still refers to it' },
  DOWNSTREAM_CYCLE: { status: 422, title: 'Downstream tasks would form a cycle' },
  TASK_DISABLED: { status: 409, title: 'The task is disabled' },
  TOO_LARGE: { status: 413, title: 'It is larger than allowed' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'The content type must be application/json' },
  IDEMPOTENCY_MISMATCH: { status: 422, title: 'The idempotency key was used for a different request' },
  RATE_LIMITED: { status: 429, title: 'Too many requests' },
  STALE_TOKEN: { status: 409, title: 'The attempt no longer belongs to this executor' },
  SESSION_ENDED: { status: 410, title: 'The executor session has ended; register again' },
  PROTOCOL_UNSUPPORTED: { status: 400, title: 'The executor protocol version is not supported' },
  SECRETS_LOCKED: { status: 503, title: 'This server has no key for secrets' },
  UNAVAILABLE: { status: 503, title: 'The service cannot answer right now; try again' },
  INTERNAL: { status: 500, title: 'Something went wrong on the server' },
} as const satisfies Record<string, { status: number; title: string }>

export type ErrorCode = keyof typeof ERRORS

/** One field that is wrong: `path` is a JSON pointer into the request (`/body/timing/expression`). */
export interface FieldProblem {
  readonly path: string
  readonly message: string
  /** In the definition of a DAG: the code of the node, or the edge, that it is about. */
  readonly node?: string
  readonly edge?: { readonly from: string; readonly to: string }
}

/** A refusal that the caller is meant to read. Thrown only at the edges; inside, expected outcomes are values. */
export class CarillonError extends Error {
  readonly code: ErrorCode
  readonly problems: readonly FieldProblem[]
  readonly extra: Readonly<Record<string, unknown>>

  constructor(
    code: ErrorCode,
    detail: string,
    more: { problems?: readonly FieldProblem[]; extra?: Record<string, unknown> } = {},
  ) {
    super(detail)
    this.name = 'CarillonError'
    this.code = code
    this.problems = more.problems ?? []
    this.extra = more.extra ?? {}
  }

  get status(): number {
    return ERRORS[this.code].status
  }
}
