import { setTimeout as sleep } from 'node:timers/promises'
import type { ReportItem } from '@carillon/contract'
import { completeInstances } from '../../lifecycle/complete-instances.ts'
import type { Engine } from '../../lifecycle/engine.ts'
import { lockInstances } from '../../lifecycle/lock-instances.ts'
import { applyReports } from '../../lifecycle/report.ts'
import type { ExecutorPrincipal } from '../../lifecycle/sessions.ts'
import { blamesItem, isolate } from '../../runtime/isolate.ts'
import type { Transaction } from '../../storage/database.ts'
import { markXxlOver, selectXxlAttempts, type CalledBackAttempt } from '../../storage/xxl-job-attempt.ts'
import { storableJson } from '../../storage/storable-json.ts'
import { outputOf, type Ending } from './inbound.ts'
import { redactFor } from './redact.ts'

/**
 * Takes in how attempts ended, each through the funnel of reports under its session and token: the first end counts, what comes late, twice, or for
 * somebody else's attempt changes nothing and is no error. Resolves when all of it is stored.
 */
export async function takeCallbacks(engine: Engine, principal: ExecutorPrincipal, endings: readonly Ending[]): Promise<void> {
  for (let from = 0; from < endings.length; from += engine.settings.completeBatch) {
    const batch = endings.slice(from, from + engine.settings.completeBatch)
    await untilStored(engine, () => storeIsolated(engine, principal, batch))
  }
}

/** So long a callback is held where it cannot be stored: being refused, some clients call back "failed" and die. */
const HELD_MS = 25_000

async function untilStored(engine: Engine, store: () => Promise<void>): Promise<void> {
  const end = performance.now() + HELD_MS
  for (let pause = 100; ; pause = Math.min(2 * pause, 2_000)) {
    try {
      return await store()
    } catch (error) {
      engine.report('xxlJob.callbackHeld', { error })
      if (performance.now() + pause > end) throw error
      await sleep(pause)
    }
  }
}

/** What cannot be stored, whenever it is tried, harms nobody else. */
async function storeIsolated(engine: Engine, principal: ExecutorPrincipal, endings: readonly Ending[]): Promise<void> {
  await isolate(
    endings,
    async (some) => {
      await storeEndings(engine, principal, some)
      return some.map(() => undefined)
    },
    ({ logId }, error) => engine.report('xxlJob.callbackRefused', { logId, error }),
    blamesItem,
  )
}

async function storeEndings(engine: Engine, principal: ExecutorPrincipal, endings: readonly Ending[]): Promise<void> {
  // The first of several about one attempt.
  const byLogId = new Map([...endings].reverse().map((ending) => [ending.logId, ending]))
  if (byLogId.size === 0) return
  const timeOuts = await engine.db.lease(async (tx) => {
    const attempts = await selectXxlAttempts(tx, [...byLogId.keys()], principal)
    const ended = attempts.filter((attempt) => byLogId.get(attempt.logId)!.code !== TIME_OUT)
    const redact = await redactFor(tx, engine, ended)
    const reports = ended.map((attempt) => {
      const { code, message } = byLogId.get(attempt.logId)!
      const masked = message === null ? null : redact(attempt, message)
      const { tenantId, sessionId } = attempt
      return { tenantId, sessionId, item: itemOf(attempt, code, masked, engine.settings.resultBytes) }
    })
    if (reports.length > 0) await applyReports(tx, engine, reports)
    markXxlOver(
      tx,
      ended.map(({ logId }) => logId),
    )
    return attempts.filter((attempt) => !ended.includes(attempt))
  })
  // Apart, because each of the two locks its instances in order.
  if (timeOuts.length > 0) await engine.db.lease((tx) => timeOut(tx, engine, timeOuts))
}

const SUCCESS = 200
const TIME_OUT = 502
const LONGEST_MESSAGE = 10_000

function itemOf(
  { tenantId, id, token }: CalledBackAttempt,
  code: number,
  message: string | null,
  resultBytes: number,
): ReportItem {
  const name = { tenant: tenantId, instance: id, token }
  if (code === SUCCESS) {
    const output = fitting(outputOf(message), message ?? '', resultBytes)
    return { kind: 'SUCCESS', ...name, ...(output === undefined ? {} : { output }) }
  }
  const said = message?.slice(0, LONGEST_MESSAGE) || 'The executor said that it failed, and not why.'
  return { kind: 'FAILURE', ...name, error: { code: `XXL_JOB_${code}`, message: said } }
}

/** What is too long to be kept is cut: there a message is a remark, and must not turn a success into a failure. */
function fitting(output: unknown, message: string, resultBytes: number): unknown {
  if (output === undefined || Buffer.byteLength(storableJson(output)) <= resultBytes) return output
  // In JSON a character may be as long as "\\u0000".
  return `${message.slice(0, Math.max(0, Math.floor(resultBytes / 6) - 10))}…`
}

async function timeOut(tx: Transaction, engine: Engine, attempts: readonly CalledBackAttempt[]): Promise<void> {
  const locked = await lockInstances(tx, attempts)
  const held = attempts.flatMap((attempt) => {
    const instance = locked.get(attempt.tenantId, attempt.id)
    const isHeld = instance?.state === 'RESERVED' || instance?.state === 'RUNNING'
    return isHeld && instance.token === attempt.token && instance.sessionId === attempt.sessionId ? [instance] : []
  })
  await completeInstances(
    tx,
    engine,
    held.map((instance) => ({ instance, end: { kind: 'OVERDUE' } })),
  )
  markXxlOver(
    tx,
    attempts.map(({ logId }) => logId),
  )
}
