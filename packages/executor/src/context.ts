import type { Assignment, LogLevel, LogSource } from '@carillon/contract'
import type { StopReason } from './stop-reason.ts'
import { InstanceStopped } from './stop-reason.ts'
import { logText } from './log-text.ts'

/** Writes a line of the instance's log. `extra` is kept as JSON behind the message; an Error is kept with its stack. */
export type LogWriter = (message: string, extra?: unknown) => void

export interface HandlerLog {
  readonly debug: LogWriter
  readonly info: LogWriter
  readonly warn: LogWriter
  readonly error: LogWriter
  /** Writes a line as it is, for bridges and captured output. */
  write(level: LogLevel, text: string, source?: LogSource): void
}

/** What a handler is given. Times are epoch milliseconds. */
export interface HandlerContext<P = unknown> {
  readonly tenant: number
  readonly run: number
  readonly instance: number
  /** The task's code. */
  readonly task: string
  /** The name under which the handler was called. */
  readonly handler: string
  readonly kind: string
  /** 1 for the first attempt. */
  readonly attempt: number
  /** The planned time of a scheduled run; null for a run that was triggered. */
  readonly fireAt: number | null
  /** When the time-out strikes; null without one. */
  readonly deadline: number | null
  /** The same for every attempt of this instance: hand it to whatever you call, so that a repeated attempt has no second effect. */
  readonly idempotencyKey: string
  /**
   * The fencing token of this attempt: it rises whenever the instance is given out. Hand it to systems that can refuse a stale writer (they
   * keep the highest token that they have seen for the instance and turn lower ones away), so that an attempt which was taken over writes nothing.
   */
  readonly token: number
  readonly params: P
  readonly settings: unknown
  readonly variables: Readonly<Record<string, string>>
  readonly shard: { readonly index: number; readonly total: number }
  readonly log: HandlerLog
  /** Aborted when the handler should stop; `signal.reason` is an {@link InstanceStopped} whose `code` tells why. */
  readonly signal: AbortSignal
  /** Shows how far it is: 0–100 and a message of at most 1,000 characters. Only the latest is sent. */
  readonly progress: (percent: number, message?: string) => void
}

/** Where what a handler says goes: to the server, or to the test kit. */
export interface HandlerOutlet {
  log(level: LogLevel, text: string, source: LogSource): void
  progress(percent: number, message: string | undefined): void
}

/** The context of one attempt. Its signal and log are made when first asked for: most handlers that end at once ask for neither. */
export class InstanceContext implements HandlerContext {
  readonly #assignment: Assignment
  readonly #outlet: HandlerOutlet
  readonly deadline: number | null
  #controller: AbortController | undefined
  #stopped: InstanceStopped | undefined
  #log: HandlerLog | undefined

  constructor(assignment: Assignment, outlet: HandlerOutlet, startedAt: number) {
    this.#assignment = assignment
    this.#outlet = outlet
    this.deadline = assignment.timeoutMs > 0 ? startedAt + assignment.timeoutMs : null
  }

  get tenant() {
    return this.#assignment.tenant
  }
  get run() {
    return this.#assignment.run
  }
  get instance() {
    return this.#assignment.instance
  }
  get task() {
    return this.#assignment.task
  }
  get handler() {
    return this.#assignment.handler
  }
  get kind() {
    return this.#assignment.kind
  }
  get attempt() {
    return this.#assignment.attempt
  }
  get fireAt() {
    return this.#assignment.fireAt
  }
  get idempotencyKey() {
    return this.#assignment.idempotencyKey
  }
  get token() {
    return this.#assignment.token
  }
  get params() {
    return this.#assignment.params
  }
  get settings() {
    return this.#assignment.settings
  }
  get variables() {
    return this.#assignment.variables
  }
  get shard() {
    return this.#assignment.shard
  }

  get log(): HandlerLog {
    this.#log ??= handlerLog(this.#outlet)
    return this.#log
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#stopped !== undefined) this.#controller.abort(this.#stopped)
    }
    return this.#controller.signal
  }

  /** A getter, so that a handler may take it out of the context: `run({ progress })`. */
  get progress() {
    const outlet = this.#outlet
    return (percent: number, message?: string) => {
      const whole = Number.isFinite(percent) ? Math.round(percent) : 0
      outlet.progress(Math.min(100, Math.max(0, whole)), message?.slice(0, 1000))
    }
  }

  /** Why the handler was asked to stop; the first reason stays. */
  get stopped(): InstanceStopped | undefined {
    return this.#stopped
  }

  stop(reason: StopReason): void {
    if (this.#stopped !== undefined) return
    this.#stopped = new InstanceStopped(reason)
    this.#controller?.abort(this.#stopped)
  }
}

function handlerLog(outlet: HandlerOutlet): HandlerLog {
  const writer =
    (level: LogLevel): LogWriter =>
    (message, extra) =>
      outlet.log(level, logText(message, extra), 'handler')
  return {
    debug: writer('DEBUG'),
    info: writer('INFO'),
    warn: writer('WARN'),
    error: writer('ERROR'),
    write: (level, text, source = 'handler') => outlet.log(level, text, source),
  }
}
