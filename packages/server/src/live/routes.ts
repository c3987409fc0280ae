import websocket from '@fastify/websocket'
import { LIVE_PATH, type LiveTopic } from '@carillon/contract'
import { CarillonError } from '@carillon/core'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { credentialsOf, senderOf, type AppOptions } from '../http/app.ts'
import { createAuthenticator, type Principal } from '../http/auth.ts'
import { createOverviews } from '../http/handlers/overview.ts'
import { assertOwnOrigin } from '../http/own-page.ts'
import { carillonErrorOf } from '../http/problems.ts'
import { createRefusalBrake } from '../runtime/refusal-brake.ts'
import type { WakeHub } from '../runtime/wake-hub.ts'
import { openConnection, SIGN_MS, type Connection, type ConnectionDeps } from './connection.ts'
import { accessOf, readerOf } from './readers.ts'
import { createTopics } from './topics.ts'

export interface LiveDeps {
  readonly services: AppOptions['services']
  /** Under which pages of this server also are reached. */
  readonly ownHosts: readonly string[]
  readonly hub: Pick<WakeHub, 'listen'>
  readonly onError: (error: unknown) => void
  /** How often it is asked again who a client is. */
  readonly recheckMs?: number
}

const MOST_CONNECTIONS = 1_000
/** Of one token or person: a page has one. */
const MOST_CONNECTIONS_OF_ONE = 100
/** Topics that one token or person may join: those of all open pages at once after a restart, and then no more than people can look at. */
const PACE = { atOnce: 1_000, perSecond: 50 }
const LARGEST_MESSAGE = 64 * 2 ** 10
/** Who has not answered by the next one is cut off. */
const PING_MS = 20_000
/** Whoever was signed out or lost a role sees nothing more after this and the second for which an answer is believed. */
const RECHECK_MS = 5_000
const SERVICE_RESTART = 1012
/** For clients to take their leave. */
const CLOSING_MS = 500

/** Live views: `GET /api/v1/live` becomes a WebSocket. How it goes is in docs/guides/live.md, the messages in the contract. */
export function serveLive(app: FastifyInstance, deps: LiveDeps): void {
  const { onError } = deps
  const services = { ...deps.services, overviews: createOverviews(), onError }
  const authenticator = createAuthenticator(services.db, services.sessions, { renews: false })
  const topics = createTopics({ hub: deps.hub, onError, refusalOf: carillonErrorOf })
  /** Whose each is. */
  const connections = new Map<Connection, string>()
  const assertRoom = ({ key }: Principal) => {
    if (connections.size >= MOST_CONNECTIONS)
      throw new CarillonError('UNAVAILABLE', `This server has ${MOST_CONNECTIONS} live connections, and takes no more.`)
    const mine = [...connections.values()].filter((each) => each === key).length
    if (mine >= MOST_CONNECTIONS_OF_ONE)
      throw new CarillonError('RATE_LIMITED', `You have ${MOST_CONNECTIONS_OF_ONE} live connections open. Close some of them.`)
  }
  // Each topic that is joined counts here as what the brake calls a refusal: it may cost a look at once.
  const brake = createRefusalBrake({ ...PACE, addresses: 10_000, now: () => performance.now() })
  const assertPace = ({ key }: Principal) => {
    if (brake.holdsBack(key))
      throw new CarillonError('RATE_LIMITED', `You subscribe to more than ${PACE.perSecond} topics a second. Wait a moment.`)
    brake.refused(key)
  }
  const every = (ms: number, act: (connection: Connection) => void) =>
    setInterval(() => [...connections.keys()].forEach(act), ms).unref()
  const timers = [
    every(PING_MS, (connection) => connection.ping()),
    every(SIGN_MS, (connection) => connection.sign()),
    every(deps.recheckMs ?? RECHECK_MS, (connection) => void connection.recheck().catch(onError)),
  ]
  const identityOf = (request: FastifyRequest): Identity => {
    const credentials = credentialsOf(request)
    const anywhere = credentials.authorization === undefined ? 'session' : 'authenticated'
    return {
      identify: () => authenticator.authenticate({ ...credentials, tenant: undefined }, anywhere),
      authenticate: (tenant, access) => authenticator.authenticate({ ...credentials, tenant }, access),
    }
  }
  const opened = new WeakMap<FastifyRequest, Identity>()

  app.register(websocket, {
    options: { maxPayload: LARGEST_MESSAGE },
    // A client that goes away in disorder is no fault of anybody's.
    errorHandler: (_error, socket) => socket.terminate(),
    preClose(this: FastifyInstance, done: () => void) {
      timers.forEach(clearInterval)
      topics.close()
      for (const connection of connections.keys()) connection.close(SERVICE_RESTART, 'This server node is being stopped.')
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
        // A browser sends the cookie along with a WebSocket that any page opens, and lets that page read the answers: CORS does not stand before it.
        assertOwnOrigin(senderOf(request), deps.ownHosts)
        const identity = identityOf(request)
        request.principal = await identity.identify()
        assertRoom(request.principal)
        opened.set(request, identity)
      },
      handler: async () => {
        throw new CarillonError('MALFORMED_REQUEST', 'Live views are a WebSocket: connect with one (`upgrade: websocket`).')
      },
      wsHandler: (socket, request) => {
        const connection = openConnection({
          socket,
          nodeId: services.nodeId,
          requestId: request.id,
          ...opened.get(request)!,
          accessOf,
          join: (tenantId, topic, viewer, since) => {
            assertPace(request.principal!)
            return topics.join(tenantId, nameOf(topic), () => readerOf(services, tenantId, topic), viewer, since)
          },
          onError,
        })
        connections.set(connection, request.principal!.key)
        socket.on('close', () => connections.delete(connection))
      },
    })
  })
}

type Identity = Pick<ConnectionDeps, 'identify' | 'authenticate'>

/** Equal for equal topics of a tenant. */
function nameOf({ tenant: _, ...topic }: LiveTopic): string {
  return JSON.stringify(topic, sortedKeys)
}

function sortedKeys(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
