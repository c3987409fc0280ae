import { createBoundedMap } from '../runtime/bounded-map.ts'
import type { Engine } from './engine.ts'
import { ownSession, type ExecutorPrincipal } from './sessions.ts'

/** What a node remembers of sessions, it remembers of so many. */
export const SESSIONS_REMEMBERED = 20_000

/**
 * Whose a session is never changes, so it is looked up once. Whether it is still open is checked where that matters, in the transaction:
 * what is reported under one that has ended is to be refused and kept, not turned away unread.
 */
export function createSessionOwners(engine: Engine) {
  const known = createBoundedMap<number, { tenantId: number; appId: number }>(SESSIONS_REMEMBERED)
  return {
    async check(principal: ExecutorPrincipal, session: number): Promise<void> {
      const owner = known.get(session)
      if (owner && owner.tenantId === principal.tenantId && (principal.appId === null || principal.appId === owner.appId)) return
      const row = await engine.db.lease((tx) => ownSession(tx, principal, session))
      known.set(session, { tenantId: row.tenantId, appId: row.appId })
    },
  }
}
