import websocket from '@fastify/websocket'
import { LIVE_PATH } from '@carillon/contract'
import { CarillonError } from '@carillon/core'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { createAuthenticator } from '../http/auth.ts'
import { carillonErrorOf } from '../http/problems.ts'
import type { WakeHub } from '../runtime/wake-hub.ts'
import { openConnection, type Connection } from './connection.ts'
import { isOwnOrigin } from './origin.ts'
import { accessOf, readerOf, type LiveServices } from './readers.ts'
import { createTopics } from './topics.ts'

export interface LiveDeps {
  readonly services: LiveServices
  readonly hub: Pick<WakeHub, 'listen'>
  readonly nodeId: string
  readonly onError: (error: unknown) => void
  /** How often it is asked again who a client is. */
  readonly recheckMs?: number
}

const MOST_CONNECTIONS = 1_000
const LARGEST_MESSAGE = 64 * 2 ** 10
const PING_MS = 20_000
/** Whoever was signed out or lost a role sees nothing more after this and the second for which an answer is believed. */
const RECHECK_MS = 5_000
const SERVICE_RESTART = 1012
/** For clients to take their leave. */
const CLOSING_MS = 500

/** Live views: `GET /api/v1/live` becomes a WebSocket. How it goes is in docs/guides/live.md, the messages in the contract. */
export function serveLive(app: FastifyInstance, deps: LiveDeps): void {
  const { services, nodeId, onError } = deps
  const authenticator = createAuthenticator(services.db)
  const topics = createTopics({ hub: deps.hub, onError, refusalOf: carillonErrorOf })
  const connections = new Set<Connection>()
  const every = (ms: number, act: (connection: Connection) => void) => setInterval(() => connections.forEach(act), ms).unref()
  const timers = [
    every(PING_MS, (connection) => connection.ping()),
    every(deps.recheckMs ?? RECHECK_MS, (connection) => void connection.recheck().catch(onError)),
  ]
  const identify = (request: FastifyRequest): Identify => {
    const { authorization } = request.headers
    return (tenant, access) => authenticator.authenticate({ authorization, tenant }, access)
  }
  const opened = new WeakMap<FastifyRequest, Identify>()

  app.register(websocket, {
    options: { maxPayload: LARGEST_MESSAGE },
    // A client that goes away in disorder is no fault of anybody's.
    errorHandler: (_error, socket) => socket.terminate(),
    preClose(this: FastifyInstance, done: () => void) {
      timers.forEach(clearInterval)
      topics.close()
      for (const connection of connections) connection.close(SERVICE_RESTART, 'This server node is being stopped.')
      const { clients } = this.websocketServer
      setTimeout(() => clients.forEach((client) => client.terminate()), CLOSING_MS).unref()
      done()
    },
  })
  app.register(async (scope) => {
    scope.route({
      method: 'GET',
      url: LIVE_PATH,
      onRequest: async (request) => {
        const identity = identify(request)
        if (!isOwnOrigin(request.headers.origin, request.host))
          throw new CarillonError('FORBIDDEN', 'Live views are for pages of this server only: the origin is another.')
        request.principal = await identity(undefined, 'authenticated')
        if (connections.size >= MOST_CONNECTIONS)
          throw new CarillonError('UNAVAILABLE', `This server has ${MOST_CONNECTIONS} live connections, and takes no more.`)
        opened.set(request, identity)
      },
      handler: async () => {
        throw new CarillonError('MALFORMED_REQUEST', 'Live views are a WebSocket: connect with one (`upgrade: websocket`).')
      },
      wsHandler: (socket, request) => {
        const connection = openConnection({
          socket,
          nodeId,
          requestId: request.id,
          topics,
          authenticate: opened.get(request)!,
          accessOf,
          join: (tenantId, topic, viewer, since) =>
            topics.join(keyOf(tenantId, topic), () => readerOf(services, tenantId, topic), viewer, since),
          onError,
        })
        connections.add(connection)
        socket.on('close', () => connections.delete(connection))
      },
    })
  })
}

type Identify = Parameters<typeof openConnection>[0]['authenticate']

/** Equal for equal topics of a tenant. */
function keyOf(tenantId: number, { tenant: _, ...topic }: object & { tenant: string }): string {
  return `${tenantId} ${JSON.stringify(topic, sortedKeys)}`
}

function sortedKeys(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
