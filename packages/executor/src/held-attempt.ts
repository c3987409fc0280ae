import type { Assignment, Holding, LogLevel, LogSource } from '@carillon/contract'
import { AttemptLog } from './attempt-log.ts'
import { InstanceContext, type HandlerOutlet } from './context.ts'
import type { LogShipper } from './log-shipper.ts'
import type { Outcome } from './outcome.ts'
import { createRedactor, type Redactor } from './redactor.ts'
import { noReports, type Reporter, type Reports } from './reporter.ts'
import type { StopReason } from './stop-reason.ts'

/** WAITING: accepted, not started. RUNNING: its handler runs. ENDED: its result is on its way. GONE: nothing it says counts any more. */
type Phase = 'WAITING' | 'RUNNING' | 'ENDED' | 'GONE'

export const keyOf = (holding: { readonly instance: number; readonly token: number }): string =>
  `${holding.instance}:${holding.token}`

/** One attempt that this executor holds, from its assignment until the server has answered its end. */
export class HeldAttempt implements HandlerOutlet {
  readonly assignment: Assignment
  readonly holding: Holding
  readonly key: string
  readonly reports: Reports
  readonly lines: AttemptLog
  readonly #reporter: Reporter
  readonly #shipper: LogShipper
  readonly #redactor: Redactor | null
  phase: Phase = 'WAITING'
  startedAt = 0
  timer: NodeJS.Timeout | undefined
  #context: InstanceContext | undefined
  #stop: StopReason | undefined

  constructor(assignment: Assignment, reporter: Reporter, shipper: LogShipper) {
    const { tenant, instance, token } = assignment
    this.assignment = assignment
    this.holding = { tenant, instance, token }
    this.key = keyOf(assignment)
    this.reports = noReports(this.holding)
    this.lines = new AttemptLog(this.holding)
    this.#reporter = reporter
    this.#shipper = shipper
    this.#redactor = createRedactor(assignment.secrets)
  }

  /** Why it was asked to stop, if it was. */
  get stopReason(): StopReason | undefined {
    return this.#stop
  }

  begin(now: number): InstanceContext {
    this.phase = 'RUNNING'
    this.startedAt = now
    this.#context = new InstanceContext(this.assignment, this, now)
    return this.#context
  }

  stop(reason: StopReason): void {
    if (this.phase === 'ENDED' || this.phase === 'GONE') return
    this.#stop ??= reason
    this.#context?.stop(reason)
  }

  log(level: LogLevel, text: string, source: LogSource): void {
    if (this.phase === 'RUNNING') this.#shipper.write(this.lines, level, this.#redactor?.text(text) ?? text, source)
  }

  progress(percent: number, message: string | undefined): void {
    if (this.phase !== 'RUNNING') return
    const masked = message === undefined ? undefined : (this.#redactor?.text(message) ?? message)
    this.#reporter.progress(this.reports, percent, masked)
  }

  /** What it is reported with: its secrets taken out. */
  redacted(outcome: Outcome): Outcome {
    return this.#redactor?.outcome(outcome) ?? outcome
  }
}
