import type { Claim, ClaimAnswer, LogsAnswer } from '@carillon/contract'
import { createExecutor, type Connection, type Executor, type ExecutorLog } from '@carillon/executor'
import type { Engine } from '../lifecycle/engine.ts'
import type { ShippedLines } from '../lifecycle/logs.ts'
import type { ItemAnswer, ReportedItem } from '../lifecycle/report.ts'
import { deregister, heartbeat, register, type ExecutorPrincipal } from '../lifecycle/sessions.ts'
import { delayHandler } from './delay-handler.ts'
import { createHttpHandler } from './http-handler.ts'
import { logHandler } from './log-handler.ts'

/** The app `builtin`: it belongs to the platform's tenant, and every tenant's tasks may name it. */
export const BUILTIN_APP = { tenantId: 1, appId: 2, code: 'builtin' } as const

/** The largest answer that the kind `http` keeps, where the server would keep larger results. */
const MOST_BODY_BYTES = 1_000_000

/** The server's own functions, as the routes of the executor protocol call them. */
export interface BuiltinCalls {
  readonly engine: Engine
  /** Held open until there is work, until `waitMs` has passed, or until the signal aborts. */
  claim(request: Claim, signal: AbortSignal): Promise<ClaimAnswer>
  report(items: readonly ReportedItem[]): Promise<ItemAnswer[]>
  storeLogs(shipments: readonly ShippedLines[]): Promise<LogsAnswer['items']>
}

export interface BuiltinExecutorOptions extends BuiltinCalls {
  /** Instances it runs at once, of all tenants. */
  readonly capacity: number
  /** Whether a tenant's `http` work may reach private addresses. */
  allowPrivate(tenant: number): boolean
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
  const { allowPrivate, capacity, engine, log, nodeName } = options
  const bodyBytes = Math.min(MOST_BODY_BYTES, engine.settings.resultBytes)
  return createExecutor({
    connection: directConnection(options),
    app: BUILTIN_APP.code,
    instance: nodeName,
    handlers: [createHttpHandler({ allowPrivate, bodyBytes }), logHandler, delayHandler],
    capacity,
    log,
  })
}

const PRINCIPAL: ExecutorPrincipal = BUILTIN_APP

function directConnection({ engine, claim, report, storeLogs }: BuiltinCalls): Connection {
  return {
    register: (body) => register(engine, PRINCIPAL, body),
    heartbeat: (body) => heartbeat(engine, PRINCIPAL, body),
    claim,
    report: async ({ session, items }) => ({
      items: await report(items.map((item) => ({ tenantId: tenantOf(item), sessionId: session, item }))),
    }),
    logs: async ({ session, items }) => ({
      items: await storeLogs(
        items.map((item) => ({
          tenantId: tenantOf(item),
          sessionId: session,
          instance: item.instance,
          token: item.token,
          lines: item.lines,
        })),
      ),
    }),
    deregister: ({ session }) => deregister(engine, PRINCIPAL, session),
  }
}

/**
 * The tenant that an item says it is of. It need not be believed: together with the token and the session it names one attempt, and of any
 * other nothing is changed.
 */
function tenantOf({ tenant }: { readonly tenant?: number }): number {
  return tenant ?? BUILTIN_APP.tenantId
}
