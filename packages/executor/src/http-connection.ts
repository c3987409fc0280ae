import { PROTOCOL_VERSION, executorRoutes } from '@carillon/contract'
import { CarillonError, ERRORS, type ErrorCode, type FieldProblem } from '@carillon/core'
import { Pool } from 'undici'
import type { Connection } from './connection.ts'

export interface HttpConnectionOptions {
  /** Base URL of the server: `https://carillon.example.com` */
  readonly server: string
  /** Access token of the app's executors. */
  readonly token: string
  /** How long a call may stay unanswered; a claim gets its `waitMs` on top. Default 15,000. */
  readonly timeoutMs?: number
}

/** The executor protocol over HTTP. Connections are kept alive and shared by all calls. */
export function httpConnection(options: HttpConnectionOptions): Required<Connection> {
  if (options.token === '') throw new TypeError('The access token is empty; create one for the app and pass it as `token`')
  const base = new URL(options.server)
  const prefix = base.pathname.replace(/\/+$/, '')
  const timeout = options.timeoutMs ?? 15_000
  // Claim, heartbeat, report and logs each have at most one request under way; the rest is room for leaving.
  const pool = new Pool(base.origin, { connections: 6, pipelining: 1, keepAliveTimeout: 30_000, connect: { timeout } })
  const headers = {
    authorization: `Bearer ${options.token}`,
    'content-type': 'application/json',
    'carillon-protocol': String(PROTOCOL_VERSION),
  }

  async function call(route: { path: string }, body: unknown, waitMs = 0, signal?: AbortSignal): Promise<never> {
    const request = { method: 'POST', path: prefix + route.path, headers, body: JSON.stringify(body) } as const
    const limits = { headersTimeout: waitMs + timeout, bodyTimeout: timeout }
    try {
      const response = await pool.request({ ...request, ...limits, ...(signal && { signal }) })
      const text = await response.body.text()
      if (response.statusCode === 200) return JSON.parse(text) as never
      throw refusal(response.statusCode, text)
    } catch (error) {
      throw error instanceof CarillonError ? error : away(options.server, error)
    }
  }

  return {
    register: (body) => call(executorRoutes.register, body),
    heartbeat: (body) => call(executorRoutes.heartbeat, body),
    claim: (body, signal) => call(executorRoutes.claim, body, body.waitMs, signal),
    report: (body) => call(executorRoutes.report, body),
    logs: (body) => call(executorRoutes.logs, body),
    callback: (body) => call(executorRoutes.callback, body),
    deregister: (body) => call(executorRoutes.deregister, body),
    close: () => pool.destroy(),
  }
}

function away(server: string, cause: unknown): CarillonError {
  const error = new CarillonError('UNAVAILABLE', `${server} does not answer: ${(cause as Error).message}`)
  error.cause = cause
  return error
}

/** The problem+json body of a refusal, or, from something that does not speak the protocol (a proxy), what its status says. */
function refusal(status: number, text: string): CarillonError {
  const problem = parseProblem(text)
  const code = isErrorCode(problem.code) ? problem.code : codeOfStatus(status)
  const problems = Array.isArray(problem.problems) ? (problem.problems as FieldProblem[]) : []
  const fields = problems.slice(0, 5).map(({ path, message }) => `${path} ${message}`)
  const detail = [textOf(problem.detail) ?? textOf(problem.title) ?? `The server answered ${status}`, ...fields].join('; ')
  return new CarillonError(code, detail, { problems })
}

interface Problem {
  readonly code?: unknown
  readonly detail?: unknown
  readonly title?: unknown
  readonly problems?: unknown
}

function parseProblem(text: string): Problem {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERRORS, code)
}

/** A 404 or 409 that is not problem+json comes from something between, so it says nothing about the request. */
function codeOfStatus(status: number): ErrorCode {
  if (status === 400) return 'MALFORMED_REQUEST'
  if (status === 401) return 'UNAUTHENTICATED'
  if (status === 403) return 'FORBIDDEN'
  if (status === 413) return 'TOO_LARGE'
  return 'UNAVAILABLE'
}
