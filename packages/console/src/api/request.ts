import { ApiProblem, ServerUnreachable, type ProblemBody } from './problem.ts'

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
  if (response.ok) {
    tell('reachable')
    return response
  }
  const problem = new ApiProblem(response.status, await bodyOf(response))
  if (problem.status === 401 && !call.path.startsWith('/api/v1/session')) tell('signed-out')
  throw problem
}

async function send(call: Request): Promise<Response> {
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
      ...(call.signal ? { signal: call.signal } : {}),
    })
  } catch (error) {
    if (call.signal?.aborted) throw error
    tell('unreachable')
    throw new ServerUnreachable(error)
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

/** What every call learns of the connection: the shell listens and says so, whichever page asked. */
export type ConnectionNews = 'reachable' | 'unreachable' | 'signed-out'
const listeners = new Set<(news: ConnectionNews) => void>()

export function onConnectionNews(listener: (news: ConnectionNews) => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function tell(news: ConnectionNews): void {
  for (const listener of listeners) listener(news)
}
