import type { Database } from '../storage/database.ts'
import { selectPrivateTargets } from '../storage/tenant.ts'
import { privateTargetsOf, type EgressRules } from './private-targets.ts'

/** Who may reach private addresses: every tenant all of them, each those that it is allowed, or nobody any. */
export type PrivateEgress = 'EVERYONE' | 'TARGETS' | 'NOBODY'

/** Where the work of each tenant may go. */
export interface Egress {
  /** The same object as long as nothing has changed, so that what was opened under other rules can be told from it. */
  of(tenantId: number): EgressRules
  /** Learns what administrators have changed. Answers how long to rest. */
  refresh(): Promise<number>
}

/** What an administrator takes away is closed so soon. */
const REFRESH_MS = 2_000
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
  return {
    of(tenantId) {
      if (who === 'EVERYONE') return OPEN
      return monotonic() < trustedUntil ? (known.get(tenantId)?.rules ?? CLOSED) : CLOSED
    },
    async refresh() {
      if (who !== 'TARGETS') return HOUR_MS
      // The answer is as old as the question.
      const asked = monotonic()
      const rows = await db.look((tx) => selectPrivateTargets(tx))
      known = new Map(rows.map(({ id, privateTargets }) => [id, knownOf(privateTargets, known.get(id))]))
      trustedUntil = asked + TRUSTED_MS
      return REFRESH_MS
    },
  }
}

const HOUR_MS = 3_600_000

function knownOf(privateTargets: readonly string[], before: Known | undefined): Known {
  const written = privateTargets.join(' ')
  if (before?.written === written) return before
  return { written, rules: { allowPrivate: false, targets: privateTargetsOf(privateTargets) } }
}
