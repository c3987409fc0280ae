import { callbackRoutes, executorRoutes } from '@carillon/contract'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { publicUrlOf, type Config } from '../config.ts'
import { serveXxlJob } from '../gateway/xxl-job/routes.ts'
import { createApi } from '../http/api.ts'
import { callbackHandlers } from '../http/callback-api.ts'
import { executorHandlers } from '../http/executor-api.ts'
import type { Lifecycle } from '../lifecycle/lifecycle.ts'
import { createKnownTasks } from '../lifecycle/known-tasks.ts'
import { serveLive } from '../live/routes.ts'
import type { Base } from './base.ts'
import { causeOf } from './cause.ts'
import type { ExecutorLines } from './executors.ts'

export interface NodeApiOptions {
  readonly config: Config
  readonly log: Logger
  readonly lifecycle: Lifecycle
  /** Where it listens, once it does. */
  readonly address: () => string | null
}

/** All that a node answers over HTTP. It does not listen yet. */
export function createNodeApi(
  base: Base,
  lines: ExecutorLines,
  { config, log, lifecycle, address }: NodeApiOptions,
): FastifyInstance {
  const { db, engine, vault, nodeId } = base
  const services = {
    db,
    lifecycle,
    limits: config.limits,
    plans: engine.plans,
    tasks: createKnownTasks(),
    vault,
    hub: engine.hub,
    days: base.firing.days,
    sessions: config.sessions,
    shardGoneMs: config.shardGoneMs,
    nodeId,
  }
  const callbackBase = () => {
    const own = address()
    return own === null ? null : publicUrlOf(config, own)
  }
  const ownHosts = config.publicUrl === undefined ? [] : [new URL(config.publicUrl).host]
  const app = createApi(
    {
      services,
      corsOrigins: listOf(config.corsOrigins),
      ownHosts,
      trustProxy: config.trustProxy === undefined ? false : listOf(config.trustProxy),
      // The calls of executors are many and say little; they are there for those who ask for them.
      onAnswered: (entry) => log[isTraffic(entry.route) ? 'trace' : 'info'](entry, 'answered'),
      onFault: (error: unknown, requestId: string) => log.error({ requestId, ...causeOf(error) }, 'A request failed'),
    },
    [
      {
        name: 'executor',
        routes: executorRoutes,
        handlers: executorHandlers(lines.traffic, { egressOf: lines.egress.of, callbackBase }),
      },
      { name: 'callback', routes: callbackRoutes, handlers: callbackHandlers(engine) },
    ],
  )
  serveXxlJob(app, lines.xxlJob)
  serveLive(app, { services, ownHosts, hub: engine.hub, onError: (error) => engine.report('live.failed', { error }) })
  return app
}

const TRAFFIC = /^(\/executor\/|\/health$|\/api\/(registry|registryRemove|callback)$|\/xxl-job-admin\/)/
const isTraffic = (route: string): boolean => TRAFFIC.test(route)

const listOf = (text: string | undefined): string[] =>
  text
    ?.split(',')
    .map((each) => each.trim())
    .filter(Boolean) ?? []
