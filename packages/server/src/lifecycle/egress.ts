import type { Database } from '../storage/database.ts'
import { selectPrivateTargets } from '../storage/tenant.ts'
import { PLATFORM_TENANT } from '../storage/app.ts'
import type { ExecutorTraffic } from './executor-traffic.ts'
import { privateTargetsOf, type EgressRules } from './private-targets.ts'

/** Who may reach private addresses: every tenant all of them, each those that it is allowed, or nobody any. */
export type PrivateEgress = 'EVERYONE' | 'TARGETS' | 'NOBODY'

/** Where the work of each tenant may go. */
export interface Egress {
  /** The same object as long as nothing has changed, so that what was opened under other rules can be told from it. */
  of(tenantId: number): EgressRules
  /** Learns what administrators have changed. Answers how long to rest. */
  refresh(): Promise<number>
  /** Learns it now, if it should have before. Never throws. */
  catchUp(): Promise<void>
}

/** What an administrator takes away is closed so soon. */
const REFRESH_MS = 2_000
/** Its loop has been kept from it. */
const LATE_MS = 5 * REFRESH_MS
/** A node that cannot hear what was taken away opens nothing. */
const TRUSTED_MS = 30_000

const OPEN: EgressRules = { allowPrivate: true }
const CLOSED: EgressRules = { allowPrivate: false }

interface Known {
  readonly written: string
  readonly rules: EgressRules
}

export function createEgress(db: Pick<Database, 'look'>, who: PrivateEgress, monotonic = () => performance.now()): Egress {
  let known: ReadonlyMap<number, Known> = new Map()
  let trustedUntil = -Infinity
  const refresh = async () => {
    if (who !== 'TARGETS') return HOUR_MS
    // The answer is as old as the question.
    const asked = monotonic()
    const rows = await db.look((tx) => selectPrivateTargets(tx))
    // A later question may have been answered first.
    if (asked + TRUSTED_MS < trustedUntil) return REFRESH_MS
    known = new Map(rows.map(({ id, privateTargets }) => [id, knownOf(privateTargets, known.get(id))]))
    trustedUntil = asked + TRUSTED_MS
    return REFRESH_MS
  }
  return {
    of(tenantId) {
      if (who === 'EVERYONE') return OPEN
      return monotonic() < trustedUntil ? (known.get(tenantId)?.rules ?? CLOSED) : CLOSED
    },
    refresh,
    async catchUp() {
      if (who !== 'TARGETS' || monotonic() < trustedUntil - TRUSTED_MS + LATE_MS) return
      // What cannot be heard stays closed.
      await refresh().catch(() => undefined)
    },
  }
}

const HOUR_MS = 3_600_000

function knownOf(privateTargets: readonly string[], before: Known | undefined): Known {
  const written = privateTargets.join(' ')
  if (before?.written === written) return before
  return { written, rules: { allowPrivate: false, targets: privateTargetsOf(privateTargets) } }
}

/**
 * Executors of the platform do work of every tenant, and a refusal is final: so none is given to them by a node that has only just reached the
 * database again, before it has heard where that work may go.
 */
export function givingWhereHeard(traffic: ExecutorTraffic, egress: Pick<Egress, 'catchUp'>): ExecutorTraffic {
  return {
    ...traffic,
    async claim(principal, body, signal) {
      const answer = await traffic.claim(principal, body, signal)
      if (principal.tenantId === PLATFORM_TENANT && answer.assignments.length > 0) await egress.catchUp()
      return answer
    },
  }
}
