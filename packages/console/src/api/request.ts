import { saying } from '../i18n/said.ts'
import { ApiProblem, problemSaid, ServerUnreachable, type ProblemBody } from './problem.ts'

export interface Request {
  readonly method: string
  readonly path: string
  readonly query?: Readonly<Record<string, unknown>> | undefined
  readonly body?: unknown
  /** Code of the tenant to act in; null: none, for routes of the platform and of the session. */
  readonly tenant: string | null
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly signal?: AbortSignal | undefined
}

/** One call with the session's cookie. Throws `ApiProblem` where the server refuses, `ServerUnreachable` where it does not answer. */
export async function request(call: Request): Promise<Response> {
  const response = await send(call)
  // A server that fails is not yet back.
  if (response.status < 500) tell({ kind: 'reachable' })
  if (response.ok) return response
  if (isProxys(response)) {
    tell({ kind: 'unreachable' })
    throw new ServerUnreachable(response.status)
  }
  const signedOut = response.status === 401 && !call.path.startsWith('/api/v1/session')
  const body = await bodyOf(response)
  // Without a cookie the server takes one for a program, and asks for its token.
  const told = signedOut ? { ...body, detail: 'You are no longer signed in. Sign in again.' } : body
  const problem = new ApiProblem(response.status, problemSaid(told, await saying()))
  if (signedOut) tell({ kind: 'signed-out' })
  if (problem.status === 429 && call.method === 'GET') tell({ kind: 'slowed', until: Date.now() + restOf(response) })
  throw problem
}

/** What a proxy says of a server that is gone: the server's own refusals are problem documents. */
function isProxys({ status, headers }: Response): boolean {
  return [502, 503, 504].includes(status) && !headers.get('content-type')?.startsWith('application/problem+json')
}

async function send(call: Request): Promise<Response> {
  const { signal, answered } = patienceOf(call)
  try {
    return await fetch(`${call.path}${queryOf(call.query)}`, {
      method: call.method,
      credentials: 'same-origin',
      headers: {
        accept: 'application/json',
        // It stands as the origin of runs that are started here.
        'carillon-client': 'console',
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        // Other sites cannot send these without asking first: that is what protects the cookie's holder from them.
        ...(call.tenant === null ? { 'carillon-console': '1' } : { 'carillon-tenant': call.tenant }),
        ...call.headers,
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      signal,
    })
  } catch (error) {
    if (call.signal?.aborted) throw error
    tell({ kind: 'unreachable' })
    throw new ServerUnreachable(error)
  } finally {
    answered()
  }
}

/**
 * Longer than the server itself takes for any look. Where the network swallows what is sent, nothing else would ever end the wait; what changes
 * something is not given up, since it may have happened.
 */
const LONGEST_ANSWER_MS = 10_000

/** `answered` is called when the answer begins: reading it may take as long as it takes. */
function patienceOf({ method, signal }: Request): { signal: AbortSignal | null; answered: () => void } {
  if (method !== 'GET') return { signal: signal ?? null, answered: () => undefined }
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), LONGEST_ANSWER_MS)
  return {
    signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal,
    answered: () => clearTimeout(timer),
  }
}

function queryOf(query: Readonly<Record<string, unknown>> = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) if (item !== undefined) search.append(name, String(item))
  }
  return search.size > 0 ? `?${search}` : ''
}

async function bodyOf(response: Response): Promise<ProblemBody> {
  try {
    const body: unknown = JSON.parse(await response.text())
    return typeof body === 'object' && body !== null ? body : {}
  } catch {
    return {}
  }
}

/** Of `retry-after`, in seconds; a date is not worth a clock that may be wrong. */
function restOf({ headers }: Response): number {
  const seconds = Number(headers.get('retry-after') ?? '')
  return 1_000 * Math.min(Math.max(Number.isFinite(seconds) ? seconds : 0, 2), 300)
}

/** What every call learns of the connection: the shell listens and says so, whichever page asked. */
export type ConnectionNews =
  | { readonly kind: 'reachable' | 'unreachable' | 'signed-out' }
  /** Too much is asked: nothing more until then, on the clock of this machine. */
  | { readonly kind: 'slowed'; readonly until: number }
const listeners = new Set<(news: ConnectionNews) => void>()

export function onConnectionNews(listener: (news: ConnectionNews) => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function tell(news: ConnectionNews): void {
  for (const listener of listeners) listener(news)
}
