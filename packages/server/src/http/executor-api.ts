import type { ClaimAnswer, executorRoutes } from '@carillon/contract'
import type { ExecutorTraffic } from '../lifecycle/executor-traffic.ts'
import type { EgressRules } from '../lifecycle/private-targets.ts'
import { PLATFORM_TENANT } from '../storage/app.ts'
import type { Handlers } from './context.ts'

export interface ExecutorApiOptions {
  /** Where the work of a tenant may go. */
  egressOf(tenantId: number): EgressRules
  /** The base of the addresses of callbacks; null where nobody has said it. */
  callbackBase(): string | null
}

/** The executor protocol over HTTP: each call goes straight to the traffic of the engine. */
export function executorHandlers(
  traffic: ExecutorTraffic,
  { egressOf, callbackBase }: ExecutorApiOptions,
): Handlers<typeof executorRoutes> {
  return {
    register: ({ body }, { principal, address, requestId }) => traffic.register({ ...principal, address, requestId }, body),
    heartbeat: ({ body }, { principal }) => traffic.heartbeat(principal, body),
    claim: async ({ body }, { principal, signal }) => {
      const answer = await traffic.claim(principal, body, signal)
      return principal.tenantId === PLATFORM_TENANT ? withEgress(answer, egressOf) : answer
    },
    report: ({ body }, { principal }) => traffic.report(principal, body),
    logs: ({ body }, { principal }) => traffic.logs(principal, body),
    callback: async ({ body }, { principal }) => {
      const base = callbackBase()
      if (base === null) return { state: 'NO_ADDRESS', url: null }
      const key = await traffic.openCallback(principal, body)
      return key === null ? { state: 'OVER', url: null } : { state: 'OPEN', url: `${base}/callback/v1/${key}` }
    },
    deregister: async ({ body }, { principal }) => {
      await traffic.deregister(principal, body.session)
      return {}
    },
  }
}

/** Executors of the platform do the work of every tenant, so they are told where that may go; what is not said is closed. */
function withEgress(answer: ClaimAnswer, egressOf: ExecutorApiOptions['egressOf']): ClaimAnswer {
  const egress = [...new Set(answer.assignments.map(({ tenant }) => tenant))].flatMap((tenant) => {
    const { allowPrivate, targets } = egressOf(tenant)
    return allowPrivate || targets ? [{ tenant, allowPrivate, privateTargets: [...(targets?.entries ?? [])] }] : []
  })
  return egress.length === 0 ? answer : { ...answer, egress }
}
