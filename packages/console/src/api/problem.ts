import type { ErrorCode, FieldProblem } from '@carillon/core'
import type { Say } from '../i18n/said.ts'

/** What the server refused, as RFC 9457 problem details. Pages go by `code` and `status`; people read `message`. */
export class ApiProblem extends Error {
  readonly status: number
  readonly code: ErrorCode | 'UNKNOWN'
  readonly problems: readonly FieldProblem[]
  readonly requestId: string | null

  constructor(status: number, body: ProblemBody) {
    super(body.detail ?? body.title ?? `The server answered ${status}.`)
    this.name = 'ApiProblem'
    this.status = status
    this.code = body.code ?? 'UNKNOWN'
    this.problems = body.problems ?? []
    this.requestId = body.requestId ?? null
  }

  /** Of one field of the body: `/timing/expression` (without `/body`). */
  of(pointer: string): string | undefined {
    return this.problems.find(({ path }) => path === `/body${pointer}` || path === pointer)?.message
  }
}

export interface ProblemBody {
  readonly title?: string
  readonly detail?: string
  readonly code?: ErrorCode
  readonly problems?: readonly FieldProblem[]
  readonly requestId?: string
}

/** A problem in the language of the reader. Where fields are wrong, the detail names the first: `/body/code is required (and 2 more)`. */
export function problemSaid(body: ProblemBody, say: Say): ProblemBody {
  const { title, detail, problems } = body
  const first = problems?.[0]
  const begin = first && `${first.path} ${first.message}`
  const namesFirst = detail !== undefined && begin !== undefined && detail.startsWith(begin)
  return {
    ...body,
    ...(title === undefined ? {} : { title: say(title) }),
    ...(detail === undefined
      ? {}
      : { detail: namesFirst ? `${first!.path} ${say(first!.message)}${say(detail.slice(begin.length))}` : say(detail) }),
    ...(problems === undefined ? {} : { problems: problems.map((each) => ({ ...each, message: say(each.message) })) }),
  }
}

/** No answer came: the server is down, or the network to it. Nothing is known of whether the request had an effect. */
export class ServerUnreachable extends Error {
  constructor(cause: unknown) {
    super('The server cannot be reached.', { cause })
    this.name = 'ServerUnreachable'
  }
}

export const isSignedOut = (error: unknown): boolean => error instanceof ApiProblem && error.status === 401
export const isForbidden = (error: unknown): boolean => error instanceof ApiProblem && error.status === 403
/** Nothing has the identifier of the address, or nothing can have it. */
export const isNotFound = (error: unknown): boolean =>
  error instanceof ApiProblem && (error.status === 404 || isNoIdentifier(error))
const isNoIdentifier = ({ problems }: ApiProblem): boolean =>
  problems.length > 0 && problems.every(({ path }) => path.startsWith('/params/'))
export const isConflict = (error: unknown): boolean => error instanceof ApiProblem && error.code === 'VERSION_CONFLICT'
