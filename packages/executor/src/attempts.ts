import type { Assignment, Control, Holding } from '@carillon/contract'
import type { HandlerIndex } from './handler-index.ts'
import { HeldAttempt, keyOf } from './held-attempt.ts'
import type { LogShipper } from './log-shipper.ts'
import { failure, type Outcome } from './outcome.ts'
import type { Places } from './places.ts'
import type { Reporter } from './reporter.ts'
import { runInstance, unknownHandler } from './run-instance.ts'
import type { Counters } from './stats.ts'
import type { StopReason } from './stop-reason.ts'

/** Handlers are started for so long before the event loop may turn, so that heartbeats and answers are not held up by a large batch. */
const START_SLICE_MS = 10
/** A timer cannot wait longer; a time-out beyond it (24 days) is the server's alone. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export interface AttemptsDeps {
  readonly handlers: HandlerIndex
  readonly places: Places
  readonly reporter: Reporter
  readonly shipper: LogShipper
  readonly counters: Counters
  readonly resultBytes: number
}

/** The attempts that a session holds: accepted, running, or ended and not yet known to the server. */
export class Attempts {
  readonly #deps: AttemptsDeps
  readonly #held = new Map<string, HeldAttempt>()
  readonly #ended = new RecentKeys()
  #waiting: HeldAttempt[] = []
  #starting = false
  #emptied: (() => void)[] = []

  constructor(deps: AttemptsDeps) {
    this.#deps = deps
  }

  get size(): number {
    return this.#held.size
  }

  /** Everything it holds, for the heartbeat: the server takes back what an executor no longer names. */
  get holdings(): Holding[] {
    return [...this.#held.values()].map(({ holding }) => holding)
  }

  /** Takes an assignment, once: one that is brought again is known by its token. While the executor leaves it is handed back. */
  accept(assignments: readonly Assignment[]): void {
    const { places, reporter, shipper, counters } = this.#deps
    for (const assignment of assignments) {
      if (this.knows(assignment)) continue
      const attempt = new HeldAttempt(assignment, reporter, shipper)
      this.#held.set(attempt.key, attempt)
      counters.accepted += 1
      places.take()
      if (places.open) this.#waiting.push(attempt)
      else this.#release(attempt)
    }
    if (this.#starting || this.#waiting.length === 0) return
    // After this turn, so that what brought the assignments is answered first.
    this.#starting = true
    setImmediate(this.#startWaiting)
  }

  knows(holding: Holding): boolean {
    const key = keyOf(holding)
    return this.#held.has(key) || this.#ended.has(key)
  }

  stop(stops: Control['stop']): void {
    for (const { reason, ...holding } of stops) this.#held.get(keyOf(holding))?.stop(reason)
  }

  stopAll(reason: StopReason): void {
    for (const attempt of this.#held.values()) attempt.stop(reason)
  }

  /** These are no longer ours: their handlers are told, and what they will say is kept back. */
  lose(holdings: readonly Holding[]): void {
    for (const holding of holdings) {
      const attempt = this.#held.get(keyOf(holding))
      if (attempt !== undefined) this.#lose(attempt)
    }
  }

  loseAll(): void {
    for (const attempt of this.#held.values()) this.#lose(attempt)
  }

  /** Hands back what has not started. */
  releaseWaiting(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const attempt of waiting) if (attempt.phase === 'WAITING') this.#release(attempt)
  }

  /** Resolves when it holds nothing: every handler has ended and every end is answered. */
  whenEmpty(): Promise<void> {
    if (this.#held.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#emptied.push(resolve))
  }

  readonly #startWaiting = (): void => {
    const until = performance.now() + START_SLICE_MS
    let next = 0
    while (next < this.#waiting.length && performance.now() < until) {
      const attempt = this.#waiting[next++] as HeldAttempt
      if (attempt.phase === 'WAITING') void this.#run(attempt)
    }
    this.#waiting.splice(0, next)
    this.#starting = this.#waiting.length > 0
    if (this.#starting) setImmediate(this.#startWaiting)
  }

  async #run(attempt: HeldAttempt): Promise<void> {
    const { handlers, reporter, resultBytes } = this.#deps
    const { assignment, stopReason } = attempt
    if (stopReason !== undefined) return this.#end(attempt, failure(stopReason, 'Stopped before it started'))
    const handler = handlers.find(assignment.handler)
    if (handler === undefined) return this.#end(attempt, unknownHandler(assignment.handler, handlers.names))

    const context = attempt.begin(Date.now())
    reporter.started(attempt.reports)
    if (assignment.timeoutMs > 0 && assignment.timeoutMs <= LONGEST_TIMER_MS) {
      attempt.timer = setTimeout(() => attempt.stop('TIMEOUT'), assignment.timeoutMs)
    }
    this.#end(attempt, attempt.redacted(await runInstance(handler, context, resultBytes)))
  }

  #end(attempt: HeldAttempt, outcome: Outcome): void {
    const { places, reporter, shipper, counters } = this.#deps
    clearTimeout(attempt.timer)
    places.leave()
    if (attempt.phase === 'GONE') return places.reported()
    const durationMs = attempt.startedAt === 0 ? 0 : Math.max(0, Date.now() - attempt.startedAt)
    attempt.phase = 'ENDED'
    counters[COUNTED_AS[outcome.kind]] += 1
    attempt.reports.settled = () => this.#forget(attempt)
    // What it logged is stored before the attempt ends: afterwards its token may no longer be good for it.
    shipper.whenFlushed(attempt.lines, () => {
      if (attempt.phase === 'ENDED') reporter.ended(attempt.reports, outcome, durationMs)
    })
  }

  #release(attempt: HeldAttempt): void {
    const { places, reporter, counters } = this.#deps
    attempt.phase = 'ENDED'
    places.leave()
    counters.released += 1
    attempt.reports.settled = () => this.#forget(attempt)
    reporter.released(attempt.reports)
  }

  #lose(attempt: HeldAttempt): void {
    const { places, counters } = this.#deps
    const { phase } = attempt
    attempt.stop('LOST')
    attempt.phase = 'GONE'
    counters.lost += 1
    if (phase === 'WAITING') places.leave()
    if (phase !== 'RUNNING') places.reported()
    this.#remove(attempt)
  }

  #forget(attempt: HeldAttempt): void {
    if (attempt.phase !== 'ENDED') return
    attempt.phase = 'GONE'
    this.#deps.places.reported()
    this.#remove(attempt)
  }

  #remove(attempt: HeldAttempt): void {
    this.#held.delete(attempt.key)
    this.#ended.add(attempt.key)
    if (this.#held.size > 0) return
    for (const resolve of this.#emptied.splice(0)) resolve()
  }
}

const COUNTED_AS = { SUCCESS: 'succeeded', FAILURE: 'failed', DETACHED: 'detached' } as const

const REMEMBERED = 20_000

/** The attempts that ended last, so that an assignment that is brought late and twice does not run twice. Two sets, the older dropped when the newer is full. */
class RecentKeys {
  #older = new Set<string>()
  #newer = new Set<string>()

  has(key: string): boolean {
    return this.#newer.has(key) || this.#older.has(key)
  }

  add(key: string): void {
    this.#newer.add(key)
    if (this.#newer.size < REMEMBERED) return
    this.#older = this.#newer
    this.#newer = new Set()
  }
}
