import {
  createExecutor,
  settingsFromParams,
  type Connection,
  type Executor,
  type ExecutorLog,
  type Handler,
} from '@carillon/executor'
import type { ExecutorTraffic } from '../lifecycle/executor-traffic.ts'
import { delayHandler } from './delay-handler.ts'
import { createHttpHandler, type HttpHandlerOptions } from './http-handler.ts'
import { logHandler } from './log-handler.ts'

/** The app `builtin`: it belongs to the platform's tenant, and every tenant's tasks may name it. */
export const BUILTIN_APP = { tenantId: 1, appId: 2, code: 'builtin' } as const

/** The largest answer that the kind `http` keeps, where the server would keep larger results. */
const MOST_BODY_BYTES = 1_000_000

export interface BuiltinExecutorOptions {
  /** The server's own functions, as the routes of the executor protocol call them. */
  readonly traffic: ExecutorTraffic
  /** The largest result that the server keeps. */
  readonly resultBytes: number
  /** Instances it runs at once, of all tenants. */
  readonly capacity: number
  /** See {@link HttpHandlerOptions}. */
  readonly egressOf: HttpHandlerOptions['egressOf']
  /** See {@link HttpHandlerOptions}; left out: nobody can call this server back. */
  readonly openCallback?: HttpHandlerOptions['openCallback']
  /** The node that it runs in: its name among the executors, so unique among nodes. */
  readonly nodeName: string
  readonly log: ExecutorLog
}

/**
 * The executor that ships with the product: it runs the kinds `http`, `log` and `delay` of every tenant within a server node. It is an
 * executor like any other, with a session, a lease and fences, except that its calls do not travel. Its handlers wait and move bytes, and
 * compute nothing, so they cannot hold up the node.
 */
export function createBuiltinExecutor(options: BuiltinExecutorOptions): Executor {
  const { egressOf, capacity, traffic, log, nodeName, openCallback, resultBytes } = options
  const bodyBytes = Math.min(MOST_BODY_BYTES, resultBytes)
  return createExecutor({
    connection: directConnection(traffic),
    app: BUILTIN_APP.code,
    instance: nodeName,
    handlers: builtinHandlers({ egressOf, bodyBytes, ...(openCallback && { openCallback }) }),
    capacity,
    log,
  })
}

/** What it runs, in whatever process. */
export function builtinHandlers(http: HttpHandlerOptions): readonly Handler[] {
  return [settingsFromParams(createHttpHandler(http)), logHandler, delayHandler]
}

function directConnection(traffic: ExecutorTraffic): Connection {
  return {
    register: (body) => traffic.register(BUILTIN_APP, body),
    heartbeat: (body) => traffic.heartbeat(BUILTIN_APP, body),
    claim: (body, signal) => traffic.claim(BUILTIN_APP, body, signal),
    report: (body) => traffic.report(BUILTIN_APP, body),
    logs: (body) => traffic.logs(BUILTIN_APP, body),
    deregister: ({ session }) => traffic.deregister(BUILTIN_APP, session),
  }
}
