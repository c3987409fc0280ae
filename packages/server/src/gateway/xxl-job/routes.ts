import type { IncomingHttpHeaders } from 'node:http'
import { CarillonError } from '@carillon/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { createAuthenticator, type Authenticator } from '../../http/auth.ts'
import { takeCallbacks } from './callbacks.ts'
import { OK, readCallbacks, readRegistration, refusal, type Envelope } from './inbound.ts'
import { registerXxlExecutor, removeXxlExecutor, type Caller } from './registry.ts'
import type { GatewayDeps } from './transport.ts'

/** Where executors look for their admin: the context path was dropped in 3.4.1. */
const PREFIXES = ['/api', '/xxl-job-admin/api']

/** Dialect C lets programs manage jobs. Ours has an API of its own. */
const JOB_ACTIONS = ['addJob', 'updateJob', 'removeJob', 'startJob', 'stopJob', 'triggerJob']

/** Java sends all callbacks that have gathered in one request, each with up to 50,000 characters. */
const LARGEST_BODY = 16 * 2 ** 20

/**
 * The side of an xxl-job admin that executors call. Everything is answered with status 200 and JSON, errors too, which stand in the body: on any
 * other status some clients end their process.
 */
export function serveXxlJob(app: FastifyInstance, deps: GatewayDeps): void {
  const authenticator = createAuthenticator(deps.engine.db)
  const actions: Readonly<Record<string, Action>> = {
    registry: (body, caller) => onRegistration(body, (registration) => registerXxlExecutor(deps, caller, registration)),
    registryRemove: (body, caller) =>
      onRegistration(body, (registration) => removeXxlExecutor(deps.engine, caller, registration)),
    callback: async (body, caller) => {
      const endings = readCallbacks(body)
      if (endings.kind === 'REFUSED') return refusal(endings.message)
      await takeCallbacks(deps.engine, caller, endings.value)
      return OK
    },
    ...Object.fromEntries(JOB_ACTIONS.map((name) => [name, async () => NO_JOB_API])),
  }
  void app.register(async (scope) => {
    readAnyBody(scope)
    scope.setErrorHandler((error, _request, reply) => answer(reply, refusal(messageOf(deps, error))))
    const callers = new WeakMap<FastifyRequest, Caller>()
    const serve = (url: string, action: Action | undefined) =>
      scope.route({
        // Anything else is answered too, and not with a page.
        method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
        url,
        bodyLimit: LARGEST_BODY,
        onRequest: async (request, reply) => {
          if (request.method !== 'POST') return answer(reply, refusal('HttpMethod not support: use POST.'))
          // Before the body is read.
          callers.set(request, await callerOf(authenticator, request.headers))
        },
        handler: async (request, reply) => {
          const name = request.url.split('?', 1)[0]!.split('/').at(-1)!.slice(0, 100)
          if (!action) return answer(reply, refusal(`uri-mapping(${name}) not found`))
          return answer(reply, await action(jsonOf(request.body), callers.get(request)!))
        },
      })
    for (const prefix of PREFIXES) for (const [name, action] of Object.entries(actions)) serve(`${prefix}/${name}`, action)
    serve('/xxl-job-admin/api/*', undefined)
  })
}

type Action = (body: unknown, caller: Caller) => Promise<Envelope>

const NO_JOB_API = refusal(
  'Carillon does not manage jobs by this API. Use its own: /api/v1/tasks, /api/v1/schedules, /api/v1/runs.',
)

type Registering = Parameters<typeof registerXxlExecutor>[2]

async function onRegistration(body: unknown, act: (registration: Registering) => Promise<string | null>): Promise<Envelope> {
  const registration = readRegistration(body)
  if (registration.kind === 'REFUSED') return refusal(registration.message)
  const problem = await act(registration.value)
  return problem === null ? OK : refusal(problem)
}

/** Whatever its content type says. */
function readAnyBody(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, text, done) => done(null, text))
}

function jsonOf(body: unknown): unknown {
  try {
    return JSON.parse(typeof body === 'string' ? body : '') as unknown
  } catch {
    throw new CarillonError('MALFORMED_REQUEST', 'The body is not valid JSON.')
  }
}

async function callerOf(authenticator: Authenticator, headers: IncomingHttpHeaders): Promise<Caller> {
  const token = headerOf(headers, 'xxl-job-access-token')
  if (token === '') throw new CarillonError('UNAUTHENTICATED', NO_TOKEN)
  const principal = await authenticator.authenticate({ authorization: `Bearer ${token}`, tenant: undefined }, 'executor')
  const { tenantId, appId, tokenId, name } = principal
  return { tenantId, appId, tokenId, name, token, dialect: headerOf(headers, 'xxl-job-appname') === '' ? 'AB' : 'C' }
}

const NO_TOKEN =
  'The access token is wrong. Set it to a token of the role executor: carillon token create <name> --role executor --app <app>.'

function headerOf(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name]
  return (Array.isArray(value) ? (value[0] ?? '') : (value ?? '')).trim()
}

function answer(reply: FastifyReply, envelope: Envelope): FastifyReply {
  return reply.code(200).type('application/json').send(JSON.stringify(envelope))
}

function messageOf({ engine }: GatewayDeps, error: unknown): string {
  if (error instanceof CarillonError) return error.code === 'UNAUTHENTICATED' ? NO_TOKEN : error.message
  const { statusCode } = error as { statusCode?: number }
  if (statusCode !== undefined && statusCode < 500) return (error as Error).message
  engine.report('xxlJob.requestFailed', { error })
  return 'The server could not do it just now. Try again.'
}
