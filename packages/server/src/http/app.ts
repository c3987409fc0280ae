import { Readable } from 'node:stream'
import { executorRoutes, isMutating, successStatus, type Route } from '@carillon/contract'
import { CarillonError } from '@carillon/core'
import type { ErrorObject } from 'ajv'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { invalid, invalidFields } from '../definition/invalid.ts'
import type { IdempotencyKey } from '../storage/idempotency.ts'
import { ANONYMOUS, createAuthenticator, type Authenticator, type Credentials, type Principal } from './auth.ts'
import { createContext, type ApiServices, type Context } from './context.ts'
import { serveConsole, type ConsolePage } from './console.ts'
import { allowOrigins } from './cors.ts'
import { serveDocs } from './docs.ts'
import { requestHash } from './idempotency.ts'
import { readJsonBodies } from './json-body.ts'
import { createOverviews, createPlatformOverviews } from './handlers/overview.ts'
import { createScheduleDays, createScheduleLoads } from './handlers/schedule-load.ts'
import { assertOwnOrigin, assertOwnPage, type Sender } from './own-page.ts'
import { carillonErrorOf, internalError, LONGEST_PATH_PART, problemOf, type BodyLimit } from './problems.ts'
import { readinessOf } from './readiness.ts'
import { requestIdOf } from './request-id.ts'
import { SECURITY_HEADERS } from './security-headers.ts'
import { createSessionPace, type SessionPace } from './session-pace.ts'
import { createSignIn } from './sign-in.ts'
import { findUnstorable } from './unstorable.ts'
import { createValidator, fieldProblems } from '../definition/validation.ts'

export interface AppOptions {
  readonly services: Omit<
    ApiServices,
    'forgetPrincipals' | 'readiness' | 'signIn' | 'overviews' | 'platformOverviews' | 'scheduleLoads' | 'scheduleDays'
  >
  /** Routes and what answers them, group by group, as the contract names them. */
  readonly groups: readonly RouteGroup[]
  readonly corsOrigins?: readonly string[]
  /** Built console. Left out: the one of its package; null: none. */
  readonly consoleFolder?: string | null
  /** Names of this server besides the one that a request calls it by: `scheduler.example.org`. */
  readonly ownHosts?: readonly string[]
  /** Believe `x-forwarded-for` of these proxies. */
  readonly trustProxy?: boolean | string | string[]
  /** Sees every answer before it leaves; tests hold it against the contract. */
  readonly inspect?: (route: Route, answer: unknown) => void
  /** Hears of every request when it has been answered. */
  readonly onAnswered?: (entry: AccessEntry) => void
  /** Sees what the caller is not told: the error behind a 500. */
  readonly onFault?: (error: unknown, requestId: string) => void
}

/** A line of the access log. It carries no header, no query and no body: nothing in it has to be masked. */
export interface AccessEntry {
  readonly requestId: string
  readonly method: string
  /** As declared (`/api/v1/tasks/:task`); the path itself where there is no such route. */
  readonly route: string
  readonly status: number
  readonly ms: number
  readonly address: string
  readonly principal: string | null
  readonly tenant: string | null
  /** Of the route's parameters, where it has them. */
  readonly run?: number
  readonly instance?: number
}

export interface RouteGroup {
  readonly name: string
  readonly routes: Readonly<Record<string, Route>>
  readonly handlers: Readonly<Record<string, AnyHandler>>
}

/** A handler of whatever route: what its call holds is the route's affair, and checked by its validator. */
type AnyHandler = (call: never, context: Context) => Promise<unknown>

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal | null
  }
  interface FastifyContextConfig {
    bodySetting?: BodyLimit['setting']
  }
}

/**
 * The HTTP server: every route of the contract bound to its handler. It does not start with a handler missing, a route without access
 * declaration, or a mutating route that neither names its audit operation nor says why it has none.
 */
export function createApp(options: AppOptions): FastifyInstance {
  const app = newServer(options)
  const pace = createSessionPace()
  const authenticator = createAuthenticator(options.services.db, options.services.sessions)
  const services: ApiServices = {
    ...options.services,
    readiness: readinessOf(options.services.db),
    signIn: createSignIn(options.services.db),
    overviews: createOverviews(),
    platformOverviews: createPlatformOverviews(),
    scheduleLoads: createScheduleLoads(),
    scheduleDays: createScheduleDays(),
    forgetPrincipals: () => authenticator.forget(),
  }
  allowOrigins(app, options.corsOrigins ?? [])
  app.decorateRequest('principal', null)
  if (options.onAnswered) logAnswers(app, options.onAnswered)
  for (const group of options.groups) {
    for (const [name, route] of Object.entries(group.routes)) {
      const handler = group.handlers[name]
      assertBindable(group.name, name, route, handler)
      bind(app, { route, handler, authenticator, services, inspect: options.inspect, ownHosts: options.ownHosts ?? [], pace })
    }
  }
  serveDocs(app)
  answerUnknownPaths(app, options.groups, serveConsole(app, options.consoleFolder))
  return app
}

function newServer(options: AppOptions): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: options.services.limits.bodyBytes,
    trustProxy: options.trustProxy ?? false,
    genReqId: requestIdOf,
    // Slow senders are cut off; answers may take their time (long polling, live logs).
    requestTimeout: 30_000,
    keepAliveTimeout: 75_000,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: LONGEST_PATH_PART, ignoreTrailingSlash: false },
    frameworkErrors: (error, request, reply) => void answerError(error, request as FastifyRequest, reply as FastifyReply),
  }) as unknown as FastifyInstance
  app.removeContentTypeParser('text/plain')
  readJsonBodies(app)
  app.setValidatorCompiler(createValidator)
  const onFault = options.onFault ?? (() => undefined)
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, onFault))
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...SECURITY_HEADERS, 'x-request-id': request.id })
  })
  return app
}

function logAnswers(app: FastifyInstance, onAnswered: NonNullable<AppOptions['onAnswered']>): void {
  app.addHook('onResponse', async (request, reply) => {
    onAnswered({
      requestId: request.id,
      method: request.method,
      route: request.routeOptions.url ?? request.url.split('?', 1)[0]!.slice(0, 200),
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      address: request.ip,
      principal: request.principal?.name ?? null,
      tenant: request.principal?.tenantCode ?? null,
      ...numbered(request.params, 'run'),
      ...numbered(request.params, 'instance'),
    })
  })
}

/** A parameter as far as it is a number: what is refused as none may be anything. */
function numbered<Name extends string>(params: unknown, name: Name): { readonly [N in Name]?: number } {
  const value = Number((params as Readonly<Record<string, unknown>> | undefined)?.[name])
  return Number.isSafeInteger(value) ? ({ [name]: value } as { [N in Name]: number }) : {}
}

export function assertBindable(group: string, name: string, route: Route, handler: unknown): asserts handler is AnyHandler {
  const where = `Route ${group}.${name} (${route.method} ${route.path})`
  if (typeof handler !== 'function') throw new Error(`${where} has no handler.`)
  if (!route.access) throw new Error(`${where} does not declare who may call it.`)
  if (isMutating(route) && route.audit === undefined && route.unaudited === undefined)
    throw new Error(`${where} changes something: name its audit operation, or say why it needs none (unaudited).`)
}

interface Binding {
  readonly route: Route
  readonly handler: AnyHandler
  readonly authenticator: Authenticator
  readonly services: ApiServices
  readonly inspect: AppOptions['inspect'] | undefined
  readonly ownHosts: readonly string[]
  readonly pace: SessionPace
}

/** For what stands around a result in a body. */
const ROOM_AROUND_RESULT = 4096

function bind(app: FastifyInstance, binding: Binding): void {
  const { route, authenticator } = binding
  // What executors report is cleaned where it is stored: a result must not be lost over a character. What they are is not.
  const isReport = route.access === 'executor' && route.path !== executorRoutes.register.path
  const refuse = isReport ? () => undefined : refuseUnstorable
  const isResult = route.mostBytes === 'result'
  app.route({
    method: route.method,
    url: route.path,
    ...(isResult && { bodyLimit: binding.services.limits.resultBytes + ROOM_AROUND_RESULT }),
    config: { bodySetting: isResult ? 'resultBytes' : 'bodyBytes', roundsIntegers: isResult || route.access === 'executor' },
    schema: {
      ...(route.params ? { params: route.params } : {}),
      ...(route.query ? { querystring: route.query } : {}),
      ...(route.body ? { body: route.body } : {}),
    },
    onRequest: async (request) => {
      // Before the body is read: whoever may not call does not get to send megabytes either.
      if (route.access === 'public') return
      request.principal = await authenticator.authenticate(credentialsOf(request), route.access)
      if (request.principal.session === null) return
      assertOwnPage(senderOf(request), binding.ownHosts)
      binding.pace.take(request.principal.session.sessionId)
    },
    preValidation: async (request) => {
      if (route.body && (request.body === undefined || request.body === null)) request.body = {}
      refuse(request)
    },
    // Again, because a text such as 1e309 has become a number only now.
    preHandler: async (request) => refuse(request),
    handler: (request, reply) => answer(request, reply, binding),
  })
}

/** What a request, or one that asks for a socket, is authenticated by. */
export function credentialsOf(request: FastifyRequest): Credentials {
  const { authorization, cookie } = request.headers
  return { authorization, cookie, tenant: headerOf(request, 'carillon-tenant') }
}

export function senderOf(request: FastifyRequest): Sender {
  const { origin } = request.headers
  const marked = headerOf(request, 'carillon-tenant') !== undefined || headerOf(request, 'carillon-console') === '1'
  return { method: request.method, host: request.host, origin, marked }
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(',') : value
}

function refuseUnstorable(request: FastifyRequest): void {
  const { params, query, body } = request
  const problem = findUnstorable(params, '/params') ?? findUnstorable(query, '/query') ?? findUnstorable(body, '/body')
  if (problem) throw invalidFields([problem])
}

async function answer(request: FastifyRequest, reply: FastifyReply, binding: Binding): Promise<unknown> {
  const { route, handler, services } = binding
  const principal = request.principal ?? ANONYMOUS
  const facts = {
    route,
    principal,
    requestId: request.id,
    address: request.ip,
    signal: signalOf(reply),
    header: (name: string) => headerOf(request, name),
    secure: request.protocol === 'https',
    answerWith: (name: string, value: string) => void reply.header(name, value),
    assertOwnOrigin: () => assertOwnOrigin(senderOf(request), binding.ownHosts),
  }
  const context = createContext(services, { ...facts, idempotency: idempotencyOf(request, route, principal) })
  const { params, query, body } = request
  const result = await handler({ params, query, body } as never, context)
  if (route.audit !== undefined && !context.wasAudited()) throw new Error(`${route.method} ${route.path} left no audit entry.`)
  binding.inspect?.(route, result)
  return send(reply, route, result)
}

/** Aborts when the caller goes away before it has its answer. */
function signalOf(reply: FastifyReply): AbortSignal {
  const abort = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) abort.abort()
  })
  return abort.signal
}

function send(reply: FastifyReply, route: Route, result: unknown): FastifyReply {
  reply.code(successStatus(route))
  if (route.produces !== undefined) {
    const type = route.produces === 'text/plain' ? 'text/plain; charset=utf-8' : route.produces
    return reply.type(type).send(Readable.from(result as AsyncIterable<string>))
  }
  return successStatus(route) === 204 ? reply.send() : reply.send(result)
}

const KEY = /^[\x21-\x7e]{1,200}$/

function idempotencyOf(request: FastifyRequest, route: Route, principal: Principal): IdempotencyKey | null {
  const key = headerOf(request, 'idempotency-key')
  if (!route.idempotent || key === undefined) return null
  if (!KEY.test(key)) throw invalid('/headers/idempotency-key', 'must be 1 to 200 visible ASCII characters')
  const { params, query, body } = request
  const hash = requestHash({ params, query, body })
  return { principal: principal.key, route: `${route.method} ${route.path}`, key, requestHash: hash }
}

type OnFault = NonNullable<AppOptions['onFault']>

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply, onFault?: OnFault): FastifyReply {
  const { bodyLimit: maxBytes, config } = request.routeOptions
  const known = validationErrorOf(error) ?? carillonErrorOf(error, { setting: config?.bodySetting ?? 'bodyBytes', maxBytes })
  if (known === null) onFault?.(error, request.id)
  const { status, headers, body } = problemOf(known ?? internalError(), request.id)
  return reply
    .code(status)
    .headers({ ...SECURITY_HEADERS, 'x-request-id': request.id, ...headers })
    .type('application/problem+json')
    .send(JSON.stringify(body))
}

function validationErrorOf(error: unknown): CarillonError | null {
  const { validation, validationContext } = error as { validation?: readonly ErrorObject[]; validationContext?: string }
  return validation ? invalidFields(fieldProblems(validation, validationContext ?? '')) : null
}

/** 405 where the path exists under another method, 404 otherwise; the console's page where a browser looks for one of its addresses. */
function answerUnknownPaths(app: FastifyInstance, groups: readonly RouteGroup[], consolePage: ConsolePage): void {
  const known = groups
    .flatMap((group) => Object.values(group.routes))
    .map(({ method, path }) => {
      return { method, pattern: new RegExp(`^${path.replaceAll('.', '\\.').replace(/:[a-zA-Z]+/g, '[^/]+')}$`) }
    })
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0]!
    const methods = known.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method)
    const page = methods.length === 0 ? consolePage(request, reply) : null
    if (page !== null) return page
    if (methods.length === 0) throw new CarillonError('NOT_FOUND', 'There is nothing at this path.')
    reply.header('allow', methods.join(', '))
    throw new CarillonError('METHOD_NOT_ALLOWED', `Offered here: ${methods.join(', ')}.`)
  })
}
