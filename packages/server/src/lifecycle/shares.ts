import { divide, type CapacityRule, type Division, type Work } from '@carillon/core'
import { codesOfTenants, countHeldOfApp, lockCapacity, selectDividedExecutors } from '../storage/capacity.ts'
import type { Transaction } from '../storage/database.ts'
import type { QueueRow } from '../storage/queue.ts'
import type { QueueCache } from './queue-cache.ts'

/** What the capacity rules of an app leave to give out, in this transaction. */
export interface Shares {
  /** Of what waits in a queue: to one executor, or to all. Where tenants share the app, whosever it is: their shares bound their turns. */
  mostOf(queue: QueueRow, executorId?: number): number
  /** Whose turn it may be where tenants share the app. `only` null: of any but those in `except`. */
  tenants(): { readonly only: readonly number[] | null; readonly except: readonly number[] }
  mostOfTenant(tenantId: number): number
  /** Whether an executor may be given this one. */
  allows(instance: Divided, executorId: number): boolean
  give(instance: Divided, executorId: number): void
}

/** An instance as far as rules go by it. */
interface Divided {
  readonly tenantId: number
  readonly queueId: number
}

/** An app with its rules, as a session's row brings it. */
export interface DividedApp {
  readonly tenantId: number
  readonly appId: number
  readonly appShared: boolean
  readonly capacityRules: readonly CapacityRule[]
}

const NOBODY = ''
const ANYBODY: Work = { lane: [], tenant: NOBODY }

/**
 * Counts what is held of an app, so that nobody can give away the same places until this transaction ends. The caller has locked the
 * sessions that it gives to.
 *
 * @param sessionId the only session that is given to; null: several
 */
export async function loadShares(
  tx: Transaction,
  queues: QueueCache,
  app: DividedApp,
  sessionId: number | null,
): Promise<Shares | null> {
  if (app.capacityRules.length === 0) return null
  const together = app.capacityRules.some(({ executor }) => executor === undefined)
  // What is said of single executors is safe under the locks of their sessions.
  if (together) lockCapacity(tx, app.appId)
  const { division, tenants } = await countDivision(tx, app, together ? null : sessionId)
  const workOf = ({ tenantId, queueId }: Divided): Work => ({
    lane: queues.get(queueId)?.lane ?? [],
    tenant: tenants.get(tenantId) ?? NOBODY,
  })
  return sharesOf(division, workOf, app.appShared ? tenants : null)
}

/** What is left to give out at this moment, of one session or (null) of the whole app, and the codes of the tenants that its rules name. */
export async function countDivision(
  tx: Transaction,
  { tenantId, appId, capacityRules: rules }: DividedApp,
  sessionId: number | null,
): Promise<{ division: Division; tenants: ReadonlyMap<number, string> }> {
  const [executors, held, tenants] = await Promise.all([
    selectDividedExecutors(tx, tenantId, appId, sessionId),
    countHeldOfApp(tx, tenantId, appId, sessionId),
    codesOfTenants(tx, [...new Set(rules.flatMap(({ tenant }) => tenant ?? []))]),
  ])
  const work = held.map(({ tenantId: whose, ...row }) => ({ ...row, tenant: tenants.get(whose) ?? NOBODY }))
  return { division: divide(rules, executors, work), tenants }
}

function sharesOf(division: Division, workOf: (instance: Divided) => Work, shared: ReadonlyMap<number, string> | null): Shares {
  const named = [...(shared?.keys() ?? [])]
  const mostOfTenant = (tenantId: number) => division.most({ lane: [], tenant: shared?.get(tenantId) ?? NOBODY })
  const tenants = () => ({
    only: division.most(ANYBODY) > 0 ? null : named.filter((id) => mostOfTenant(id) > 0),
    except: named.filter((id) => mostOfTenant(id) < 1),
  })
  const mostOf = ({ lane }: QueueRow, executorId?: number) =>
    shared ? Infinity : division.most({ lane, tenant: NOBODY }, executorId)
  return {
    ...{ mostOf, mostOfTenant, tenants },
    allows: (instance, executorId) => division.most(workOf(instance), executorId) > 0,
    give: (instance, executorId) => division.give(workOf(instance), executorId),
  }
}
