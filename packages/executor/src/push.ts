import { Cancel, Invoke, type Assignment, type InvokeAnswer } from '@carillon/contract'
import { CarillonError } from '@carillon/core'
import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import type { HandlerIndex } from './handler-index.ts'
import type { Places } from './places.ts'
import type { Session } from './session.ts'

export interface ListenOptions {
  /** Default 127.0.0.1. */
  readonly host?: string
  /** 0 takes a free one. */
  readonly port: number
  /** What the server must send as bearer token to call this executor. Default: a secret made for this process; it is told to the server at registration. */
  readonly token?: string
  /** The base URL under which the server reaches it, where that is not `http://<host>:<port>`. */
  readonly address?: string
  /** Larger requests are refused. Default 16 MiB. */
  readonly bodyBytes?: number
}

/** With its token made up, if none was given. */
export type Listening = ListenOptions & { readonly token: string }

export interface PushDeps {
  /** The current session; null while there is none. */
  readonly session: () => Session | null
  readonly handlers: HandlerIndex
  readonly places: Places
}

export interface PushListener {
  /** Base URL to register. */
  readonly address: string
  close(): Promise<void>
}

/** Refuses what would leave the executor open to anyone, or unreachable. */
export function checkListen({ host = '127.0.0.1', token, address }: Listening): void {
  if (typeof token !== 'string' || token.trim() === '') {
    throw new TypeError(
      '`listen.token` is empty: anyone could call this executor. Choose a secret and give it to the app on the server',
    )
  }
  if (address === undefined && (host === '0.0.0.0' || host === '::')) {
    throw new TypeError(`Listening on ${host} needs \`listen.address\`: the URL under which the server reaches this executor`)
  }
}

/** Listens for the server's calls: `POST /invoke`, `POST /cancel` and, for health checks, `GET /health`. */
export async function listen(options: Listening, deps: PushDeps): Promise<PushListener> {
  checkListen(options)
  const host = options.host ?? '127.0.0.1'
  const http = createServer({ requestTimeout: 30_000, keepAliveTimeout: 65_000 }, pushHandler(options, deps))
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject)
    http.listen(options.port, host, () => resolve())
  })
  const { port } = http.address() as AddressInfo
  const name = host.includes(':') ? `[${host}]` : host
  return { address: options.address ?? `http://${name}:${port}`, close: () => close(http) }
}

function close(http: Server): Promise<void> {
  return new Promise((resolve) => {
    http.close(() => resolve())
    http.closeAllConnections()
  })
}

type Route = (body: string) => unknown

function pushHandler({ token, bodyBytes = 16 * 1024 * 1024 }: Listening, deps: PushDeps) {
  const permitted = bearerCheck(token)
  const routes: Readonly<Record<string, Route>> = {
    '/invoke': jsonRoute(Invoke, (body) => invoke(body, deps)),
    '/cancel': jsonRoute(Cancel, (body) => cancel(body, deps)),
  }
  const answer = async (request: IncomingMessage): Promise<unknown> => {
    const path = new URL(request.url ?? '/', 'http://x').pathname
    if (path === '/health') return health(deps)
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined
    if (route === undefined) throw new CarillonError('NOT_FOUND', `${path}: an executor answers /invoke, /cancel and /health`)
    if (!permitted(request.headers.authorization))
      throw new CarillonError('UNAUTHENTICATED', 'The bearer token of this executor is needed')
    if (request.method !== 'POST') throw new CarillonError('METHOD_NOT_ALLOWED', `${path} takes POST`)
    return route(await readBody(request, bodyBytes))
  }
  return (request: IncomingMessage, response: ServerResponse): void => {
    answer(request).then(
      (body) => send(response, 200, 'application/json', body),
      (error: unknown) => sendProblem(response, error),
    )
  }
}

/** The digests have one length, so that the comparison tells nothing about the token, its length included. */
function bearerCheck(token: string): (authorization: string | undefined) => boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  const expected = digest(`Bearer ${token}`)
  return (authorization) => timingSafeEqual(digest(authorization ?? ''), expected)
}

function jsonRoute<S extends TSchema>(schema: S, handle: (body: Static<S>) => unknown): Route {
  const validator = Compile(schema)
  return (text) => {
    const body = parse(text)
    if (validator.Check(body)) return handle(body as Static<S>)
    const problems = validator.Errors(body).map(({ instancePath, message }) => ({ path: `/body${instancePath}`, message }))
    throw new CarillonError('VALIDATION_FAILED', 'The body does not fit the protocol', { problems })
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new CarillonError('MALFORMED_REQUEST', `The body is not JSON: ${(error as Error).message}`)
  }
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new CarillonError('TOO_LARGE', `This executor takes requests of up to ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** Takes what fits; what it already holds or held it takes again without effect. What it refuses can go elsewhere at once. */
function invoke({ session: id, assignments }: Invoke, deps: PushDeps): InvokeAnswer {
  const { attempts } = sessionOf(id, deps)
  const taken: Assignment[] = []
  const refused: InvokeAnswer['refused'] = []
  for (const assignment of assignments) {
    const reason = attempts.knows(assignment) ? null : refusalOf(assignment.handler, taken.length, deps)
    if (reason === null) taken.push(assignment)
    else refused.push({ instance: assignment.instance, token: assignment.token, reason })
  }
  attempts.accept(taken)
  return { refused }
}

function refusalOf(handler: string, taken: number, { handlers, places }: PushDeps): string | null {
  if (!places.open) return 'DRAINING'
  if (handlers.find(handler) === undefined) return 'HANDLER_UNKNOWN'
  return places.free <= taken ? 'FULL' : null
}

function cancel({ session: id, stop }: Cancel, deps: PushDeps): unknown {
  sessionOf(id, deps).attempts.stop(stop)
  return {}
}

/** Session ids rise: one that is higher than ours was opened by a registration whose answer is still on its way. */
function sessionOf(id: number, deps: PushDeps): Session {
  const session = deps.session()
  if (session === null || id > session.id) throw new CarillonError('UNAVAILABLE', 'The executor is registering; try again')
  if (id < session.id) throw new CarillonError('SESSION_ENDED', `This executor is registered under session ${session.id}`)
  return session
}

function health({ session, places }: PushDeps): unknown {
  const status = !places.open ? 'DRAINING' : session() === null ? 'REGISTERING' : 'ONLINE'
  return { status, running: places.running, capacity: places.capacity }
}

function sendProblem(response: ServerResponse, error: unknown): void {
  const known = error instanceof CarillonError ? error : new CarillonError('INTERNAL', 'The request broke off')
  const { status, code, message, problems } = known
  // What is left of a body that was too large is not read.
  if (code === 'TOO_LARGE') response.setHeader('connection', 'close')
  send(response, status, 'application/problem+json', {
    type: 'about:blank',
    title: code,
    status,
    code,
    detail: message,
    problems,
  })
}

function send(response: ServerResponse, status: number, type: string, body: unknown): void {
  if (!response.writable) return
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body))
}
