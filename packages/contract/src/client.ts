import { CarillonError, ERRORS, type ErrorCode } from '@carillon/core'
import type { Static, TSchema } from 'typebox'
import type { Answer, Route } from './route.ts'
import { routes, type Routes } from './routes.ts'

/**
 * A typed client, made from the route table: no generated code.
 *
 * @example
 * const carillon = createClient({ baseUrl: 'http://127.0.0.1:7070', token })
 * const task = await carillon.tasks.create({ body: { code: 'nightly-export', type: 'export' } })
 * await carillon.tasks.trigger({ params: { task: task.id } }, { idempotencyKey: 'export-2026-11-21' })
 *
 * Refusals are thrown as `CarillonError`, with the code and the fields that the server named.
 */
export function createClient(options: ClientOptions): Client {
  const groups = Object.entries(routes).map(([group, table]) => {
    const methods = Object.entries(table).map(([name, route]) => [name, methodOf(options, route)])
    return [group, Object.fromEntries(methods)]
  })
  return Object.fromEntries(groups) as Client
}

export interface ClientOptions {
  /** Without the `/api/v1`. */
  readonly baseUrl: string
  readonly token: string
  /** Code of the tenant to act in; only for tokens of platform administrators. */
  readonly tenant?: string
  readonly fetch?: Fetch
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface CallOptions {
  /** Sending the same request again under the same key has no second effect. */
  readonly idempotencyKey?: string
  readonly signal?: AbortSignal
  readonly headers?: Readonly<Record<string, string>>
}

export type Client = { readonly [Group in keyof Routes]: { readonly [Name in keyof Routes[Group]]: Method<Routes[Group][Name]> } }

type Method<R> = R extends Route
  ? object extends Input<R>
    ? (input?: Input<R>, options?: CallOptions) => Promise<Answer<R>>
    : (input: Input<R>, options?: CallOptions) => Promise<Answer<R>>
  : never

/** Parts of the request; one whose fields are all optional may be left out. */
export type Input<R extends Route> = Part<'params', R['params']> & Part<'query', R['query']> & Part<'body', R['body']>
type Part<Name extends string, Schema> = Schema extends TSchema
  ? object extends Static<Schema>
    ? { readonly [K in Name]?: Loose<Name, Static<Schema>> }
    : { readonly [K in Name]: Loose<Name, Static<Schema>> }
  : unknown
/** A path is text: an identifier may be given as the number that it is, or as somebody typed it. */
type Loose<Name extends string, T> = Name extends 'params' ? { [K in keyof T]: number | string } : T

interface AnyInput {
  readonly params?: Readonly<Record<string, unknown>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: unknown
}

function methodOf(options: ClientOptions, route: Route) {
  return async (input: AnyInput = {}, call: CallOptions = {}): Promise<unknown> => {
    const send = options.fetch ?? ((url, init) => fetch(url, init))
    const response = await send(
      `${options.baseUrl.replace(/\/$/, '')}${pathOf(route, input.params ?? {})}${queryOf(input.query)}`,
      {
        method: route.method,
        headers: headersOf(options, call, input.body !== undefined),
        ...(input.body === undefined ? {} : { body: JSON.stringify(input.body) }),
        ...(call.signal ? { signal: call.signal } : {}),
      },
    )
    if (!response.ok) throw await refusalOf(response)
    if (route.produces !== undefined) return textOf(response)
    return response.status === 204 ? undefined : response.json()
  }
}

/** `/api/v1/tasks/:task` with its parameters filled in. */
export function pathOf(route: Route, params: Readonly<Record<string, unknown>>): string {
  return route.path.replace(/:([a-zA-Z]+)/g, (_, name: string) => {
    if (params[name] === undefined) throw new TypeError(`The path ${route.path} needs the parameter ${name}.`)
    return encodeURIComponent(String(params[name]))
  })
}

function queryOf(query: Readonly<Record<string, unknown>> = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) if (item !== undefined) search.append(name, String(item))
  }
  return search.size > 0 ? `?${search}` : ''
}

function headersOf(options: ClientOptions, call: CallOptions, hasBody: boolean): Record<string, string> {
  return {
    authorization: `Bearer ${options.token}`,
    ...(hasBody ? { 'content-type': 'application/json' } : {}),
    ...(options.tenant === undefined ? {} : { 'carillon-tenant': options.tenant }),
    ...(call.idempotencyKey === undefined ? {} : { 'idempotency-key': call.idempotencyKey }),
    ...call.headers,
  }
}

async function refusalOf(response: Response): Promise<CarillonError> {
  const text = await response.text()
  const problem = parse(text) as { code?: string; detail?: string; problems?: { path: string; message: string }[] } & Record<
    string,
    unknown
  >
  const code: ErrorCode =
    problem.code !== undefined && Object.hasOwn(ERRORS, problem.code) ? (problem.code as ErrorCode) : 'UNAVAILABLE'
  const { problems = [], ...extra } = problem
  const detail = problem.detail ?? `The server answered ${response.status}: ${text.slice(0, 200)}`
  return new CarillonError(code, detail, { problems, extra: { ...extra, status: response.status } })
}

function parse(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

async function* textOf(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) yield decoder.decode(chunk, { stream: true })
}

export interface ServerEvent {
  readonly id: string
  readonly event: string
  readonly data: string
}

/** The server-sent events in a text that comes in pieces. */
export async function* readEvents(pieces: AsyncIterable<string>): AsyncGenerator<ServerEvent> {
  let rest = ''
  for await (const piece of pieces) {
    const blocks = (rest + piece).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = eventOf(block)
      if (event) yield event
    }
  }
}

function eventOf(block: string): ServerEvent | null {
  const lines = block.split('\n').filter((line) => !line.startsWith(':'))
  const field = (name: string) => lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2))
  const data = field('data')
  return data.length === 0 ? null : { id: field('id')[0] ?? '', event: field('event')[0] ?? 'message', data: data.join('\n') }
}
