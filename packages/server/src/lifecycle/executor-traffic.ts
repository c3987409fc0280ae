import type {
  Claim,
  ClaimAnswer,
  Heartbeat,
  HeartbeatAnswer,
  Logs,
  LogsAnswer,
  Register,
  Registered,
  Report,
  ReportAnswer,
} from '@carillon/contract'
import { createCoalescer } from '../runtime/coalescer.ts'
import { isolate } from '../runtime/isolate.ts'
import { appTopic, queueTopic, sessionTopic, type WakeHub } from '../runtime/wake-hub.ts'
import { claimInstances, type Claimed } from './claim.ts'
import type { Engine } from './engine.ts'
import { storeLogs, type ShippedLines } from './logs.ts'
import { applyReports, type ItemAnswer, type ReportedItem } from './report.ts'
import { deregister, heartbeat, ownSession, register, type ExecutorPrincipal } from './sessions.ts'
import type { Turn } from './take-pending.ts'

/** The executor protocol, whatever carries it: HTTP, or a call in the same process. */
export interface ExecutorTraffic {
  register(principal: ExecutorPrincipal, body: Register): Promise<Registered>
  heartbeat(principal: ExecutorPrincipal, body: Heartbeat): Promise<HeartbeatAnswer>
  /** Held until there is something, `waitMs` are over, or the signal aborts. */
  claim(principal: ExecutorPrincipal, body: Claim, signal: AbortSignal): Promise<ClaimAnswer>
  report(principal: ExecutorPrincipal, body: Report): Promise<ReportAnswer>
  logs(principal: ExecutorPrincipal, body: Logs): Promise<LogsAnswer>
  deregister(principal: ExecutorPrincipal, session: number): Promise<void>
}

const PLATFORM_TENANT = 1

/** A reason that is there already: without one each abort makes an error with its stack. */
const HEARD = 'heard'

/** `mayGive`: false while this node is draining; executors that ask it get control, and no work. `leaving` ends the claims that wait. */
export function createExecutorTraffic(
  engine: Engine,
  mayGive: () => boolean = () => true,
  leaving: AbortSignal = new AbortController().signal,
): ExecutorTraffic {
  const turn: Turn = { tenant: 0 }
  const owners = sessionOwners(engine)
  const told = toldStops()
  const lines = sessionLines(leaving)

  const reports = createCoalescer((items: readonly ReportedItem[]) => applyIsolated(engine, items), {
    mostItems: engine.settings.completeBatch,
    lanes: 1,
  })
  const logs = createCoalescer((items: readonly ShippedLines[]) => storeIsolated(engine, items), {
    mostItems: 100,
    lanes: 1,
  })
  const seen = lastSeen()
  const claimOnce = async (principal: ExecutorPrincipal, { session, seq, max }: Claim) => {
    const request = { tenantId: principal.tenantId, sessionId: session, seq, max: mayGive() ? max : 0 }
    const claimed = await claimInstances(engine, turn, request, seen.get(session)?.session)
    seen.set(session, { session: claimed.session, queueIds: claimed.queueIds })
    return claimed
  }

  return {
    register: (principal, body) => register(engine, principal, body),
    heartbeat: (principal, body) => heartbeat(engine, principal, body),

    async claim(principal, body, signal) {
      await owners.check(principal, body.session)
      return lines.newest(body.session, signal, async (current) => {
        const end = performance.now() + body.waitMs
        const answer = (claimed: Claimed) => {
          told.add(body.session, claimed)
          return { assignments: [...claimed.assignments], control: claimed.control }
        }
        for (;;) {
          // Listens before it looks, so that what comes between the two is not slept through.
          const known = seen.get(body.session)
          const ear = known ? listen(engine.hub, topicsOf(known, body), end - performance.now(), current) : null
          try {
            const claimed = await claimOnce(principal, body)
            const isFull = claimed.assignments.length >= body.max
            // What was heard while a full hand was taken may be somebody else's work.
            if (isFull && ear?.hasHeard()) claimed.queueIds.forEach((id) => engine.hub.wakeLocally(queueTopic(id), 1))
            if (!isNothing(claimed, body.session, told) || current.aborted || performance.now() >= end) return answer(claimed)
            const hears = ear !== null && sameQueues(known!, claimed)
            if (hears && !(await ear.woken)) return answer(claimed)
          } finally {
            ear?.stop()
          }
        }
      })
    },

    async report(principal, { session, items }) {
      await owners.check(principal, session)
      const reported = items.map((item) => ({ tenantId: tenantOf(principal, item.tenant), sessionId: session, item }))
      return { items: await reports.add(reported) }
    },

    async logs(principal, { session, items }) {
      await owners.check(principal, session)
      const shipped = items.map((item) => ({ ...item, tenantId: tenantOf(principal, item.tenant), sessionId: session }))
      return { items: await logs.add(shipped) }
    },

    async deregister(principal, session) {
      await owners.check(principal, session)
      await deregister(engine, principal, session)
    },
  }
}

/** Waits for one wake, from now on until `stop`: a waiter left behind would be woken in the place of one that needs it. */
function listen(hub: WakeHub, topics: readonly string[], ms: number, signal: AbortSignal) {
  const stopped = new AbortController()
  let heard = false
  const woken = hub.wait(topics, Math.max(ms, 0), AbortSignal.any([signal, stopped.signal])).then((is) => (heard = is))
  return { woken, hasHeard: () => heard, stop: () => stopped.abort(HEARD) }
}

/** Where a session waits. */
type Place = Pick<Claimed, 'session' | 'queueIds'>

const sameQueues = (a: Place, b: Place) => a.queueIds.join() === b.queueIds.join()

/** What sessions were answered last: where they will wait, and what they may take, unless they have changed since. */
function lastSeen() {
  const MOST = 20_000
  const known = new Map<number, Place>()
  return {
    get: (session: number) => known.get(session),
    set(session: number, place: Place) {
      if (known.size >= MOST && !known.has(session)) known.clear()
      known.set(session, place)
    },
  }
}

/** Only an executor of the platform runs instances of other tenants; what anyone else says about a tenant is not heard. */
function tenantOf(principal: ExecutorPrincipal, said: number | undefined): number {
  return principal.tenantId === PLATFORM_TENANT && said !== undefined ? said : principal.tenantId
}

function applyIsolated(engine: Engine, items: readonly ReportedItem[]): Promise<ItemAnswer[]> {
  return isolate(
    items,
    (batch) => engine.db.lease((tx) => applyReports(tx, engine, batch)),
    (_item, error): ItemAnswer => ({ status: 'INVALID', detail: `It could not be stored: ${(error as Error).message}.` }),
  )
}

/** Lines that cannot be stored are answered as such alone: their executor lets go of them, and nobody else hears of it. */
function storeIsolated(engine: Engine, items: readonly ShippedLines[]): Promise<LogsAnswer['items']> {
  return isolate(
    items,
    (batch) => engine.db.lease((tx) => storeLogs(tx, engine, batch)),
    (_item, error): LogsAnswer['items'][number] => {
      engine.report('log.refused', { error })
      return { status: 'STALE', ackSeq: 0, cut: false }
    },
  )
}

function topicsOf({ queueIds, session: { appId } }: Place, { session, max }: Claim): string[] {
  return [sessionTopic(session), ...(max > 0 ? [appTopic(appId), ...queueIds.map(queueTopic)] : [])]
}

function isNothing({ assignments, control }: Claimed, session: number, told: ToldStops): boolean {
  return assignments.length === 0 && control.stop.every((stop) => told.has(session, stop.instance, stop.token))
}

/**
 * Which stops an executor has been told of already. They stay in every answer until they are obeyed, but only a new one ends a wait;
 * otherwise a handler that takes its time to stop would turn long polling into a race.
 */
interface ToldStops {
  has(session: number, instance: number, token: number): boolean
  add(session: number, claimed: Claimed): void
}

function toldStops(): ToldStops {
  const bySession = new Map<number, Set<string>>()
  return {
    has: (session, instance, token) => bySession.get(session)?.has(`${instance}:${token}`) ?? false,
    add(session, { control }) {
      if (control.stop.length === 0) bySession.delete(session)
      else bySession.set(session, new Set(control.stop.map((stop) => `${stop.instance}:${stop.token}`)))
    },
  }
}

/**
 * Whose a session is never changes, so it is looked up once. Whether it is still open is checked where that matters, in the transaction:
 * what is reported under one that has ended is to be refused and kept, not turned away unread.
 */
function sessionOwners(engine: Engine) {
  const MOST = 20_000
  const known = new Map<number, { tenantId: number; appId: number }>()
  return {
    async check(principal: ExecutorPrincipal, session: number): Promise<void> {
      const owner = known.get(session)
      if (owner && owner.tenantId === principal.tenantId && (principal.appId === null || principal.appId === owner.appId)) return
      const row = await engine.db.lease((tx) => ownSession(tx, principal, session))
      if (known.size >= MOST) known.clear()
      known.set(session, { tenantId: row.tenantId, appId: row.appId })
    },
  }
}

/**
 * The claims of a session, one at a time. A new one breaks off the one before it (whose client has given up, or it would not ask again)
 * and waits until that has ended, so that what the old one still reserved is there to be answered when the new one looks.
 */
function sessionLines(leaving: AbortSignal) {
  const last = new Map<number, { readonly abort: AbortController; readonly ended: Promise<unknown> }>()
  return {
    async newest<T>(session: number, signal: AbortSignal, work: (current: AbortSignal) => Promise<T>): Promise<T> {
      const before = last.get(session)
      before?.abort.abort()
      const abort = new AbortController()
      const answer = (before ? before.ended : Promise.resolve()).then(() =>
        work(AbortSignal.any([signal, abort.signal, leaving])),
      )
      const line = { abort, ended: answer.catch(() => undefined) }
      last.set(session, line)
      try {
        return await answer
      } finally {
        if (last.get(session) === line) last.delete(session)
      }
    },
  }
}
