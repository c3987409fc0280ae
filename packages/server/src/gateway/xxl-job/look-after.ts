import { setTimeout as sleep } from 'node:timers/promises'
import type { LogLine } from '@carillon/contract'
import { completeInstances } from '../../lifecycle/complete-instances.ts'
import type { Engine } from '../../lifecycle/engine.ts'
import { lockInstances } from '../../lifecycle/lock-instances.ts'
import { keepLines } from '../../lifecycle/logs.ts'
import { applyReports } from '../../lifecycle/report.ts'
import type { Transaction } from '../../storage/database.ts'
import {
  claimDueXxlAttempts,
  markXxlLooked,
  markXxlOver,
  markXxlSent,
  pruneXxlAttempts,
  selectLogExtent,
  type DueAttempt,
} from '../../storage/xxl-job-attempt.ts'
import { renewAtWork } from '../../storage/xxl-job-session.ts'
import { calleesOf, type SessionCallee } from './callee.ts'
import { LONGEST_CALL_MS, type Called } from './client.ts'
import { killStopped } from './kill.ts'
import { FIRST_LINE, MOST_LINES, readLogPage } from './log-page.ts'
import { redactFor } from './redact.ts'
import { LEASE_MS } from './registry.ts'
import type { GatewayDeps } from './transport.ts'

/** How patient a node is with executors. */
export interface Patience {
  /** Between two questions whether a task is still at work; also before the first. */
  readonly probeMs: number
  /** Idle for so long and no callback: the attempt is lost. Longer than a client that failed to call back waits before it tries again. */
  readonly idleMs: number
  /** Between two looks at a log: the first ones, and at most. */
  readonly logMs: number
  readonly longestLogMs: number
}

export const PATIENCE: Patience = { probeMs: 15_000, idleMs: 60_000, logMs: 1_000, longestLogMs: 10_000 }

export interface Keeper {
  /** Looks after the attempts that are due. Answers how long to rest. */
  step(): Promise<number>
  /** Waits for the looks that are under way. */
  settle(): Promise<void>
}

const BATCH = 64
const MOST_AT_ONCE = 4 * BATCH
/** An executor that takes its time holds up its own attempts, and not the step: it goes on without them. */
const STEP_MS = 1_000
const AT_ONCE_PER_EXECUTOR = 4
/** Nobody else looks meanwhile; what a node that died had begun is looked at again after that. */
const CLAIMED_MS = 6 * LONGEST_CALL_MS
/** An executor that gave no answer in time is left alone for so long: its attempts must not hold up those of others. */
const SILENT_MS = 20_000
/** What a log that cannot be read is tried after the end of its attempt. */
const MOST_LOG_FAILURES = 5
const MOST_PAGES = 20
/** Of the log of one attempt so many characters are in memory at once, beside the page that goes beyond. */
const MOST_TEXT = 2 ** 20
/** Then what is left of a log is left. */
const LOG_AFTER_END_MS = 600_000
const KEPT_MS = 3_600_000
const PRUNE_EVERY_MS = 60_000

/**
 * Looks after attempts that executors of xxl-job run: passes on stops that got lost on their way, fetches log lines, finds out what no callback will
 * ever end. Each node does so for the attempts that it claims.
 */
export function createKeeper(deps: GatewayDeps, patience: Patience = PATIENCE): Keeper {
  const { engine, vault } = deps
  const silent = new Map<number, number>()
  const underWay = new Set<Promise<unknown>>()
  let attemptsUnderWay = 0
  let pruned = -Infinity

  const lookAt = async (attempt: DueAttempt, callee: SessionCallee | undefined) => {
    const isSilent = (silent.get(attempt.sessionId) ?? 0) > performance.now()
    const found = isSilent ? putOff(attempt) : await look(deps, patience, attempt, callee)
    if (found.wasSilent) silent.set(attempt.sessionId, performance.now() + SILENT_MS)
    await store(engine, patience, attempt, found)
  }

  return {
    async step() {
      if (performance.now() - pruned > PRUNE_EVERY_MS) {
        pruned = performance.now()
        for (const [session, until] of silent) if (until < pruned) silent.delete(session)
        await engine.db.engine((tx) => pruneXxlAttempts(tx, KEPT_MS))
      }
      const room = Math.min(BATCH, MOST_AT_ONCE - attemptsUnderWay)
      const due = room > 0 ? await engine.db.engine((tx) => claimDueXxlAttempts(tx, room, CLAIMED_MS)) : []
      if (due.length === 0) return patience.logMs / 2
      const locked = (session: number, message: string) => engine.report('xxlJob.locked', { session, message })
      const sessions = due.map(({ sessionId }) => sessionId)
      const callees = await engine.db.engine((tx) => calleesOf(tx, vault, sessions, locked))
      attemptsUnderWay += due.length
      const looks = [...bySession(due)].map(([session, attempts]) =>
        inTurns(attempts, AT_ONCE_PER_EXECUTOR, (attempt) =>
          lookAt(attempt, callees.get(session))
            .catch((error: unknown) => engine.report('xxlJob.failed', { session, error }))
            .finally(() => attemptsUnderWay--),
        ),
      )
      for (const each of looks) {
        underWay.add(each)
        void each.finally(() => underWay.delete(each))
      }
      await Promise.race([Promise.all(looks), sleep(STEP_MS)])
      return due.length === BATCH ? 0 : patience.logMs / 2
    },
    settle: async () => void (await Promise.all(underWay)),
  }
}

function bySession(due: readonly DueAttempt[]): Map<number, DueAttempt[]> {
  const groups = new Map<number, DueAttempt[]>()
  for (const attempt of due) groups.set(attempt.sessionId, [...(groups.get(attempt.sessionId) ?? []), attempt])
  return groups
}

async function inTurns<Item>(items: readonly Item[], atOnce: number, work: (item: Item) => Promise<void>): Promise<void> {
  const rest = [...items]
  const worker = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker))
}

/** What a look has found. */
interface Found {
  readonly lines: readonly string[]
  readonly logFrom: number
  readonly logFailures: number
  /** Nothing more of the log will come, or it is given up. */
  readonly logDone: boolean
  readonly probe: 'IDLE' | 'BUSY' | null
  readonly wasSilent: boolean
}

const nothingOf = ({ logFrom, logFailures }: DueAttempt) => ({ lines: [], logFrom, logFailures, logDone: false, probe: null })

/** Nothing was asked, so nothing has failed. */
const putOff = (attempt: DueAttempt): Found => ({ ...nothingOf(attempt), logDone: isTooLate(attempt), wasSilent: false })

async function look(
  deps: GatewayDeps,
  patience: Patience,
  attempt: DueAttempt,
  callee: SessionCallee | undefined,
): Promise<Found> {
  const nothing = nothingOf(attempt)
  if (!callee) return { ...nothing, ...failedLog(attempt), wasSilent: false }
  if (attempt.holds !== null && attempt.stopReason !== null && !attempt.killed) {
    // Longer ago than a call takes: whoever sent it did not live to say so, and it may run.
    if (attempt.state === 'SENDING') await deps.engine.db.lease(async (tx) => markXxlSent(tx, attempt.logId))
    await killStopped(deps, callee.session)
  }
  const log = attempt.state === 'SENDING' ? { ...nothing, wasSilent: false } : await readLog(deps, attempt, callee)
  if (log.wasSilent) return { ...nothing, ...log }
  return { ...nothing, ...log, ...(shouldProbe(patience, attempt) ? await probe(deps, attempt, callee) : {}) }
}

// ───────────────────────────────────────────────────────────────── the log

async function readLog({ client }: GatewayDeps, attempt: DueAttempt, callee: SessionCallee) {
  const lines: string[] = []
  let from = Math.max(attempt.logFrom, FIRST_LINE)
  for (let pages = 0, text = 0; pages < MOST_PAGES && text < MOST_TEXT && lines.length < MOST_LINES; pages++) {
    const called = await client.log(callee, { ...attempt, from })
    if (called.kind !== 'OK') return { lines, logFrom: from, ...failedLog(attempt), wasSilent: isSilence(called) }
    const page = readLogPage(called.payload, from)
    // One by one: a page may have more lines than a call may have arguments.
    for (const line of page.lines) {
      lines.push(line)
      text += line.length
    }
    from = page.next
    // Only of what had ended before it was asked: a page of a run that goes on may look like its last.
    if (page.lines.length === 0 || page.isLast)
      return { lines, logFrom: from, logFailures: 0, logDone: attempt.overAt !== null, wasSilent: false }
  }
  return { lines, logFrom: from, logFailures: 0, logDone: false, wasSilent: false }
}

/** A log that cannot be read: some have none, and some say so only by an error. Of what has ended it is tried a few times more. */
function failedLog(attempt: DueAttempt) {
  const failures = attempt.overAt === null ? 0 : attempt.logFailures + 1
  return { logFailures: failures, logDone: failures >= MOST_LOG_FAILURES || isTooLate(attempt) }
}

const isTooLate = ({ overAt, now }: DueAttempt): boolean => overAt !== null && now - overAt > LOG_AFTER_END_MS

const isSilence = (called: Called) => called.kind === 'NEVER_SENT' || (called.kind === 'UNKNOWN' && !called.isTooLong)

// ───────────────────────────────────────────────────────────────── at work, or not

/** Not of what was asked to stop: its grace period ends it. */
function shouldProbe({ probeMs }: Patience, { holds, stopReason, now, sentAt, probedAt }: DueAttempt): boolean {
  return holds !== null && stopReason === null && now - (probedAt ?? sentAt) >= probeMs
}

async function probe(
  { client }: GatewayDeps,
  { jobId }: DueAttempt,
  callee: SessionCallee,
): Promise<Pick<Found, 'probe' | 'wasSilent'>> {
  const called = await client.idleBeat(callee, jobId)
  // No answer is no sign of anything: whether it lives, its beats say.
  if (isSilence(called)) return { probe: null, wasSilent: true }
  return { probe: called.kind === 'OK' ? 'IDLE' : 'BUSY', wasSilent: false }
}

// ───────────────────────────────────────────────────────────────── store

async function store(engine: Engine, patience: Patience, attempt: DueAttempt, found: Found): Promise<void> {
  const isOver = attempt.holds === null && attempt.overAt === null
  const isLost =
    found.probe === 'IDLE' &&
    attempt.idleSince !== null &&
    attempt.now - attempt.idleSince >= patience.idleMs &&
    attempt.state === 'SENT'
  if (isLost) await loseAttempt(engine, attempt)
  await engine.db.lease(async (tx) => {
    if (found.probe === 'BUSY') await confirmWork(tx, engine, attempt)
    const { pauseMs, againMs } = nextLook(patience, attempt, found)
    const counts = await markXxlLooked(tx, attempt, { ...found, pauseMs, againMs })
    if (counts && found.lines.length > 0) await storeLines(tx, engine, attempt, found.lines)
    // Only what was sent is killed, read and given up: whoever sent it did not live to say so.
    if (found.probe === 'BUSY') markXxlSent(tx, attempt.logId)
    // Ended by its deadline, its executor's lease or a stop: what is left is the end of its log.
    if (counts && (isOver || isLost)) markXxlOver(tx, [attempt.logId])
  })
}

function nextLook({ logMs, longestLogMs }: Patience, attempt: DueAttempt, { lines, logDone }: Found) {
  const pauseMs = lines.length > 0 ? logMs : Math.min(Math.ceil(attempt.pauseMs * 1.5), longestLogMs)
  return { pauseMs, againMs: logDone ? null : pauseMs }
}

/** It is at work there: so it has started, whatever became of the answer to its sending, and its executor lives. */
async function confirmWork(tx: Transaction, engine: Engine, attempt: DueAttempt): Promise<void> {
  const { tenantId, id, token, sessionId } = attempt
  renewAtWork(tx, attempt.appTenantId, sessionId, LEASE_MS)
  if (attempt.holds === 'RESERVED') {
    await applyReports(tx, engine, [{ tenantId, sessionId, item: { kind: 'STARTED', tenant: tenantId, instance: id, token } }])
  }
}

/** Nothing of the task is at work there, and no callback came: whatever became of it, nobody will ever say. */
async function loseAttempt(engine: Engine, { tenantId, id, token, sessionId, logId }: DueAttempt): Promise<void> {
  engine.report('xxlJob.lost', { session: sessionId, instance: id, logId })
  await engine.db.lease(async (tx) => {
    const held = (await lockInstances(tx, [{ tenantId, id }]))
      .values()
      .filter((each) => each.token === token && each.sessionId === sessionId && each.stopReason === null)
    await completeInstances(
      tx,
      engine,
      held.map((instance) => ({ instance, end: { kind: 'LOST' } })),
    )
  })
}

/** The time of a line is known to its executor alone. */
async function storeLines(tx: Transaction, engine: Engine, attempt: DueAttempt, texts: readonly string[]): Promise<void> {
  const redact = await redactFor(tx, engine, [attempt])
  const extent = await selectLogExtent(tx, attempt, attempt.attempt)
  const at = await tx.now()
  const lines = texts.map((text, index): LogLine => ({
    seq: extent.lastSeq + index + 1,
    at,
    level: 'INFO',
    source: 'handler',
    text: redact(attempt, text),
  }))
  await keepLines(tx, engine, [{ holder: { ...attempt, ...extent }, lines }])
}
