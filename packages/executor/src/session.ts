import type { Control, Registered } from '@carillon/contract'
import { Attempts } from './attempts.ts'
import { BackOff, rest, type BackOffOptions } from './back-off.ts'
import type { Connection } from './connection.ts'
import type { Link } from './deliver.ts'
import type { ExecutorLog } from './executor-log.ts'
import { meaningOf } from './failed-call.ts'
import type { HandlerIndex } from './handler-index.ts'
import { LogShipper, type LogShipperOptions } from './log-shipper.ts'
import type { Places } from './places.ts'
import { Reporter, type ReporterOptions } from './reporter.ts'
import type { Counters } from './stats.ts'

export interface SessionDeps {
  readonly connection: Connection
  readonly handlers: HandlerIndex
  readonly places: Places
  readonly counters: Counters
  readonly backOff: BackOffOptions
  readonly reporter: ReporterOptions
  readonly shipper: LogShipperOptions
  readonly log: ExecutorLog
}

/**
 * One registration with the server and everything that stands under it. When the server ends it (its lease passed, or a newer registration
 * replaced it), all it holds is lost at once: the server has given it to others. Nothing of it is carried into the next session.
 */
export class Session {
  readonly id: number
  readonly attempts: Attempts
  readonly backOff: BackOffOptions
  readonly #registered: Registered
  readonly #connection: Connection
  readonly #over = new AbortController()
  readonly #caughtUp = new AbortController()
  #status: Control['status'] = 'ONLINE'

  constructor(registered: Registered, deps: SessionDeps) {
    const { limits } = registered
    this.id = registered.session
    this.backOff = deps.backOff
    this.#registered = registered
    this.#connection = deps.connection
    const { connection, log, handlers, places, counters } = deps
    const link: Link = { over: this.over, backOff: deps.backOff, ended: () => this.end() }
    const items = Math.max(3, Math.min(deps.reporter.items, limits.reportItems))
    const lines = Math.min(deps.shipper.lines, limits.logLines)
    const reporter = new Reporter(connection, this.id, link, { ...deps.reporter, items }, log)
    const shipper = new LogShipper(connection, this.id, link, { ...deps.shipper, lines, lineBytes: limits.logLineBytes }, log)
    this.attempts = new Attempts({ handlers, places, reporter, shipper, counters, resultBytes: limits.resultBytes })
  }

  /** Aborted when the session is over, for whatever reason. */
  get over(): AbortSignal {
    return this.#over.signal
  }

  /** Aborted when, leaving, it has heard everything that the server gave in answer to claims. */
  get caughtUp(): AbortSignal {
    return this.#caughtUp.signal
  }

  catchUp(): void {
    this.#caughtUp.abort()
  }

  get status(): Control['status'] {
    return this.#status
  }

  /** Follows what the server wants of it. */
  control(control: Control): void {
    this.#status = control.status
    this.attempts.stop(control.stop)
    this.attempts.lose(control.lost)
  }

  /** The server ended it, or it was left. What it still holds is lost. */
  end(): void {
    if (this.over.aborted) return
    this.#over.abort()
    this.attempts.loseAll()
  }

  /** Renews the lease until the session is over. */
  async beat(): Promise<void> {
    const backOff = new BackOff(this.backOff)
    let pause = this.#registered.heartbeatMs
    for (;;) {
      await rest(pause, this.over)
      if (this.over.aborted) return
      pause = await this.#beatOnce(backOff)
    }
  }

  /** Answers how long to rest. */
  async #beatOnce(backOff: BackOff): Promise<number> {
    const { heartbeatMs } = this.#registered
    try {
      const answer = await this.#connection.heartbeat({ session: this.id, running: this.attempts.holdings })
      backOff.reset()
      this.control(answer.control)
      // From the answer on: the server answers beats in groups, and a group that stays together wakes it once.
      return heartbeatMs
    } catch (error) {
      if (meaningOf(error) === 'SESSION_ENDED') this.end()
      return Math.min(heartbeatMs, backOff.next())
    }
  }
}
