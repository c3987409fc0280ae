import type {
  Claim,
  ClaimAnswer,
  Heartbeat,
  HeartbeatAnswer,
  Logs,
  LogsAnswer,
  OpenCallback,
  Register,
  Registered,
  Report,
  ReportAnswer,
} from '@carillon/contract'
import { openCallback } from './callbacks.ts'
import type { Engine } from './engine.ts'
import { createHeartbeats } from './heartbeats.ts'
import { createSessionLines } from './session-lines.ts'
import { createSessionOwners } from './session-owners.ts'
import { deregister, register, type ExecutorPrincipal } from './sessions.ts'
import { createIntake } from './take-in.ts'
import { createWaitForWork } from './wait-for-work.ts'

/** The executor protocol, whatever carries it: HTTP, or a call in the same process. */
export interface ExecutorTraffic {
  register(principal: ExecutorPrincipal, body: Register): Promise<Registered>
  heartbeat(principal: ExecutorPrincipal, body: Heartbeat): Promise<HeartbeatAnswer>
  /** Held until there is something, `waitMs` are over, or the signal aborts. */
  claim(principal: ExecutorPrincipal, body: Claim, signal: AbortSignal): Promise<ClaimAnswer>
  report(principal: ExecutorPrincipal, body: Report): Promise<ReportAnswer>
  logs(principal: ExecutorPrincipal, body: Logs): Promise<LogsAnswer>
  /** The last part of an address for an attempt that the session holds; null where it holds none such. */
  openCallback(principal: ExecutorPrincipal, body: OpenCallback): Promise<string | null>
  deregister(principal: ExecutorPrincipal, session: number): Promise<void>
}

const PLATFORM_TENANT = 1

/** `mayGive`: false while this node is draining; executors that ask it get control, and no work. `leaving` ends the claims that wait. */
export function createExecutorTraffic(
  engine: Engine,
  mayGive: () => boolean = () => true,
  leaving: AbortSignal = new AbortController().signal,
): ExecutorTraffic {
  const owners = createSessionOwners(engine)
  const lines = createSessionLines(leaving)
  const waitForWork = createWaitForWork(engine, mayGive)
  const intake = createIntake(engine)
  const beat = createHeartbeats(engine)

  return {
    register: (principal, body) => register(engine, principal, body),

    async heartbeat(principal, body) {
      await owners.check(principal, body.session)
      return beat({ ...body, tenantId: principal.tenantId })
    },

    async claim(principal, body, signal) {
      await owners.check(principal, body.session)
      return lines.newest(body.session, signal, (current) => waitForWork(principal, body, current))
    },

    async report(principal, { session, items }) {
      await owners.check(principal, session)
      const reported = items.map((item) => ({ tenantId: tenantOf(principal, item.tenant), sessionId: session, item }))
      return { items: await intake.reports.add(reported) }
    },

    async logs(principal, { session, items }) {
      await owners.check(principal, session)
      const shipped = items.map((item) => ({ ...item, tenantId: tenantOf(principal, item.tenant), sessionId: session }))
      return { items: await intake.logs.add(shipped) }
    },

    async openCallback(principal, { session, tenant, instance, token, waitMs }) {
      await owners.check(principal, session)
      return openCallback(engine, { tenantId: tenantOf(principal, tenant), id: instance, token, sessionId: session }, waitMs)
    },

    async deregister(principal, session) {
      await owners.check(principal, session)
      await deregister(engine, principal, session)
    },
  }
}

/** Only an executor of the platform runs instances of other tenants; what anyone else says about a tenant is not heard. */
function tenantOf(principal: ExecutorPrincipal, said: number | undefined): number {
  return principal.tenantId === PLATFORM_TENANT && said !== undefined ? said : principal.tenantId
}
