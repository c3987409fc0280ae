import type { LogLevel, LogLine, LogSource, LogsAnswer } from '@carillon/contract'
import { AttemptLog, sizeOf } from './attempt-log.ts'
import { rest } from './back-off.ts'
import type { Connection } from './connection.ts'
import { deliver, type Delivery, type Link } from './deliver.ts'
import type { ExecutorLog } from './executor-log.ts'
import { messageOf } from './failed-call.ts'
import { HoldBack } from './hold-back.ts'
import { Pump } from './pump.ts'

export interface LogShipperOptions {
  /** Lines wait this long for company, unless their attempt has ended. */
  readonly gatherMs: number
  /** The end of an attempt waits at most this long for its lines to be acknowledged. */
  readonly flushMs: number
  /** Memory for lines of one attempt, and of all, that are not yet acknowledged. */
  readonly attemptBytes: number
  readonly totalBytes: number
  /** A line is cut to so many bytes. */
  readonly lineBytes: number
  /** Most lines of a request, and about its size. */
  readonly lines: number
  readonly bytes: number
}

export const LOG_SHIPPER: LogShipperOptions = {
  gatherMs: 100,
  flushMs: 5000,
  attemptBytes: 4_000_000,
  totalBytes: 64_000_000,
  lineBytes: 16_384,
  lines: 5000,
  bytes: 1_000_000,
}

interface Sending {
  readonly log: AttemptLog
  readonly lines: readonly LogLine[]
}

/**
 * Ships log lines: numbered, in batches, one request at a time, sent again until acknowledged. It never blocks a handler and its memory is
 * bounded: beyond the bound DEBUG lines go first, then new lines, and a mark says how many.
 */
export class LogShipper {
  readonly #connection: Connection
  readonly #session: number
  readonly #link: Link
  readonly #options: LogShipperOptions
  readonly #log: ExecutorLog
  readonly #pump = new Pump(() => this.#flush())
  readonly #gather: HoldBack<AttemptLog>
  readonly #waits: HoldBack<AttemptLog>
  /** Logs with something to send, the longest unserved first. */
  readonly #dirty = new Set<AttemptLog>()
  readonly #delivery: Delivery<Sending, LogsAnswer['items'][number]> = {
    send: async (sending) => {
      const items = sending.map(({ log, lines }) => ({ ...log.holding, lines: [...lines] }))
      return (await this.#connection.logs({ session: this.#session, items })).items
    },
    answered: ({ log }, answer) => this.#answered(log, answer),
    refused: (sending, error) => this.#refused(sending, messageOf(error)),
  }
  #bytes = 0
  /** Over the bound of all: DEBUG is not taken until half of it is free again. */
  #crowded = false
  #progressed = true

  constructor(connection: Connection, session: number, link: Link, options: LogShipperOptions, log: ExecutorLog) {
    this.#connection = connection
    this.#session = session
    this.#link = link
    this.#options = options
    this.#log = log
    this.#gather = new HoldBack(options.gatherMs, () => this.#pump.wake())
    this.#waits = new HoldBack(options.flushMs, (logs) => logs.forEach((one) => one.settle()))
    link.over.addEventListener('abort', () => this.#clear())
  }

  write(log: AttemptLog, level: LogLevel, text: string, source: LogSource): void {
    if (log.closed || this.#link.over.aborted) return
    if (!this.#dirty.has(log)) {
      this.#dirty.add(log)
      this.#gather.put(log)
    }
    const line = { at: Date.now(), level, source, text: cut(text, this.#options.lineBytes) }
    if (!this.#fits(log, level, sizeOf(line))) return log.drop()
    log.add(line)
    this.#bytes += sizeOf(line)
  }

  /** Calls `then` when every line of the attempt is acknowledged, or the wait for it is over. Nothing is written to the log afterwards. */
  whenFlushed(log: AttemptLog, then: () => void): void {
    if (log.empty || this.#link.over.aborted) return then()
    log.drained = then
    this.#waits.put(log)
    this.#pump.wake()
  }

  #fits(log: AttemptLog, level: LogLevel, size: number): boolean {
    const { attemptBytes, totalBytes } = this.#options
    if (this.#crowded && this.#bytes < totalBytes / 2) this.#crowded = false
    if (this.#crowded && level === 'DEBUG') return false
    if (log.bytes + size > attemptBytes) {
      if (level === 'DEBUG') return false
      this.#bytes -= log.dropDebug()
    }
    if (this.#bytes + size > totalBytes && !this.#crowded) {
      this.#crowded = true
      for (const one of this.#dirty) this.#bytes -= one.dropDebug()
    }
    return log.bytes + size <= attemptBytes && this.#bytes + size <= totalBytes
  }

  async #flush(): Promise<void> {
    const batch = this.#take()
    if (batch.length === 0) return
    this.#progressed = false
    await deliver(batch, this.#delivery, this.#link)
    if (this.#dirty.size === 0) return
    // A server that acknowledges nothing is asked again, but not at full speed.
    if (!this.#progressed) await rest(this.#link.backOff.firstMs, this.#link.over)
    this.#pump.wake()
  }

  #take(): Sending[] {
    const batch: Sending[] = []
    let lines = 0
    let bytes = 0
    for (const log of [...this.#dirty].slice(0, 1000)) {
      if (lines >= this.#options.lines || bytes >= this.#options.bytes) break
      this.#dirty.delete(log)
      const taken = log.take(this.#options.lines - lines, this.#options.bytes - bytes)
      if (taken.length === 0) continue
      batch.push({ log, lines: taken })
      lines += taken.length
      bytes += taken.reduce((sum, line) => sum + sizeOf(line), 0)
    }
    return batch
  }

  #answered(log: AttemptLog, { status, ackSeq, cut: full }: LogsAnswer['items'][number]): void {
    const freed = status === 'STALE' || full ? log.close() : log.acknowledge(ackSeq)
    this.#progressed ||= freed > 0
    this.#bytes -= freed
    this.#next(log)
  }

  /** The lines of one attempt are halved as batches are, until the line stands alone that is refused: a note takes its place. */
  async #refused({ log, lines }: Sending, why: string): Promise<void> {
    const middle = lines.length >> 1
    if (middle > 0) {
      await deliver([{ log, lines: lines.slice(0, middle) }], this.#delivery, this.#link)
      return deliver([{ log, lines: lines.slice(middle) }], this.#delivery, this.#link)
    }
    const [line] = lines
    this.#log.warn(`The server refused a log line of instance ${log.holding.instance}: ${why}`)
    const freed =
      line === undefined || line.source === 'system'
        ? log.close()
        : log.replace(line.seq, `… 1 line refused by the server: ${why.slice(0, 500)}`)
    this.#bytes -= freed
    this.#progressed = true
    this.#next(log)
  }

  #next(log: AttemptLog): void {
    if (log.empty) log.settle()
    else this.#dirty.add(log)
  }

  #clear(): void {
    this.#gather.clear()
    this.#waits.clear()
    this.#dirty.clear()
  }
}

const CUT = ' … (cut)'

/** Cuts to whole characters; measuring the bytes is left out where they cannot be too many. */
function cut(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text
  const bytes = Buffer.from(text)
  let end = maxBytes - Buffer.byteLength(CUT)
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return bytes.subarray(0, end).toString() + CUT
}
