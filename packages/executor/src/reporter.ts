import type { Holding, ReportAnswer, ReportItem } from '@carillon/contract'
import type { Connection } from './connection.ts'
import { deliver, type Link } from './deliver.ts'
import { messageOf } from './failed-call.ts'
import { HoldBack } from './hold-back.ts'
import type { ExecutorLog } from './executor-log.ts'
import type { Outcome } from './outcome.ts'
import { Pump } from './pump.ts'

export type ReportStatus = ReportAnswer['items'][number]['status']
type EndItem = Extract<ReportItem, { kind: 'SUCCESS' | 'FAILURE' | 'RELEASE' | 'DETACHED' }>

export interface ReporterOptions {
  /** STARTED waits this long and is dropped when the end comes first. */
  readonly startedMs: number
  /** PROGRESS waits this long; only the latest of an instance is sent. */
  readonly progressMs: number
  /** Most items of a request. */
  readonly items: number
  /** About the size of a request; an item that is larger travels alone. */
  readonly bytes: number
}

export const REPORTER: ReporterOptions = { startedMs: 25, progressMs: 250, items: 1000, bytes: 1_000_000 }

/** What is still to be reported of one attempt. Written by the reporter only. */
export interface Reports {
  readonly holding: Holding
  started: boolean
  progress: { readonly percent: number; readonly message: string | undefined } | null
  end: EndItem | null
  /** Roughly what `end` weighs. */
  bytes: number
  /** It stands in the queue of the next request. */
  queued: boolean
  rejected: boolean
  settled: (status: ReportStatus | 'GIVEN_UP') => void
}

export function noReports(holding: Holding): Reports {
  return {
    holding,
    started: false,
    progress: null,
    end: null,
    bytes: 0,
    queued: false,
    rejected: false,
    settled: () => {},
  }
}

interface Sending {
  readonly reports: Reports
  readonly item: ReportItem
}

/**
 * Tells the server what became of attempts. At most one request is under way, so what is said of an instance arrives in the order in which
 * it happened. The end of an attempt is repeated until the server has answered it, and never left unsaid: one that the server cannot take
 * is replaced by a failure that says so.
 */
export class Reporter {
  readonly #connection: Connection
  readonly #session: number
  readonly #link: Link
  readonly #options: ReporterOptions
  readonly #log: ExecutorLog
  readonly #pump = new Pump(() => this.#flush())
  readonly #lazy: { readonly started: HoldBack<Reports>; readonly progress: HoldBack<Reports> }
  #queue: Reports[] = []

  constructor(connection: Connection, session: number, link: Link, options: ReporterOptions, log: ExecutorLog) {
    this.#connection = connection
    this.#session = session
    this.#link = link
    this.#options = options
    this.#log = log
    const enqueue = (all: readonly Reports[]) => all.forEach((reports) => this.#enqueue(reports))
    this.#lazy = { started: new HoldBack(options.startedMs, enqueue), progress: new HoldBack(options.progressMs, enqueue) }
    link.over.addEventListener('abort', () => this.#clear())
  }

  started(reports: Reports): void {
    reports.started = true
    this.#lazy.started.put(reports)
  }

  progress(reports: Reports, percent: number, message: string | undefined): void {
    if (reports.end !== null) return
    const waiting = reports.progress !== null
    reports.progress = { percent, message }
    if (!waiting) this.#lazy.progress.put(reports)
  }

  ended(reports: Reports, outcome: Outcome, durationMs: number): void {
    const { holding } = reports
    if (outcome.kind === 'SUCCESS') {
      const { output, bytes = 0 } = outcome
      this.#end(reports, { kind: 'SUCCESS', ...holding, ...(output !== undefined && { output }), durationMs }, bytes)
    } else if (outcome.kind === 'DETACHED') {
      this.#end(reports, { kind: 'DETACHED', ...holding }, 0)
    } else {
      const { kind, error, retriable } = outcome
      const bytes = 3 * (error.message.length + (error.stack?.length ?? 0))
      this.#end(reports, { kind, ...holding, error, ...(retriable !== undefined && { retriable }), durationMs }, bytes)
    }
  }

  released(reports: Reports): void {
    this.#end(reports, { kind: 'RELEASE', ...reports.holding }, 0)
  }

  #end(reports: Reports, item: EndItem, bytes: number): void {
    reports.end = item
    reports.bytes = bytes
    this.#enqueue(reports)
  }

  #enqueue(reports: Reports): void {
    if (reports.queued || !hasNews(reports) || this.#link.over.aborted) return
    reports.queued = true
    this.#queue.push(reports)
    this.#pump.wake()
  }

  async #flush(): Promise<void> {
    const batch = this.#take()
    if (batch.length === 0) return
    await deliver(
      batch,
      {
        send: async (sending) => {
          const items = sending.map(({ item }) => item)
          return (await this.#connection.report({ session: this.#session, items })).items
        },
        answered: ({ reports, item }, { status, detail }) => this.#answered(reports, item, status, detail),
        refused: ({ reports, item }, error) => this.#refused(reports, item, messageOf(error)),
      },
      this.#link,
    )
    if (this.#queue.length > 0) this.#pump.wake()
  }

  #take(): Sending[] {
    const batch: Sending[] = []
    let bytes = 0
    let taken = 0
    for (const reports of this.#queue) {
      // One instance may need three items.
      if (batch.length > 0 && (batch.length + 3 > this.#options.items || bytes + reports.bytes > this.#options.bytes)) break
      for (const item of takeItems(reports)) batch.push({ reports, item })
      bytes += reports.bytes
      taken += 1
    }
    this.#queue.splice(0, taken)
    return batch
  }

  #answered(reports: Reports, item: ReportItem, status: ReportStatus, detail: string | undefined): void {
    if (status === 'INVALID') this.#refused(reports, item, detail ?? 'no reason given')
    else if (isEnd(item)) reports.settled(status)
  }

  #refused(reports: Reports, item: ReportItem, why: string): void {
    this.#log.warn(`The server refused ${item.kind} of instance ${item.instance}: ${why}`)
    if (!isEnd(item)) return
    if (reports.rejected) return reports.settled('GIVEN_UP')
    reports.rejected = true
    const error = {
      code: 'RESULT_REJECTED',
      message: `The server refused the ${item.kind} report of this attempt: ${why}`.slice(0, 2000),
    }
    this.#end(reports, { kind: 'FAILURE', ...reports.holding, error, retriable: false }, 0)
  }

  #clear(): void {
    this.#queue = []
    this.#lazy.started.clear()
    this.#lazy.progress.clear()
  }
}

function hasNews(reports: Reports): boolean {
  return reports.started || reports.progress !== null || reports.end !== null
}

function isEnd(item: ReportItem): item is EndItem {
  return item.kind !== 'STARTED' && item.kind !== 'PROGRESS'
}

/** What is to be said of an attempt now, in its order. The start goes without saying where the end is known, unless progress lies between. */
function takeItems(reports: Reports): ReportItem[] {
  const { holding, started, progress, end } = reports
  const items: ReportItem[] = []
  if (started && (end === null || progress !== null)) items.push({ kind: 'STARTED', ...holding })
  if (progress !== null) {
    const { percent, message } = progress
    items.push({ kind: 'PROGRESS', ...holding, percent, ...(message !== undefined && { message }) })
  }
  if (end !== null) items.push(end)
  reports.started = false
  reports.progress = null
  reports.end = null
  reports.queued = false
  return items
}
