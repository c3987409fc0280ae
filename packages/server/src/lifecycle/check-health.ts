import { judgeHealth } from '@carillon/core'
import { createCoalescer } from '../runtime/coalescer.ts'
import { dispatchTopic, sessionTopic } from '../runtime/wake-hub.ts'
import { recordChecks, takeDueChecks, type CheckResult, type DueCheck } from '../storage/executor-check.ts'
import type { Engine } from './engine.ts'

/** Asks an executor how it is. What went wrong there is the reason; it throws where that says nothing of the executor. */
export type Probe = (url: string, signal: AbortSignal, executor: DueCheck) => Promise<ProbeResult>
export type ProbeResult = { readonly ok: true } | { readonly ok: false; readonly reason: string }

export interface HealthSettings {
  readonly everyMs: number
  readonly timeoutMs: number
  /** Checks that this node has under way at once. */
  readonly atOnce: number
}

export const DEFAULT_HEALTH_SETTINGS: HealthSettings = { everyMs: 30_000, timeoutMs: 10_000, atOnce: 256 }

export interface HealthChecks {
  /** Begins what is due and has a place, without waiting for any of it. Answers how long to rest. */
  step(restMs: number): Promise<number>
  /** Resolves when nothing is under way: for tests. */
  settled(): Promise<void>
  /** Breaks off what is under way; it counts as nothing. */
  stop(): Promise<void>
}

/** Time for a result to be written, after the longest check. */
const WRITING_MS = 5_000
/** What this node itself found failing it leaves to others for so long, or for a sixth of the interval. */
const SECOND_OPINION_MS = 5_000
/** One that may be starting is checked again so soon. */
const HURRIED_MS = 1_000
/** From one failure of a healthy one to the next check, in intervals: the third is to be found within three, also where each takes its time. */
const DOUBTED = 0.8
const MOST_TAKEN = 64

/**
 * The health checks of a node: see `docs/decisions/0008`. A check holds its place until it is over; those that failed last time, and those of
 * one tenant, get half of the places.
 */
export function createHealthChecks(engine: Engine, nodeId: string, probe: Probe, settings: HealthSettings): HealthChecks {
  const underWay = new Map<DueCheck, Promise<void>>()
  const stopping = new AbortController()
  const half = Math.ceil(settings.atOnce / 2)
  const results = createCoalescer((batch: readonly Checked[]) => writeDown(engine, nodeId, batch), {
    mostItems: 500,
    lanes: 1,
  })

  const check = async (due: DueCheck) => {
    const began = performance.now()
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(settings.timeoutMs)])
    const answer = await probe(due.url, signal, due)
    if (stopping.signal.aborted) return
    const result = resultOf(due, answer, performance.now() - began, settings, engine.random())
    await results.add([{ due, result }])
  }
  const begin = (due: DueCheck) => {
    // Not written down, it comes due again.
    const failed = (error: unknown) => engine.report('health.notRecorded', { executor: due.executorId, error })
    underWay.set(
      due,
      check(due)
        .catch(failed)
        .finally(() => underWay.delete(due)),
    )
  }

  return {
    async step(restMs) {
      const most = Math.min(settings.atOnce - underWay.size, MOST_TAKEN)
      if (most <= 0) return restMs
      const { due, found } = await engine.db.engine((tx) =>
        takeDueChecks(tx, {
          ...{ nodeId, most, holdMs: settings.timeoutMs + WRITING_MS },
          passedOver: tenantsWith(half, underWay.keys()),
          suspects: countSuspects(underWay.keys()) < half,
        }),
      )
      due.forEach(begin)
      return found === most ? 0 : restMs
    },
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay.values())
    },
    async stop() {
      stopping.abort()
      await Promise.all(underWay.values())
    },
  }
}

function tenantsWith(many: number, underWay: Iterable<DueCheck>): number[] {
  const counts = new Map<number, number>()
  for (const { tenantId } of underWay) counts.set(tenantId, (counts.get(tenantId) ?? 0) + 1)
  return [...counts].flatMap(([tenantId, count]) => (count >= many ? [tenantId] : []))
}

function countSuspects(underWay: Iterable<DueCheck>): number {
  let count = 0
  for (const { failures } of underWay) if (failures > 0) count++
  return count
}

interface Checked {
  readonly due: DueCheck
  readonly result: CheckResult
}

function resultOf(due: DueCheck, answer: ProbeResult, tookMs: number, settings: HealthSettings, spread: number): CheckResult {
  const { tenantId, executorId, seq } = due
  const { health, failures, successes, isHurried } = judgeHealth(due, answer.ok)
  const everyMs = due.everyMs ?? settings.everyMs
  const isDoubted = !answer.ok && health === 'HEALTHY'
  const doubtMs = Math.max(everyMs * (DOUBTED - spread / 10) - tookMs, HURRIED_MS)
  const calmMs = isDoubted ? Math.min(doubtMs, everyMs) : everyMs * (1 - spread / 10)
  const nextMs = isHurried ? Math.min(HURRIED_MS * 2 ** failures, everyMs) : calmMs
  return {
    ...{ tenantId, executorId, seq, ok: answer.ok, health, failures, successes, nextMs },
    tookMs: Math.round(tookMs),
    detail: answer.ok ? null : answer.reason,
    othersMs: answer.ok ? nextMs : nextMs - Math.min(SECOND_OPINION_MS, nextMs / 6),
    leaseMs: due.byHand ? 3 * (everyMs + settings.timeoutMs) : null,
  }
}

async function writeDown(engine: Engine, nodeId: string, batch: readonly Checked[]): Promise<void[]> {
  await engine.db.engine(async (tx) => {
    const results = batch.map(({ result }) => result)
    const counted = new Set(await recordChecks(tx, nodeId, results))
    const lifted = batch.filter(({ due, result }) => counted.has(result) && isLifted(due, result))
    tx.afterCommit(() => lifted.forEach(({ due }) => engine.hub.wake(wakerOf(due))))
  })
  return batch.map(() => undefined)
}

/** It gets work from now on, which may be waiting for it. */
function isLifted(due: DueCheck, { ok, health }: CheckResult): boolean {
  return (health === 'HEALTHY' && due.health !== 'HEALTHY') || (ok && due.byHand && due.sessionId === null)
}

const wakerOf = ({ mode, sessionId }: DueCheck) =>
  mode === 'PULL' && sessionId !== null ? sessionTopic(sessionId) : dispatchTopic
