import type { executorRoutes } from '@carillon/contract'
import type { ExecutorTraffic } from '../lifecycle/executor-traffic.ts'
import type { Handlers } from './context.ts'

/** The executor protocol over HTTP: each call goes straight to the traffic of the engine. */
export function executorHandlers(traffic: ExecutorTraffic): Handlers<typeof executorRoutes> {
  return {
    register: ({ body }, { principal }) => traffic.register(principal, body),
    heartbeat: ({ body }, { principal }) => traffic.heartbeat(principal, body),
    claim: ({ body }, { principal, signal }) => traffic.claim(principal, body, signal),
    report: ({ body }, { principal }) => traffic.report(principal, body),
    logs: ({ body }, { principal }) => traffic.logs(principal, body),
    deregister: async ({ body }, { principal }) => {
      await traffic.deregister(principal, body.session)
      return {}
    },
  }
}
