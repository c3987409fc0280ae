import { createBoundedMap } from '../runtime/bounded-map.ts'
import { createCoalescer } from '../runtime/coalescer.ts'
import { setCallTrouble, type CallTrouble } from '../storage/executor-session.ts'
import type { Engine } from './engine.ts'
import { SESSIONS_REMEMBERED } from './session-owners.ts'

/** Tells what became of a call to an executor: what kept it from being called, or null. Does not wait. */
export type TellTrouble = (executor: { readonly tenantId: number; readonly session: number }, trouble: string | null) => void

/** What was told is told again after so long: another node may have said something else meanwhile. */
const TOLD_MS = 60_000
const LONGEST = 500

/**
 * Shows on executors why calls to them fail: one whose token or address is wrong heartbeats like any other, and would be ONLINE without ever
 * getting work. As long as nothing changes nothing is written.
 */
export function createCallTroubles(engine: Engine): TellTrouble {
  const told = createBoundedMap<number, { readonly trouble: string | null; readonly until: number }>(SESSIONS_REMEMBERED)
  // One lane: what was told last is what stands there.
  const troubles = createCoalescer((batch: readonly CallTrouble[]) => write(engine, batch), { mostItems: 100, lanes: 1 })
  return ({ tenantId, session }, whole) => {
    const trouble = whole?.slice(0, LONGEST) ?? null
    const last = told.get(session)
    if (last && last.trouble === trouble && last.until > performance.now()) return
    told.set(session, { trouble, until: performance.now() + TOLD_MS })
    troubles.add([{ tenantId, session, trouble }]).catch((error: unknown) => {
      told.delete(session)
      engine.report('push.troubleNotTold', { session, error })
    })
  }
}

async function write(engine: Engine, batch: readonly CallTrouble[]): Promise<void[]> {
  await engine.db.aside(async (tx) => {
    for (const each of batch) await setCallTrouble(tx, each)
  })
  return batch.map(() => undefined)
}
