import type { TenantEgress } from '@carillon/contract'
import type { Connection } from './connection.ts'

/** Which private addresses may be called for a tenant: all of them, or else these ranges, addresses and names of hosts. */
export type Egress = Pick<TenantEgress, 'allowPrivate' | 'privateTargets'>

const CLOSED: Egress = { allowPrivate: false, privateTargets: [] }

/**
 * For executors of the platform, which do the work of every tenant: hears from the server, with the work, where that may go. What was said of a
 * tenant with its newest work counts; nothing said is closed.
 *
 * @example
 * const { connection, egressOf } = hearEgress(httpConnection({ server, token }))
 * createExecutor({ connection, app, handlers: runnerHandlers(['message'], { egressOf }) })
 */
export function hearEgress<C extends Connection>(way: C): { connection: C; egressOf(tenant: number): Egress } {
  const heard = new Map<number, Egress>()
  const connection: C = {
    ...way,
    async claim(body, signal) {
      const answer = await way.claim(body, signal)
      for (const { tenant } of answer.assignments) heard.delete(tenant)
      for (const { tenant, ...egress } of answer.egress ?? []) heard.set(tenant, egress)
      return answer
    },
  }
  return { connection, egressOf: (tenant) => heard.get(tenant) ?? CLOSED }
}
